import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { NamingAllowance } from '../../../src/traceback/naming-allowance.ts';
import { nameOf } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const NAME = nameOf('www.example.org');
const host = 7 as Address;
const span = (fromMs: number) => ({ fromMs, toMs: fromMs + 6000 });

function create() {
  const clock = new VirtualClock();
  const allowance = new NamingAllowance(clock);
  const near = (fromMs: number, name = NAME, peer = 'a.test') => [...allowance.namedNear(peer, name, span(fromMs))];
  allowance.note('a.test', NAME, span(0), [host]);
  return { clock, allowance, near };
}

describe('NamingAllowance', () => {
  it('knows who was named to a peer in windows less than an hour away', () => {
    const { near } = create();
    const far = HOUR_MS + 6000;
    expect([near(0), near(far - 1), near(1 - far)]).toEqual([[host], [host], [host]]);
    expect([near(far), near(-far)]).toEqual([[], []]);
    expect([near(0, nameOf('mail.example.org')), near(0, NAME, 'b.test')]).toEqual([[], []]);
  });

  it('remembers it for a day, and the newest 1,000 windows of a peer', () => {
    const { clock, allowance, near } = create();
    for (let number = 1; number <= 999; number++) allowance.note('a.test', NAME, span(number * 3 * HOUR_MS), [host]);
    allowance.note('a.test', NAME, span(-9 * HOUR_MS), []);
    expect(near(0)).toEqual([host]);
    allowance.note('b.test', NAME, span(0), [host]);
    allowance.note('a.test', NAME, span(-9 * HOUR_MS), [host]);
    expect([near(0), near(3 * HOUR_MS)]).toEqual([[], [host]]);
    clock.advance(24 * HOUR_MS);
    expect(near(3 * HOUR_MS)).toEqual([]);
  });
});
