import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { ROOT } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { addressOf, type LessonFields, lessonAt, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ADDRESS = addressOf('203.0.113.53');
const FLOOR_SECONDS = 60;
const CAP_SECONDS = 7 * 86_400;

function setUp(size = 1000) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, { ttlFloorSeconds: FLOOR_SECONDS, ttlCapSeconds: CAP_SECONDS, size });
  const told: string[] = [];
  history.subscribe({
    learned: (address) => told.push(`learned ${formatAddress(address)}`),
    expired: (address) => told.push(`expired ${formatAddress(address)}`),
  });
  const learn = (fields: LessonFields = {}) => history.learn(lessonAt(clock.nowMs(), fields));
  const leftSeconds = () => ((history.lookup(ADDRESS)?.expiresAtMs ?? Number.NaN) - clock.nowMs()) / 1000;
  return { clock, history, told, learn, leftSeconds };
}

describe('NsHistory: expiry', () => {
  it.each([
    ['the smaller of both TTLs: NS', 300, 3600, 300],
    ['the smaller of both TTLs: glue', 3600, 300, 300],
    ['floor', 10, 3600, FLOOR_SECONDS],
    ['TTL 0', 0, 0, FLOOR_SECONDS],
    ['cap', 30 * 86_400, 30 * 86_400, CAP_SECONDS],
    ['the largest TTL', 2 ** 31 - 1, 2 ** 31 - 1, CAP_SECONDS],
    ['top bit set', 2 ** 31, 2 ** 32 - 1, CAP_SECONDS],
    ['top bit set in one of them', 2 ** 31, 300, 300],
  ])('%s', (_case, nsTtlSeconds, glueTtlSeconds, expected) => {
    const { learn, leftSeconds } = setUp();
    learn({ nsTtlSeconds, glueTtlSeconds });
    expect(leftSeconds()).toBe(expected);
  });

  it('counts from when the response was seen, not from when it is taken in', () => {
    const { clock, history, leftSeconds } = setUp();
    const seenAtMs = clock.nowMs();
    clock.advance(5000);
    history.learn(lessonAt(seenAtMs, { nsTtlSeconds: 100 }));
    expect(leftSeconds()).toBe(95);
  });

  it('is the later of the old and the new', () => {
    const { clock, learn, leftSeconds } = setUp();
    learn({ nsTtlSeconds: 1000 });
    clock.advance(100_000);
    learn({ nsTtlSeconds: 100 });
    expect(leftSeconds()).toBe(900);
    learn({ nsTtlSeconds: 2000 });
    expect(leftSeconds()).toBe(2000);
  });

  it('is over in its millisecond, asked or swept', () => {
    const { clock, history, learn, told } = setUp();
    learn({ nsTtlSeconds: 100 });
    clock.advance(99_999);
    history.expire();
    expect(history.standing(ADDRESS)?.origin).toBe('learned');
    clock.advance(1);
    expect(history.standing(ADDRESS)).toBeUndefined();
    expect(history.lookup(ADDRESS)).toBeUndefined();
    expect(history.closestServedZone(ADDRESS, nameOf('example.org'))).toBeUndefined();
    history.expire();
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
    expect(history.size).toBe(0);
    expect(history.addressCount).toBe(0);
  });

  it('an address stands until the last of its triples ends', () => {
    const { clock, history, learn, told } = setUp();
    learn({ zone: 'example.org', nsTtlSeconds: 100 });
    learn({ zone: 'example.com', nsTtlSeconds: 200 });
    learn({ zone: 'example.net', nsTtlSeconds: 150 });
    expect(history.size).toBe(3);
    clock.advance(100_000);
    expect(history.lookup(ADDRESS)?.triples).toHaveLength(2);
    history.expire();
    expect(history.size).toBe(2);
    clock.advance(99_999);
    history.expire();
    expect(history.standing(ADDRESS)).toBeDefined();
    clock.advance(1);
    history.expire();
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
  });
});

describe('NsHistory: what it tells', () => {
  it('learned and expired once each, however often it is seen, and again in the next life', () => {
    const { clock, history, learn, told } = setUp();
    learn({ nsTtlSeconds: 100 });
    learn({ nsTtlSeconds: 200, trust: 'low' });
    learn({ zone: 'example.com', nsTtlSeconds: 100 });
    expect(told).toEqual(['learned 203.0.113.53']);
    clock.advance(200_000);
    history.expire();
    history.expire();
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
    learn({ nsTtlSeconds: 100 });
    expect(told.slice(2)).toEqual(['learned 203.0.113.53']);
  });

  it('an address learned anew between its end and the sweep is told as learned, and does not expire by its old time', () => {
    const { clock, history, learn, told } = setUp();
    learn({ nsTtlSeconds: 100 });
    clock.advance(100_500);
    learn({ nsTtlSeconds: 100 });
    history.expire();
    expect(told).toEqual(['learned 203.0.113.53', 'learned 203.0.113.53']);
    clock.advance(100_000);
    history.expire();
    expect(told.at(-1)).toBe('expired 203.0.113.53');
  });

  it('a lesson already over when it comes is told as nothing', () => {
    const { clock, history, told } = setUp();
    const seenAtMs = clock.nowMs();
    clock.advance(FLOOR_SECONDS * 1000 + 1);
    history.learn(lessonAt(seenAtMs, { nsTtlSeconds: 1 }));
    expect(history.standing(ADDRESS)).toBeUndefined();
    expect(told).toEqual([]);
    history.expire();
    expect(told).toEqual([]);
    expect(history.size).toBe(0);
  });
});

