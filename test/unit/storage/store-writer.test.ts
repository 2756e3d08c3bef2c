import { beforeEach, describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { StoreWriter, type StoreWriterOptions } from '../../../src/storage/store-writer.ts';
import { eventOf, lessonOf, tripleOf } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { findAll, loadAll } from './store-contract.ts';

const FLUSH_MS = 1000;

/** A memory store that fails when told, and remembers the sizes of its batches. */
class TestStore extends MemoryStore {
  failing: Error | undefined;
  readonly batches: number[] = [];
  /** What happens while a save is on its way. */
  duringSave: () => void = () => {};

  override async saveTriples(triples: readonly NsTriple[]): Promise<void> {
    if (this.failing !== undefined) throw this.failing;
    this.batches.push(triples.length);
    await super.saveTriples(triples);
    this.duringSave();
  }

  override async saveEvents(events: readonly VerdictEvent[]): Promise<void> {
    if (this.failing !== undefined) throw this.failing;
    this.batches.push(events.length);
    await super.saveEvents(events);
  }
}

let clock: VirtualClock;
let store: TestStore;
let lines: string[];

beforeEach(() => {
  clock = new VirtualClock();
  store = new TestStore({ events: 100_000 });
  lines = [];
});

function newWriter(options: Partial<StoreWriterOptions> = {}): StoreWriter {
  const say = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${'code' in fields ? fields.code : ''} ${message}`);
  };
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return new StoreWriter(clock, log, store, { flushMs: FLUSH_MS, ...options });
}

/** Moves time on, and waits until the round that fell due is over. */
async function pass(writer: StoreWriter, durationMs: number): Promise<void> {
  clock.advance(durationMs);
  await writer.flush();
}

const full = () => new GluewallError('store-write', 'the disk is full');
const current = (number: number, more: Partial<NsTriple> = {}) =>
  tripleOf(number, { expiresAtMs: clock.nowMs() + 3_600_000, ...more });

describe('the store writer', () => {
  it('writes nothing before its time, and all of it then', async () => {
    const writer = newWriter();
    writer.tripleChanged(current(1));
    writer.eventHappened(eventOf(1));
    clock.advance(FLUSH_MS - 1);
    expect(store.batches).toEqual([]);
    expect(writer.figures()).toMatchObject({ waitingTriples: 1, waitingEvents: 1, lastFlushAtMs: undefined });
    await pass(writer, 1);
    expect(await loadAll(store)).toStrictEqual(
      [current(1)].map((t) => ({ ...t, expiresAtMs: t.expiresAtMs - FLUSH_MS })),
    );
    expect(await findAll(store)).toStrictEqual([eventOf(1)]);
    expect(writer.figures()).toMatchObject({
      writtenTriples: 1,
      writtenEvents: 1,
      waitingTriples: 0,
      waitingEvents: 0,
    });
    expect(writer.figures().lastFlushAtMs).toBe(clock.nowMs());
  });

  it('has no timer while nothing waits', async () => {
    const writer = newWriter();
    expect(clock.pendingTimers).toBe(0);
    writer.tripleChanged(current(1));
    writer.tripleChanged(current(2));
    expect(clock.pendingTimers).toBe(1);
    await pass(writer, FLUSH_MS);
    expect(clock.pendingTimers).toBe(0);
  });

  it('writes a triple once however often it changes, as it is at that time', async () => {
    const history = new NsHistory(clock, { ttlFloorSeconds: 60, ttlCapSeconds: 86_400, size: 10 });
    const writer = newWriter();
    history.subscribe({ changed: (triple) => writer.tripleChanged(triple) });
    for (let seen = 0; seen < 5; seen++) {
      history.learn({ ...lessonOf(tripleOf(1)), responseAtMs: clock.nowMs() });
      clock.advance(100);
    }
    const [held] = [...history.triples()];
    const asHeld = { ...held };
    await pass(writer, FLUSH_MS);
    expect(store.batches).toEqual([1]);
    expect(await loadAll(store)).toEqual([
      expect.objectContaining({ expiresAtMs: asHeld.expiresAtMs, lastSeenAtMs: asHeld.lastSeenAtMs }),
    ]);
  });

  it('leaves out what is configured', async () => {
    const writer = newWriter();
    writer.tripleChanged(current(1, { origin: 'rootHints' }));
    writer.tripleChanged(current(2, { origin: 'seed' }));
    expect(clock.pendingTimers).toBe(0);
    await writer.stop();
    expect(await loadAll(store)).toEqual([]);
  });

  it('hands over no more than a thousand rows in one turn', async () => {
    const writer = newWriter();
    for (let number = 0; number < 2500; number++) writer.tripleChanged(current(number));
    for (let number = 0; number < 1200; number++) writer.eventHappened(eventOf(number));
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await pass(writer, FLUSH_MS);
    clearInterval(count);
    expect(store.batches).toEqual([1000, 200, 1000, 1000, 500]);
    expect(await loadAll(store)).toHaveLength(2500);
  });

  it('writes events between the batches of many triples', async () => {
    const writer = newWriter({ events: 10 });
    for (let number = 0; number < 5000; number++) writer.tripleChanged(current(number));
    store.duringSave = () => {
      for (let number = 0; number < 10; number++) writer.eventHappened(eventOf(number));
    };
    await pass(writer, FLUSH_MS);
    expect(writer.figures()).toMatchObject({ writtenTriples: 5000, writtenEvents: 50, lostEvents: 0 });
  });

  it('writes what changes during a round in the next one', async () => {
    const writer = newWriter();
    const triple = current(1);
    writer.tripleChanged(triple);
    let changes = 0;
    store.duringSave = () => {
      if (changes++ < 3) writer.tripleChanged(triple);
    };
    clock.advance(FLUSH_MS);
    await writer.flush();
    await writer.flush();
    expect(store.batches.length).toBeGreaterThan(1);
    await pass(writer, FLUSH_MS);
    await pass(writer, FLUSH_MS);
    expect(writer.figures().waitingTriples).toBe(0);
    expect(store.batches).toEqual([1, 1, 1, 1]);
  });

  it('runs one round at a time, and one more for all who ask meanwhile', async () => {
    const writer = newWriter();
    let running = 0;
    let most = 0;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const save = store.saveTriples.bind(store);
    store.saveTriples = async (triples) => {
      most = Math.max(most, ++running);
      await gate;
      await save(triples);
      running--;
    };
    writer.tripleChanged(current(1));
    const first = writer.flush();
    await new Promise((resolve) => setImmediate(resolve));
    writer.tripleChanged(current(2));
    const others = [writer.flush(), writer.flush(), writer.flush()];
    expect(new Set(others).size).toBe(1);
    release();
    await Promise.all([first, ...others]);
    expect(most).toBe(1);
    expect(store.batches).toEqual([1, 1]);
    expect(await loadAll(store)).toHaveLength(2);
  });

  it('deletes what has expired, now and then', async () => {
    const writer = newWriter();
    await store.saveTriples([tripleOf(1, { expiresAtMs: clock.nowMs() - 1 })]);
    writer.tripleChanged(current(2, { expiresAtMs: clock.nowMs() + 5000 }));
    await pass(writer, FLUSH_MS);
    expect(await loadAll(store)).toHaveLength(1);
    expect(writer.figures().deletedTriples).toBe(1);
    writer.tripleChanged(current(3));
    await pass(writer, 10_000);
    expect(await loadAll(store)).toHaveLength(2);
    writer.tripleChanged(current(3));
    await pass(writer, 60_000);
    expect(await loadAll(store)).toHaveLength(1);
    expect(writer.figures().deletedTriples).toBe(2);
  });
});

describe('while the store fails', () => {
  it('keeps what waits, tries again, and says so once', async () => {
    const writer = newWriter();
    store.failing = full();
    for (let number = 0; number < 1500; number++) writer.tripleChanged(current(number));
    for (let number = 0; number < 1500; number++) writer.eventHappened(eventOf(number));
    for (let round = 0; round < 5; round++) await pass(writer, FLUSH_MS);
    expect(lines).toEqual([expect.stringMatching(/^error store-write the disk is full; it is tried again/)]);
    expect(writer.figures()).toMatchObject({
      failing: 'store-write',
      waitingTriples: 1500,
      waitingEvents: 1500,
      lostTriples: 0,
      lostEvents: 0,
    });
    store.failing = undefined;
    await pass(writer, FLUSH_MS);
    expect(lines.slice(1)).toEqual(['info  the store can be written again']);
    expect(writer.figures()).toMatchObject({ failing: undefined, waitingTriples: 0, waitingEvents: 0 });
    expect(await loadAll(store)).toHaveLength(1500);
    expect(await findAll(store)).toStrictEqual(Array.from({ length: 1500 }, (_, number) => eventOf(number)));
  });

  it('says so again when it fails in another way, or anew', async () => {
    const writer = newWriter();
    writer.tripleChanged(current(1));
    for (const error of [full(), new GluewallError('store-corrupt', 'damaged'), new Error('boom'), undefined, full()]) {
      store.failing = error;
      writer.tripleChanged(current(2));
      await pass(writer, FLUSH_MS);
    }
    expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'error store-write',
      'error store-corrupt',
      'error internal',
      'info ',
      'error store-write',
    ]);
  });

  it('holds no more than its bounds, and counts what is lost', async () => {
    const writer = newWriter({ triples: 10, events: 20 });
    store.failing = full();
    const triples = Array.from({ length: 15 }, (_, number) => current(number));
    for (const triple of triples) writer.tripleChanged(triple);
    for (let number = 0; number < 30; number++) writer.eventHappened(eventOf(number));
    await pass(writer, FLUSH_MS);
    for (const triple of triples) writer.tripleChanged(triple);
    for (let number = 0; number < 30; number++) writer.eventHappened(eventOf(number));
    await pass(writer, FLUSH_MS);
    const { waitingTriples, waitingEvents, lostTriples, lostEvents } = writer.figures();
    expect({ waitingTriples, lostTriples }).toEqual({ waitingTriples: 10, lostTriples: 10 });
    expect(waitingEvents + lostEvents).toBe(60);
    expect(waitingEvents).toBeLessThanOrEqual(40);
    store.failing = undefined;
    await pass(writer, FLUSH_MS);
    expect(await loadAll(store)).toHaveLength(10);
    expect(await findAll(store)).toHaveLength(waitingEvents);
  });

  it('counts what cannot be put back because others have come', async () => {
    const writer = newWriter({ triples: 3 });
    for (let number = 0; number < 3; number++) writer.tripleChanged(current(number));
    store.failing = full();
    const flushed = writer.flush();
    await Promise.resolve();
    for (let number = 10; number < 12; number++) writer.tripleChanged(current(number));
    await flushed;
    expect(writer.figures()).toMatchObject({ waitingTriples: 3, lostTriples: 2 });
  });
});

describe('at the stop', () => {
  it('writes what waits, twice without harm, and takes no more', async () => {
    const writer = newWriter();
    writer.tripleChanged(current(1));
    writer.eventHappened(eventOf(1));
    await Promise.all([writer.stop(), writer.stop()]);
    await writer.stop();
    expect(await loadAll(store)).toHaveLength(1);
    expect(await findAll(store)).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    writer.tripleChanged(current(2));
    writer.eventHappened(eventOf(2));
    expect(clock.pendingTimers).toBe(0);
    expect(writer.figures()).toMatchObject({ waitingTriples: 0, lostTriples: 1, lostEvents: 1 });
    expect(lines).toEqual([]);
  });

  it('writes what came while a round was running', async () => {
    const writer = newWriter();
    writer.tripleChanged(current(1));
    const flushed = writer.flush();
    writer.tripleChanged(current(2));
    await Promise.all([flushed, writer.stop()]);
    expect(await loadAll(store)).toHaveLength(2);
  });

  it('says what it could not write', async () => {
    const writer = newWriter();
    store.failing = full();
    writer.tripleChanged(current(1));
    for (let number = 0; number < 1500; number++) writer.eventHappened(eventOf(number));
    await writer.stop();
    expect(writer.figures()).toMatchObject({ waitingTriples: 0, waitingEvents: 0, lostTriples: 1, lostEvents: 1500 });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/error store-write the store could not be written before the stop/);
    expect(clock.pendingTimers).toBe(0);
  });
});
