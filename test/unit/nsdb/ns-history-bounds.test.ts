import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../src/dns/name.ts';
import { historyRig } from '../../support/history-rig.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const ADDRESS = addressOf('203.0.113.53');
const HOUR_MS = 3_600_000;

describe('NsHistory: its bounds', () => {
  it('beyond its size nothing new is learned, what is held goes on', () => {
    const { clock, history, learn, told, leftSeconds } = historyRig({ size: 2 });
    learn({ nsTtlSeconds: 100 });
    expect(learn({ address: '203.0.113.54' })).toBe('new');
    expect(learn({ address: '203.0.113.55' })).toBe('history is full');
    expect(learn({ zone: 'example.com' })).toBe('history is full');
    expect(history.keep('seed', ROOT, nameOf('seed.invalid'), addressOf('203.0.113.56'))).toBe(false);
    expect([history.refused, history.size]).toEqual([3, 2]);
    expect(told).toEqual(['learned 203.0.113.53', 'learned 203.0.113.54']);
    expect(learn({ nsTtlSeconds: 200 })).toBe('seen');
    expect(leftSeconds()).toBe(200);
    clock.advance(200_000);
    history.expire(100);
    expect(learn({ address: '203.0.113.55' })).toBe('new');
  });

  it('what is past makes room, the oldest first', () => {
    const { clock, history, learn } = historyRig({ size: 3, keepMs: HOUR_MS });
    for (const [index, nsTtlSeconds] of [200, 100, 3600].entries())
      learn({ address: `203.0.113.${index}`, nsTtlSeconds });
    for (let count = 0; count < 2; count++) {
      clock.advance(100_000);
      history.expire(100);
    }
    expect(history.pastCount).toBe(2);
    learn({ address: '203.0.113.9' });
    expect(history.memory(addressOf('203.0.113.1'))).toBeUndefined();
    expect(history.memory(addressOf('203.0.113.0'))).toBeDefined();
    learn({ address: '203.0.113.10' });
    expect(learn({ address: '203.0.113.11' })).toBe('history is full');
    expect([history.pastCount, history.size, history.rows.size]).toEqual([0, 3, 3]);
  });

  it.each([
    ['zone', { zone: 'example.org', nameServer: 'other.example', address: '203.0.113.60' }],
    ['name server', { zone: 'other.example', nameServer: 'ns.example.org', address: '203.0.113.60' }],
    ['address', { zone: 'other.example', nameServer: 'other.example', address: '203.0.113.53' }],
    ['teacher', { zone: 'other.example', nameServer: 'b.example', address: '203.0.113.60', teacher: '203.0.113.53' }],
  ])('a past row may make room for one that has its %s', (_what, fields) => {
    for (const way of ['learn', 'restore'] as const) {
      const { clock, history, learn } = historyRig({ size: 1, keepMs: HOUR_MS });
      const learned = historyRig();
      learned.learn(fields);
      learn({ nsTtlSeconds: 100 });
      clock.advance(100_000);
      history.expire(100);
      if (way === 'learn') expect(learn(fields)).toBe('new');
      else expect(history.restore([...learned.history.triples()][0]!)).toBe(true);
      const [triple] = [...history.triples()];
      expect(triple).toMatchObject({
        zone: nameOf(fields.zone),
        nameServer: nameOf(fields.nameServer),
        address: addressOf(fields.address),
      });
      expect([...history.ofZone(nameOf(fields.zone))]).toEqual([triple]);
      expect([...history.ofNameServer(nameOf(fields.nameServer))]).toEqual([triple]);
      expect(history.standing(addressOf(fields.address))).toBeDefined();
      clock.advance(10 * HOUR_MS);
      history.expire(100);
      expect([history.rows.size, history.rows.names.size, history.rows.addresses.size]).toEqual([0, 0, 0]);
    }
  });

  it('one zone has 280 rows at the most; its past ones make room', () => {
    const { clock, history, learn } = historyRig({ keepMs: HOUR_MS });
    for (let index = 0; index < 280; index++) {
      const nsTtlSeconds = index === 7 ? 100 : 3600;
      expect(learn({ address: `198.18.${index >> 8}.${index & 255}`, nsTtlSeconds })).toBe('new');
    }
    expect(learn({ address: '203.0.113.1' })).toBe('zone is full');
    expect(learn({ address: '203.0.113.1', zone: 'example.com' })).toBe('new');
    clock.advance(100_000);
    history.expire(1000);
    expect(learn({ address: '203.0.113.1' })).toBe('new');
    expect(history.memory(addressOf('198.18.0.7'))).toBeUndefined();
    expect(learn({ address: '203.0.113.2' })).toBe('zone is full');
  });
});