describe('NsHistory: triples', () => {
  it('never lowers trust, and raises it', () => {
    const { history, learn } = setUp();
    const trust = () => history.lookup(ADDRESS)?.triples[0]?.trust;
    learn({ trust: 'low' });
    expect(trust()).toBe('low');
    learn({ trust: 'high' });
    expect(trust()).toBe('high');
    learn({ trust: 'low' });
    expect(trust()).toBe('high');
  });

  it('keeps first and last sighting and the newest lesson', () => {
    const { clock, history, learn } = setUp();
    const firstMs = clock.nowMs();
    learn({ nsTtlSeconds: 1000 });
    clock.advance(10_000);
    learn({ nsTtlSeconds: 500 });
    const triple = history.lookup(ADDRESS)!.triples[0]!;
    expect(triple).toMatchObject({ firstSeenAtMs: firstMs, lastSeenAtMs: clock.nowMs(), origin: 'learned' });
    expect(triple.lesson?.nsTtlSeconds).toBe(500);
    expect(triple.expiresAtMs).toBe(firstMs + 1_000_000);
  });

  it('tells zone, name server and address apart, also where their letters run together', () => {
    const { history, learn } = setUp();
    learn({ zone: 'a.example', nameServer: 'b.example' });
    learn({ zone: 'a', nameServer: 'example.b.example' });
    learn({ zone: 'a.example', nameServer: 'b.example', address: '2001:db8::53' });
    expect(history.size).toBe(3);
    expect(history.addressCount).toBe(2);
  });

  it('is bounded: beyond its size nothing new is learned, what is held goes on', () => {
    const { clock, history, learn, told, leftSeconds } = setUp(2);
    learn({ nsTtlSeconds: 100 });
    expect(learn({ address: '203.0.113.54' })).toBe(true);
    expect(learn({ address: '203.0.113.55' })).toBe(false);
    expect(learn({ zone: 'example.com' })).toBe(false);
    expect(history.keep('seed', ROOT, nameOf('seed.invalid'), addressOf('203.0.113.56'))).toBe(false);
    expect(history.refused).toBe(3);
    expect(history.size).toBe(2);
    expect(told).toEqual(['learned 203.0.113.53', 'learned 203.0.113.54']);
    expect(learn({ nsTtlSeconds: 200 })).toBe(true);
    expect(leftSeconds()).toBe(200);
    clock.advance(200_000);
    history.expire();
    expect(learn({ address: '203.0.113.55' })).toBe(true);
  });
});

describe('NsHistory: what is kept for good', () => {
  it('never expires, is told once and holds although it is also learned', () => {
    const { clock, history, learn, told } = setUp();
    expect(history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), ADDRESS)).toBe(true);
    expect(history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), ADDRESS)).toBe(true);
    learn({ nsTtlSeconds: 100 });
    clock.advance(400 * 86_400_000);
    history.expire();
    expect(history.standing(ADDRESS)).toMatchObject({ origin: 'rootHints', expiresAtMs: Number.POSITIVE_INFINITY });
    expect(history.size).toBe(1);
    expect(told).toEqual(['learned 203.0.113.53']);
  });

  it('a learned sighting of the same triple gives it no end', () => {
    const { clock, history } = setUp();
    history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), ADDRESS);
    history.learn({ ...lessonAt(clock.nowMs()), zone: ROOT, nameServer: nameOf('a.root-servers.net') });
    expect(history.lookup(ADDRESS)?.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
    expect(history.size).toBe(1);
  });

  it('closestServedZone finds the longest zone at or above a name', () => {
    const { history, learn } = setUp();
    history.keep('rootHints', ROOT, nameOf('a.root-servers.net'), ADDRESS);
    learn({ zone: 'org' });
    learn({ zone: 'sub.example.org' });
    const closest = (name: string) => history.closestServedZone(ADDRESS, nameOf(name));
    expect(closest('www.example.org')).toBe(nameOf('org'));
    expect(closest('x.sub.example.org')).toBe(nameOf('sub.example.org'));
    expect(closest('sub.example.org')).toBe(nameOf('sub.example.org'));
    expect(closest('www.example.com')).toBe(ROOT);
    expect(closest('.')).toBe(ROOT);
    expect(history.closestServedZone(addressOf('203.0.113.99'), nameOf('org'))).toBeUndefined();
  });
});

describe('NsHistory as a whole', () => {
  it('knows an address exactly while one of its sightings lasts', () => {
    const step = fc.record({
      waitSeconds: fc.integer({ min: 0, max: 200 }),
      address: fc.constantFrom('203.0.113.53', '203.0.113.54', '2001:db8::53'),
      zone: fc.constantFrom('example.org', 'example.com'),
      nsTtlSeconds: fc.integer({ min: 0, max: 400 }),
      sweep: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, history, told } = setUp();
        const ends = new Map<string, number>();
        for (const { waitSeconds, sweep, ...fields } of steps) {
          clock.advance(waitSeconds * 1000);
          if (sweep) history.expire();
          history.learn(lessonAt(clock.nowMs(), fields));
          const endMs = clock.nowMs() + 1000 * Math.max(FLOOR_SECONDS, fields.nsTtlSeconds);
          ends.set(fields.address, Math.max(ends.get(fields.address) ?? 0, endMs));
          for (const [address, atMs] of ends) {
            const standing = history.standing(addressOf(address));
            expect(standing?.expiresAtMs).toBe(atMs > clock.nowMs() ? atMs : undefined);
          }
        }
        clock.advance(1_000_000);
        history.expire();
        expect(history.size).toBe(0);
        expect(history.addressCount).toBe(0);
        for (const address of ends.keys()) {
          const lives = told.filter((line) => line.endsWith(` ${address}`));
          expect(lives.at(-1)).toBe(`expired ${address}`);
        }
      }),
    );
  });
});
