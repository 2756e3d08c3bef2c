import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../../src/core/address.ts';
import { FirstSyns } from '../../../../src/correlation/dns-tcp/first-syns.ts';

const SERVER: Address = parseAddress('198.51.100.1')!;
const OTHER: Address = parseAddress('198.51.100.2')!;

describe('FirstSyns', () => {
  it('leaves an answer after a SYN to the SYNs after it', () => {
    const syns = new FirstSyns(1000, 10);
    syns.answer([SERVER], 100);
    syns.answer([SERVER, OTHER], 500);
    expect(syns.syn(SERVER, 400)).toBe(300);
    expect(syns.syn(SERVER, 450)).toBeUndefined();
    expect(syns.syn(OTHER, 600)).toBe(100);
    expect(syns.syn(SERVER, 700)).toBeUndefined();
  });

  it('takes no longer the more answers one address has', () => {
    const most = 100_000;
    const syns = new FirstSyns(1000, most);
    for (let count = 0; count < most; count++) syns.answer([SERVER], count < most / 2 ? 100 : 900);
    const startedMs = performance.now();
    expect(syns.syn(SERVER, 500)).toBe(400);
    for (let count = 0; count < 30_000; count++) expect(syns.syn(SERVER, 500)).toBeUndefined();
    // 1.5 thousand million steps, were all answers looked at each time.
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});
