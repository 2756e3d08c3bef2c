import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { historyRig } from '../../support/history-rig.ts';
import { learnAt } from '../../support/learning.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const ADDRESS = addressOf('203.0.113.53');
const FLOOR_SECONDS = 60;
const CAP_SECONDS = 7 * 86_400;
const HOUR_MS = 3_600_000;

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
    const { learn, leftSeconds } = historyRig();
    learn({ nsTtlSeconds, glueTtlSeconds });
    expect(leftSeconds()).toBe(expected);
  });

  it('counts from when the response was seen, not from when it is taken in, and never from later than now', () => {
    const { clock, history, leftSeconds } = historyRig();
    const seenAtMs = clock.nowMs();
    clock.advance(5000);
    learnAt(history, seenAtMs, { nsTtlSeconds: 100 });
    expect(leftSeconds()).toBe(95);
    learnAt(history, clock.nowMs() + HOUR_MS, { nsTtlSeconds: 100 });
    expect(leftSeconds()).toBe(100);
  });

  it('is the later of the old and the new', () => {
    const { clock, learn, leftSeconds } = historyRig();
    learn({ nsTtlSeconds: 1000 });
    clock.advance(100_000);
    learn({ nsTtlSeconds: 100 });
    expect(leftSeconds()).toBe(900);
    learn({ nsTtlSeconds: 2000 });
    expect(leftSeconds()).toBe(2000);
  });

  it('is over in its millisecond, asked or swept', () => {
    const { clock, history, learn, told } = historyRig();
    learn({ nsTtlSeconds: 100 });
    clock.advance(99_999);
    history.expire(100);
    expect(history.standing(ADDRESS)?.origin).toBe('learned');
    clock.advance(1);
    expect(history.standing(ADDRESS)).toBeUndefined();
    expect(history.closestServedZone(ADDRESS, nameOf('example.org'))).toBeUndefined();
    expect([...history.triples()]).toEqual([]);
    history.expire(100);
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
    expect([history.size, history.addressCount]).toEqual([0, 0]);
  });

  it('an address stands until the last of its triples ends', () => {
    const { clock, history, learn, told } = historyRig();
    learn({ zone: 'example.org', nsTtlSeconds: 100 });
    learn({ zone: 'example.com', nsTtlSeconds: 200 });
    learn({ zone: 'example.net', nsTtlSeconds: 150 });
    expect([history.size, history.zoneCountOf(ADDRESS)]).toEqual([3, 3]);
    clock.advance(100_000);
    history.expire(100);
    expect(history.size).toBe(2);
    clock.advance(99_999);
    history.expire(100);
    expect(history.standing(ADDRESS)).toBeDefined();
    clock.advance(1);
    history.expire(100);
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
  });

  it('is swept in portions', () => {
    const { clock, history } = historyRig({ keepMs: HOUR_MS });
    for (let index = 0; index < 10; index++) learnAt(history, clock.nowMs(), { address: `203.0.113.${index}` });
    clock.advance(HOUR_MS);
    expect([history.expire(4), history.size]).toEqual([false, 6]);
    expect([history.expire(4), history.size]).toEqual([false, 2]);
    expect([history.expire(4), history.size]).toEqual([true, 0]);
    expect(history.pastCount).toBe(10);
  });

  it('of an address is stale for as long as the grace lasts', () => {
    const { clock, history, learn } = historyRig({ staleMs: 5000, keepMs: HOUR_MS });
    learn({ nsTtlSeconds: 100 });
    const endMs = clock.nowMs() + 100_000;
    clock.advance(99_999);
    expect(history.standing(ADDRESS)).toEqual({ origin: 'learned', untilMs: endMs, isStale: false });
    clock.advance(1);
    history.expire(100);
    expect(history.standing(ADDRESS)).toEqual({ origin: 'learned', untilMs: endMs + 5000, isStale: true });
    // What is stale serves nothing: it cannot teach.
    expect(history.closestServedZone(ADDRESS, nameOf('example.org'))).toBeUndefined();
    clock.advance(5000);
    expect(history.standing(ADDRESS)).toBeUndefined();
  });
});

