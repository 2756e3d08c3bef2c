import { describe, expect, it } from 'vitest';
import { type QueryKind, QueryMix } from '../../../bench/support/query-mix.ts';
import { isIpv4 } from '../../../src/core/address.ts';
import { isAtOrBelow, parseName } from '../../../src/dns/name.ts';
import { addressOf } from '../../support/observations.ts';

const zone = parseName('zone.example')!;
const served = ['192.0.2.1', '2001:db8::1'].map((text) => ({ address: addressOf(text), zone }));
const mix = new QueryMix({ queries: 20_000, rules: 1000, allowed: 100, served });
const all = Array.from({ length: mix.size }, (_, index) => ({ kind: mix.kind(index), query: mix.take(index) }));
const of = (kind: QueryKind) => all.flatMap((one) => (one.kind === kind ? [one.query] : []));

describe('QueryMix', () => {
  it('has queries of each kind in their shares', () => {
    const share = (kind: QueryKind) => (of(kind).length / mix.size) * 100;
    expect(share('known')).toBeCloseTo(40, -1);
    expect(share('allowed')).toBeCloseTo(20, -1);
    expect(share('elsewhere')).toBeGreaterThan(1);
  });

  it('asks known servers for names in their zone, but for those elsewhere', () => {
    for (const { destination, message } of [...of('known'), ...of('served')]) {
      expect(served.map(({ address }) => address)).toContain(destination);
      expect(isAtOrBelow(message.name, zone)).toBe(true);
    }
    for (const { message } of of('elsewhere')) expect(isAtOrBelow(message.name, zone)).toBe(false);
  });

  it('asks each unknown server once, as many by IPv6', () => {
    const destinations = of('unknown').map(({ destination }) => destination);
    expect(new Set(destinations).size).toBe(destinations.length);
    expect(destinations.filter(isIpv4).length / destinations.length).toBeCloseTo(0.5, 1);
  });

  it('makes the same query again, of other objects', () => {
    expect(mix.take(5)).toEqual(mix.take(5));
    expect(mix.take(5)).not.toBe(mix.take(5));
  });
});
