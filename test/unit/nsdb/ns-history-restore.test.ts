import { describe, expect, it } from 'vitest';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import { addressOf, lessonAt, nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ADDRESS = addressOf('203.0.113.53');
const CAP_SECONDS = 86_400;

function setUp(size = 100) {
  const clock = new VirtualClock();
  const history = new NsHistory(clock, { ttlFloorSeconds: 60, ttlCapSeconds: CAP_SECONDS, size });
  const learn = () => history.learn(lessonAt(clock.nowMs(), { nsTtlSeconds: 3600, glueTtlSeconds: 3600 }));
  const triple = (): NsTriple => history.lookup(ADDRESS)!.triples[0]!;
  return { clock, history, learn, triple };
}

/** A triple as another gluewall has learned it at `atMs`. */
function learnedElsewhere(atMs: number): NsTriple {
  const { clock, history, triple } = setUp();
  clock.advance(atMs - clock.nowMs());
  history.learn(lessonAt(atMs, { nsTtlSeconds: 3600, glueTtlSeconds: 3600 }));
  return { ...triple() };
}

describe('NsHistory.restore', () => {
  it('takes in a triple as it was', () => {
    const { clock, history, triple } = setUp();
    const learned = learnedElsewhere(clock.nowMs());
    expect(history.restore(learned)).toBe(true);
    expect(triple()).toMatchObject(learned);
  });

  it('leaves out what is over, and cuts what claims more than the cap', () => {
    const { clock, history, triple } = setUp();
    const learned = learnedElsewhere(clock.nowMs());
    expect(history.restore({ ...learned, expiresAtMs: clock.nowMs() })).toBe(true);
    expect(history.size).toBe(0);
    history.restore({ ...learned, expiresAtMs: Number.POSITIVE_INFINITY });
    expect(triple().expiresAtMs).toBe(clock.nowMs() + CAP_SECONDS * 1000);
  });

  it('believes no sighting later than now, which no later one could correct', () => {
    const { clock, history, learn, triple } = setUp();
    const learned = learnedElsewhere(clock.nowMs());
    const far = clock.nowMs() + 1e12;
    history.restore({ ...learned, firstSeenAtMs: far, lastSeenAtMs: far, lesson: undefined });
    expect(triple()).toMatchObject({ firstSeenAtMs: clock.nowMs(), lastSeenAtMs: clock.nowMs() });
    clock.advance(1000);
    learn();
    expect(triple()).toMatchObject({ lastSeenAtMs: clock.nowMs(), lesson: { responseAtMs: clock.nowMs() } });
  });

  it('makes nothing permanent: a root hint of another gluewall comes in as learned', () => {
    const { clock, history, triple } = setUp();
    history.restore({ ...learnedElsewhere(clock.nowMs()), origin: 'rootHints' });
    expect(triple().origin).toBe('learned');
  });

  it('joins what both know: first seen first, seen last, the later end, the newer lesson, the higher trust', () => {
    const { clock, history, learn, triple } = setUp();
    const older = learnedElsewhere(clock.nowMs());
    clock.advance(10_000);
    learn();
    const newer = { ...triple() };
    history.restore({ ...older, trust: 'high' });
    expect(triple()).toMatchObject({ ...newer, firstSeenAtMs: older.firstSeenAtMs, trust: 'high' });
    const later = newer.lastSeenAtMs + 5000;
    clock.advance(5000);
    history.restore({ ...older, lastSeenAtMs: later, lesson: undefined, trust: 'low' });
    expect(triple()).toMatchObject({ lastSeenAtMs: later, lesson: undefined, trust: 'high' });
    expect(history.size).toBe(1);
  });

  it('refuses when there is no room', () => {
    const { clock, history, learn } = setUp(1);
    learn();
    const other = { ...learnedElsewhere(clock.nowMs()), zone: nameOf('other.example') };
    expect(history.restore(other)).toBe(false);
    expect(history.refused).toBe(1);
  });
});

describe('NsHistory: what it tells and remembers', () => {
  it('tells of every triple that is new or seen again, always the same object', () => {
    const { clock, history, learn } = setUp();
    const changed: NsTriple[] = [];
    history.subscribe({ changed: (triple) => changed.push(triple) });
    learn();
    clock.advance(1000);
    learn();
    expect(changed).toHaveLength(2);
    expect(changed[0]).toBe(changed[1]);
    expect(changed[0]?.lastSeenAtMs).toBe(clock.nowMs());
  });

  it('remembers what an address was', () => {
    const { clock, history, learn, triple } = setUp();
    expect(history.memory(ADDRESS)).toBeUndefined();
    learn();
    const { zone, nameServer, expiresAtMs } = triple();
    expect(history.memory(ADDRESS)).toMatchObject({ zone, nameServer, expiresAtMs });
    clock.advance(3600_000);
    history.expire();
    expect(history.lookup(ADDRESS)).toBeUndefined();
    expect(history.memory(ADDRESS)).toEqual({ zone, nameServer, expiresAtMs });
  });

  it('remembers no more addresses than 65,536, the latest', () => {
    const { clock, history } = setUp(70_000);
    const addressAt = (index: number) => addressOf(`198.18.${index >> 8}.${index & 255}`);
    const lesson = lessonAt(clock.nowMs(), { nsTtlSeconds: 60, glueTtlSeconds: 60 });
    for (let index = 0; index < 65_536; index++) history.learn({ ...lesson, address: addressAt(index) });
    history.learn({ ...lesson, address: addressOf('203.0.113.1') });
    clock.advance(60_000);
    history.expire();
    expect(history.memory(addressAt(0))).toBeUndefined();
    expect(history.memory(addressAt(1))).toBeDefined();
    expect(history.memory(addressOf('203.0.113.1'))).toBeDefined();
  });

  it('lists what has not expired, also while it changes', () => {
    const { clock, history, learn } = setUp();
    learn();
    const list = history.triples();
    history.learn({ ...lessonAt(clock.nowMs(), { nsTtlSeconds: 60 }), address: addressOf('203.0.113.54') });
    expect([...list]).toHaveLength(2);
    clock.advance(60_000);
    expect([...history.triples()]).toHaveLength(1);
  });
});