describe('NsHistory: what it tells', () => {
  it('learned and expired once each, however often it is seen, and again in the next life', () => {
    const { clock, history, learn, told } = historyRig();
    learn({ nsTtlSeconds: 100 });
    learn({ nsTtlSeconds: 200 });
    learn({ zone: 'example.com', nsTtlSeconds: 100 });
    expect(told).toEqual(['learned 203.0.113.53']);
    clock.advance(200_000);
    history.expire(100);
    history.expire(100);
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
    learn({ nsTtlSeconds: 100 });
    expect(told.slice(2)).toEqual(['learned 203.0.113.53']);
  });

  it('an address learned anew between its end and the sweep is told as learned, and does not expire by its old time', () => {
    const { clock, history, learn, told } = historyRig();
    learn({ nsTtlSeconds: 100 });
    clock.advance(100_500);
    learn({ nsTtlSeconds: 100 });
    history.expire(100);
    expect(told).toEqual(['learned 203.0.113.53', 'learned 203.0.113.53']);
    expect(history.addressCount).toBe(1);
    clock.advance(100_000);
    history.expire(100);
    expect(told.at(-1)).toBe('expired 203.0.113.53');
  });

  it('a sighting already over when it comes is told as nothing', () => {
    const { clock, history, told } = historyRig();
    const seenAtMs = clock.nowMs();
    clock.advance(FLOOR_SECONDS * 1000 + 1);
    expect(learnAt(history, seenAtMs, { nsTtlSeconds: 1 })).toBe('over');
    history.expire(100);
    expect(told).toEqual([]);
    expect([history.size, history.rows.size, history.rows.names.size]).toEqual([0, 0, 0]);
  });
});

describe('NsHistory: trust', () => {
  it('a sighting of lower trust is counted, and changes neither trust nor end nor exchange', () => {
    const { clock, learn, leftSeconds, rows } = historyRig();
    learn({ trust: 'referral', nsTtlSeconds: 1000 });
    clock.advance(100_000);
    expect(learn({ trust: 'incidental', nsTtlSeconds: 5000, queryId: 7, teacher: '198.51.100.66' })).toBe('outranked');
    expect(leftSeconds()).toBe(900);
    expect(rows()).toMatchObject([
      { trust: 'referral', sightings: 2, lastSeenAtMs: clock.nowMs(), lesson: { queryId: 0x1234 } },
    ]);
    expect(rows()[0]?.teachers).toEqual([addressOf('198.51.100.53')]);
  });

  it('rises at once, and falls only when what was trusted more is over', () => {
    const { clock, learn, rows } = historyRig({ keepMs: HOUR_MS });
    learn({ trust: 'unverified', nsTtlSeconds: 100 });
    expect(learn({ trust: 'authoritative', nsTtlSeconds: 100 })).toBe('seen');
    expect(rows()).toMatchObject([{ trust: 'authoritative' }]);
    clock.advance(99_999);
    expect(learn({ trust: 'referral', nsTtlSeconds: 100 })).toBe('outranked');
    clock.advance(1);
    expect(learn({ trust: 'unverified', nsTtlSeconds: 100 })).toBe('seen');
    expect(rows()).toMatchObject([{ trust: 'unverified', sightings: 4 }]);
  });
});

describe('NsHistory: the bound of the parent', () => {
  const REFERRAL = { isByParent: true, trust: 'referral', nsTtlSeconds: 1000 } as const;
  const OF_CHILD = { trust: 'authoritative', nsTtlSeconds: 5000, glueTtlSeconds: 5000 } as const;

  it('what the child says ends with the last referral of the parent', () => {
    const { clock, learn, leftSeconds } = historyRig();
    learn(REFERRAL);
    clock.advance(400_000);
    learn(OF_CHILD);
    expect(leftSeconds()).toBe(600);
    learn({ ...REFERRAL, nsTtlSeconds: 2000 });
    learn(OF_CHILD);
    expect(leftSeconds()).toBe(2000);
  });

  it('binds the other name servers of the zone as well, and no other zone', () => {
    const { history, learn, clock } = historyRig();
    learn(REFERRAL);
    learn({ ...OF_CHILD, nameServer: 'other.example.org', address: '203.0.113.54' });
    learn({ ...OF_CHILD, zone: 'sub.example.org', address: '203.0.113.55' });
    const left = (text: string) => (history.standing(addressOf(text))!.untilMs - clock.nowMs()) / 1000;
    expect([left('203.0.113.54'), left('203.0.113.55')]).toEqual([1000, 5000]);
  });

  it('a ghost that goes on answering is over with its delegation, for as long as it is remembered', () => {
    const { clock, history, learn, told } = historyRig({ keepMs: HOUR_MS });
    learn(REFERRAL);
    for (let count = 0; count < 10; count++) {
      clock.advance(100_000);
      learn(OF_CHILD);
      history.expire(100);
    }
    expect(learn(OF_CHILD)).toBe('over');
    expect(learn({ ...OF_CHILD, trust: 'unverified' })).toBe('over');
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53']);
    expect(learn(REFERRAL)).toBe('seen');
  });

  it('does not hold without a referral, nor when it is switched off', () => {
    const free = historyRig();
    free.learn(OF_CHILD);
    expect(free.leftSeconds()).toBe(5000);
    const off = historyRig({ isParentBound: false });
    off.learn(REFERRAL);
    off.learn(OF_CHILD);
    expect(off.leftSeconds()).toBe(5000);
  });
});

