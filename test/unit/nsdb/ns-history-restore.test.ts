import { describe, expect, it } from 'vitest';
import type { HistoryOptions } from '../../../src/nsdb/history-options.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { historyOptions, learnAt } from '../../support/learning.ts';
import { addressOf, nameOf, tripleAt } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const CAP_SECONDS = 86_400;
const HOUR_MS = 3_600_000;

function setUp(options: Partial<HistoryOptions> = {}) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, historyOptions({ size: 100, ttlCapSeconds: CAP_SECONDS, ...options }));
  const triple = () => [...history.ofAddress(addressOf('203.0.113.53'))][0];
  return { clock, history, triple };
}

describe('NsHistory.restore', () => {
  it('takes in a triple as it was', () => {
    const { clock, history, triple } = setUp();
    const learned = tripleAt(clock.nowMs() - 5000, {
      trust: 'incidental',
      glue: 'sibling',
      teachers: ['198.51.100.1', '2001:db8::1'],
    });
    expect(history.restore(learned)).toBe(true);
    expect(triple()).toEqual(learned);
    expect(history.standing(learned.address)?.untilMs).toBe(learned.expiresAtMs);
  });

  it('leaves out what is forgotten by now, and cuts what claims more than the cap', () => {
    const { clock, history, triple } = setUp({ keepMs: HOUR_MS });
    const learned = tripleAt(clock.nowMs());
    expect(history.restore({ ...learned, expiresAtMs: clock.nowMs() - HOUR_MS })).toBe(true);
    expect([history.size, history.pastCount]).toEqual([0, 0]);
    history.restore({ ...learned, expiresAtMs: Number.POSITIVE_INFINITY });
    expect(triple()?.expiresAtMs).toBe(clock.nowMs() + CAP_SECONDS * 1000);
  });

  it('remembers what is over and not forgotten, and tells nobody of it', () => {
    const { clock, history, triple } = setUp({ keepMs: HOUR_MS });
    const told: string[] = [];
    history.subscribe({ learned: () => told.push('learned'), expired: () => told.push('expired') });
    const learned = tripleAt(clock.nowMs() - HOUR_MS, { expiresAtMs: clock.nowMs() - 1000 });
    history.restore(learned);
    expect(triple()).toEqual(learned);
    expect([history.size, history.pastCount, history.standing(learned.address)]).toEqual([0, 1, undefined]);
    clock.advance(HOUR_MS);
    history.expire(10);
    expect([history.pastCount, history.rows.size]).toEqual([0, 0]);
    expect(told).toEqual([]);
  });

  it('believes no sighting later than now, which no later one could correct', () => {
    const { clock, history, triple } = setUp();
    const far = clock.nowMs() + 1e12;
    const { lesson, ...learned } = tripleAt(clock.nowMs());
    history.restore({ ...learned, firstSeenAtMs: far, lastSeenAtMs: far, lesson: { ...lesson!, responseAtMs: far } });
    expect(triple()).toMatchObject({ firstSeenAtMs: clock.nowMs(), lastSeenAtMs: clock.nowMs() });
    clock.advance(60_000);
    learnAt(history, clock.nowMs());
    expect(triple()).toMatchObject({ lastSeenAtMs: clock.nowMs(), lesson: { responseAtMs: clock.nowMs() } });
  });

  it('makes nothing permanent, and changes nothing that is', () => {
    const { clock, history, triple } = setUp();
    const learned = tripleAt(clock.nowMs());
    history.restore({ ...learned, origin: 'rootHints' });
    expect(triple()?.origin).toBe('learned');
    const kept = setUp();
    kept.history.keep('seed', learned.zone, learned.nameServer, learned.address);
    kept.history.restore(learned);
    expect(kept.triple()).toMatchObject({ origin: 'seed', expiresAtMs: Number.POSITIVE_INFINITY, lesson: undefined });
  });

  it('joins what both know: first seen first, seen last, the later end, the newer lesson, the higher trust', () => {
    const { clock, history, triple } = setUp();
    const older = tripleAt(clock.nowMs());
    clock.advance(10_000);
    learnAt(history, clock.nowMs(), { trust: 'incidental' });
    const newer = triple()!;
    history.restore({ ...older, sightings: 7 });
    expect(triple()).toMatchObject({
      firstSeenAtMs: older.firstSeenAtMs,
      lastSeenAtMs: newer.lastSeenAtMs,
      expiresAtMs: newer.expiresAtMs,
      trust: 'referral',
      sightings: 7,
      lesson: { responseAtMs: newer.lesson!.responseAtMs },
    });
    history.restore({ ...older, expiresAtMs: newer.expiresAtMs + 1000, trust: 'unverified' });
    expect(triple()).toMatchObject({ expiresAtMs: newer.expiresAtMs + 1000, trust: 'referral' });
    expect(history.size).toBe(1);
  });

  it('binds the zone to its parent, as the referral did', () => {
    const { clock, history } = setUp();
    history.restore(tripleAt(clock.nowMs(), { trust: 'referral' }));
    learnAt(history, clock.nowMs(), { trust: 'authoritative', nsTtlSeconds: 40_000, address: '203.0.113.54' });
    expect(history.standing(addressOf('203.0.113.54'))?.untilMs).toBe(clock.nowMs() + HOUR_MS);
  });

  it('refuses when there is no room', () => {
    const { clock, history } = setUp({ size: 1 });
    learnAt(history, clock.nowMs());
    expect(history.restore(tripleAt(clock.nowMs(), { zone: 'other.example' }))).toBe(false);
    expect(history.refused).toBe(1);
    expect(history.rows.names.findName(nameOf('other.example'))).toBe(0);
  });
});

describe('NsHistory: what changed', () => {
  it('tells once that something waits, and gives each triple once', () => {
    const { clock, history } = setUp();
    let told = 0;
    history.subscribe({ changed: () => told++ });
    learnAt(history, clock.nowMs());
    learnAt(history, clock.nowMs());
    learnAt(history, clock.nowMs(), { address: '203.0.113.54' });
    learnAt(history, clock.nowMs(), { address: 'none' });
    history.keep('seed', nameOf('seed.invalid'), nameOf('seed.invalid'), addressOf('203.0.113.1'));
    expect([told, history.waiting]).toEqual([1, 2]);
    expect(history.takeChanged(1)).toBeDefined();
    expect(history.waiting).toBe(1);
    expect(history.takeChanged(10)).toBeDefined();
    expect(history.takeChanged(10)).toBeUndefined();
    learnAt(history, clock.nowMs());
    expect(told).toBe(2);
  });

  it('leaves out what was forgotten before it was taken', () => {
    const { clock, history } = setUp();
    learnAt(history, clock.nowMs());
    clock.advance(HOUR_MS);
    history.expire(10);
    expect(history.rows.size).toBe(0);
    expect(history.takeChanged(10)).toBeUndefined();
  });
});