describe('NsHistory: the past', () => {
  it('remembers what an address was for as long as it may, in every list', () => {
    const { clock, history, learn, rows } = historyRig({ keepMs: HOUR_MS });
    expect(history.memory(ADDRESS)).toBeUndefined();
    learn({ nsTtlSeconds: 100 });
    const [held] = rows();
    clock.advance(100_000);
    history.expire(100);
    const zone = nameOf('example.org');
    const nameServer = nameOf('ns.example.org');
    expect(history.memory(ADDRESS)).toEqual({ zone, nameServer, expiresAtMs: clock.nowMs() });
    expect(rows()).toEqual([held]);
    expect([...history.ofZone(zone)]).toEqual([held]);
    expect([...history.triples()]).toEqual([]);
    expect([history.pastCount, history.zoneCountOf(ADDRESS)]).toEqual([1, 1]);
    clock.advance(HOUR_MS - 1);
    history.expire(100);
    expect(rows()).toHaveLength(1);
    clock.advance(1);
    history.expire(100);
    expect([history.memory(ADDRESS), rows(), history.pastCount]).toEqual([undefined, [], 0]);
  });

  it('comes to life again when it is seen again, with its first sighting', () => {
    const { clock, history, learn, rows, told } = historyRig({ keepMs: HOUR_MS });
    const firstMs = clock.nowMs();
    learn({ nsTtlSeconds: 100 });
    clock.advance(200_000);
    history.expire(100);
    expect(learn({ nsTtlSeconds: 100 })).toBe('seen');
    expect(rows()).toMatchObject([{ firstSeenAtMs: firstMs, lastSeenAtMs: clock.nowMs(), sightings: 2 }]);
    expect([history.size, history.pastCount]).toEqual([1, 0]);
    expect(told).toEqual(['learned 203.0.113.53', 'expired 203.0.113.53', 'learned 203.0.113.53']);
  });

  it('remembers an address by the row that held longest', () => {
    const { history, learn } = historyRig({ keepMs: HOUR_MS });
    learn({ zone: 'a.example', nsTtlSeconds: 100 });
    learn({ zone: 'b.example', nsTtlSeconds: 300 });
    learn({ zone: 'c.example', nsTtlSeconds: 200 });
    expect(history.memory(ADDRESS)?.zone).toBe(nameOf('b.example'));
  });
});

describe('NsHistory: what is kept for good', () => {
  const SERVER = nameOf('a.root-servers.net');

  it('never expires, is told once and holds although it is also learned', () => {
    const { clock, history, learn, told } = historyRig();
    expect(history.keep('rootHints', ROOT, SERVER, ADDRESS)).toBe(true);
    expect(history.keep('rootHints', ROOT, SERVER, ADDRESS)).toBe(true);
    learn({ nsTtlSeconds: 100 });
    clock.advance(400 * 86_400_000);
    history.expire(100);
    expect(history.standing(ADDRESS)).toEqual({
      origin: 'rootHints',
      untilMs: Number.POSITIVE_INFINITY,
      isStale: false,
    });
    expect(history.size).toBe(1);
    expect(told).toEqual(['learned 203.0.113.53']);
  });

  it('a learned sighting of the same triple gives it no end and no other origin', () => {
    const { clock, history, learn, rows } = historyRig();
    history.keep('rootHints', ROOT, SERVER, ADDRESS);
    expect(learn({ zone: '.', nameServer: 'a.root-servers.net', trust: 'unverified' })).toBe('seen');
    clock.advance(10 * 86_400_000);
    history.expire(100);
    expect(rows()).toMatchObject([
      { origin: 'rootHints', trust: 'authoritative', expiresAtMs: Number.POSITIVE_INFINITY, sightings: 1 },
    ]);
    expect(history.waiting).toBe(0);
  });

  it('closestServedZone finds the longest zone at or above a name', () => {
    const { history, learn } = historyRig();
    history.keep('rootHints', ROOT, SERVER, ADDRESS);
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