describe('NsHistory: triples', () => {
  it('tells zone, name server and address apart, also where their letters run together', () => {
    const { history, learn } = historyRig();
    learn({ zone: 'a.example', nameServer: 'b.example' });
    learn({ zone: 'a', nameServer: 'example.b.example' });
    learn({ zone: 'a.example', nameServer: 'b.example', address: '2001:db8::53' });
    expect([history.size, history.addressCount]).toEqual([3, 2]);
  });

  it('is asked by address, by zone and by name server', () => {
    const { history, learn } = historyRig();
    learn();
    learn({ zone: 'example.com', address: '203.0.113.54' });
    learn({ nameServer: 'ns2.example.org', address: '2001:db8::53' });
    learn({ nameServer: 'ns3.example.org', address: 'none' });
    const texts = (triples: Iterable<{ address: typeof ADDRESS }>) =>
      [...triples].map(({ address }) => formatAddress(address)).sort();
    expect(texts(history.ofAddress(ADDRESS))).toEqual(['203.0.113.53']);
    expect(texts(history.ofZone(nameOf('example.org')))).toEqual(['2001:db8::53', '203.0.113.53']);
    expect(texts(history.ofNameServer(nameOf('ns.example.org')))).toEqual(['203.0.113.53', '203.0.113.54']);
    expect(texts(history.triples())).toEqual(['2001:db8::53', '203.0.113.53', '203.0.113.54']);
    expect(texts(history.ofZone(nameOf('ns.example.org')))).toEqual([]);
    expect(texts(history.ofNameServer(nameOf('ns3.example.org')))).toEqual([]);
    expect([history.gluelessCount, history.size]).toEqual([1, 3]);
    expect(history.extent()).toEqual({ triples: 3, zones: 2, nameServers: 2, addresses: 3 });
  });

  it('keeps first and last sighting, how often, and the newest teachers', () => {
    const { clock, learn, rows } = historyRig();
    const firstMs = clock.nowMs();
    for (const teacher of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
      clock.advance(60_000);
      learn({ teacher, nsTtlSeconds: 1000 });
    }
    expect(rows()).toMatchObject([
      {
        firstSeenAtMs: firstMs + 60_000,
        lastSeenAtMs: clock.nowMs(),
        sightings: 3,
        origin: 'learned',
        glue: 'in-domain',
      },
    ]);
    expect(rows()[0]?.teachers.map(formatAddress)).toEqual(['198.51.100.3', '198.51.100.2']);
  });

  it('describes the exchange that taught it anew after a minute, or when the trust has risen', () => {
    const { clock, history, learn, rows } = historyRig();
    learn({ queryId: 1, queryName: 'WWW.example.org' });
    const taughtMs = clock.nowMs();
    clock.advance(59_999);
    learn({ queryId: 2 });
    expect(rows()[0]?.lesson).toEqual({
      nsTtlSeconds: 3600,
      glueTtlSeconds: 3600,
      queryAtMs: taughtMs - 10,
      queryId: 1,
      queryName: nameOf('www.example.org'),
      responseAtMs: taughtMs,
    });
    learn({ queryId: 3, trust: 'authoritative', queryMs: Number.NaN });
    expect(rows()[0]?.lesson).toMatchObject({ queryId: 3, queryAtMs: undefined, responseAtMs: clock.nowMs() });
    clock.advance(60_000);
    learn({ queryId: 4, trust: 'authoritative' });
    learnAt(history, taughtMs, { queryId: 5, trust: 'authoritative' });
    expect(rows()[0]?.lesson).toMatchObject({ queryId: 4 });
  });
});
