import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import type { SaveMark } from '../../../src/core/save-mark.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import type { NsTriple } from '../../../src/nsdb/ns-triple.ts';
import { countTriples } from '../../../src/nsdb/triple-batch.ts';
import { Journal } from '../../../src/storage/journal.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { type ChangedTriples, StoreWriter, type StoreWriterOptions } from '../../../src/storage/store-writer.ts';
import { eventOf, packed, tripleOf } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { findAll, loadAll } from './store-contract.ts';

const FLUSH_MS = 1000;

/** A memory store that fails when told, and remembers the sizes of its batches. */
class TestStore extends MemoryStore {
  failing: Error | undefined;
  /** Saves, and then fails: its answer is lost. */
  losesAnswers = false;
  readonly batches: number[] = [];
  /** What happens while a save is on its way. */
  duringSave: () => void = () => {};

  override async saveTriples(batch: Uint8Array, mark?: SaveMark): Promise<void> {
    if (this.failing !== undefined) throw this.failing;
    this.batches.push(countTriples(batch) ?? Number.NaN);
    await super.saveTriples(batch, mark);
    this.duringSave();
    if (this.losesAnswers) throw away();
  }

  override async saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): Promise<void> {
    if (this.failing !== undefined) throw this.failing;
    this.batches.push(events.length);
    await super.saveEvents(events, mark);
    if (this.losesAnswers) throw away();
  }
}

/** A history of which only what changed is told. */
class TestChanges implements ChangedTriples {
  readonly #triples = new Map<string, NsTriple>();
  readonly taken: number[] = [];

  get waiting(): number {
    return this.#triples.size;
  }

  add(triple: NsTriple): void {
    this.#triples.set(`${triple.zone}${triple.nameServer}${triple.address}`, triple);
  }

  takeChanged(most: number): Uint8Array | undefined {
    const triples: NsTriple[] = [];
    for (const [key, triple] of this.#triples) {
      if (triples.length === most) break;
      this.#triples.delete(key);
      triples.push(triple);
    }
    if (triples.length === 0) return undefined;
    this.taken.push(triples.length);
    return packed(triples);
  }
}

let clock: VirtualClock;
let store: TestStore;
let changes: TestChanges;
let lines: string[];

beforeEach(() => {
  clock = new VirtualClock();
  store = new TestStore({ events: 100_000 });
  changes = new TestChanges();
  lines = [];
});

function newWriter(options: Partial<StoreWriterOptions> = {}, changed: ChangedTriples = changes): StoreWriter {
  const say = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${'code' in fields ? fields.code : ''} ${message}`);
  };
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  return new StoreWriter(clock, log, store, changed, { flushMs: FLUSH_MS, keepMs: 0, ...options });
}

function change(writer: StoreWriter, triple: NsTriple): void {
  changes.add(triple);
  writer.changed();
}

/** Moves time on, and waits until the round that fell due is over. */
async function pass(writer: StoreWriter, durationMs: number): Promise<void> {
  clock.advance(durationMs);
  await writer.flush();
}

const full = () => new GluewallError('store-write', 'the disk is full');
const away = () => new GluewallError('store-away', 'nobody answers');
const current = (number: number, more: Partial<NsTriple> = {}) =>
  tripleOf(number, { expiresAtMs: clock.nowMs() + 3_600_000, ...more });

describe('the store writer', () => {
  it('writes nothing before its time, and all of it then', async () => {
    const writer = newWriter();
    change(writer, current(1));
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
    change(writer, current(1));
    change(writer, current(2));
    expect(clock.pendingTimers).toBe(1);
    await pass(writer, FLUSH_MS);
    expect(clock.pendingTimers).toBe(0);
  });

  it('writes a triple once however often it changes, as it is at that time', async () => {
    const options = {
      ttlFloorSeconds: 60,
      ttlCapSeconds: 86_400,
      size: 10,
      keepMs: 0,
      isParentBound: true,
      staleMs: 0,
    };
    const history = new NsHistory(clock, options);
    const writer = newWriter({}, history);
    history.subscribe({ changed: () => writer.changed() });
    for (let seen = 0; seen < 5; seen++) {
      history.restore(current(1, { sightings: seen }));
      clock.advance(100);
    }
    await pass(writer, FLUSH_MS);
    expect(store.batches).toEqual([1]);
    expect(await loadAll(store)).toEqual([expect.objectContaining({ sightings: 4 })]);
  });

  it('hands over no more than a thousand rows in one turn', async () => {
    const writer = newWriter();
    for (let number = 0; number < 2500; number++) change(writer, current(number));
    for (let number = 0; number < 1200; number++) writer.eventHappened(eventOf(number));
    await pass(writer, FLUSH_MS);
    expect(changes.taken).toEqual([1000, 1000, 500]);
    expect(store.batches).toEqual([1000, 200, 2500]);
    expect(await loadAll(store)).toHaveLength(2500);
  });

  it('writes events between the batches of many triples', { timeout: 30_000 }, async () => {
    const writer = newWriter({ events: 10 });
    const row = current(0);
    for (let number = 0; number < 410_000; number++) changes.add({ ...row, address: number as Address });
    writer.changed();
    store.duringSave = () => {
      for (let number = 0; number < 10; number++) writer.eventHappened(eventOf(number));
    };
    await pass(writer, FLUSH_MS);
    expect(writer.figures()).toMatchObject({ writtenTriples: 410_000, writtenEvents: 30, lostEvents: 0 });
  });

  it('writes what changes during a round in the next one', async () => {
    const writer = newWriter();
    const triple = current(1);
    change(writer, triple);
    let count = 0;
    store.duringSave = () => {
      if (count++ < 3) change(writer, triple);
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
    store.saveTriples = async (batch, mark) => {
      most = Math.max(most, ++running);
      await gate;
      await save(batch, mark);
      running--;
    };
    change(writer, current(1));
    const first = writer.flush();
    await vi.waitFor(() => expect(running).toBe(1));
    change(writer, current(2));
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
    await store.saveTriples(packed([tripleOf(1, { expiresAtMs: clock.nowMs() - 1 })]));
    change(writer, current(2, { expiresAtMs: clock.nowMs() + 5000 }));
    await pass(writer, FLUSH_MS);
    expect(await loadAll(store)).toHaveLength(1);
    expect(writer.figures().deletedTriples).toBe(1);
    change(writer, current(3));
    await pass(writer, 10_000);
    expect(await loadAll(store)).toHaveLength(2);
    change(writer, current(3));
    await pass(writer, 60_000);
    expect(await loadAll(store)).toHaveLength(1);
    expect(writer.figures().deletedTriples).toBe(2);
  });
});

describe('while the store fails', () => {
  it('keeps what waits, tries again, and says so once', async () => {
    const writer = newWriter();
    store.failing = full();
    for (let number = 0; number < 1500; number++) change(writer, current(number));
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
    change(writer, current(1));
    for (const error of [full(), new GluewallError('store-corrupt', 'damaged'), new Error('boom'), undefined, full()]) {
      store.failing = error;
      change(writer, current(2));
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

  it('holds no more events than its bound, and counts what is lost', async () => {
    const writer = newWriter({ events: 20 });
    store.failing = full();
    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 30; number++) writer.eventHappened(eventOf(number));
      await pass(writer, FLUSH_MS);
    }
    const { waitingEvents, lostEvents } = writer.figures();
    expect(waitingEvents + lostEvents).toBe(60);
    expect(waitingEvents).toBeLessThanOrEqual(40);
    store.failing = undefined;
    await pass(writer, FLUSH_MS);
    expect(await findAll(store)).toHaveLength(waitingEvents);
  });

  it('lets go of rows that the store refuses for good, and goes on', async () => {
    const writer = newWriter();
    store.failing = new GluewallError('store-rows', 'too long');
    change(writer, current(1));
    writer.eventHappened(eventOf(1));
    await pass(writer, FLUSH_MS);
    expect(writer.figures()).toMatchObject({ lostTriples: 1, lostEvents: 1, failing: undefined, waitingTriples: 0 });
    expect(lines).toHaveLength(2);
  });

  it('does nothing twice whose answer was lost', async () => {
    const writer = newWriter();
    store.losesAnswers = true;
    writer.eventHappened(eventOf(1));
    change(writer, current(1));
    for (let round = 0; round < 3; round++) await pass(writer, FLUSH_MS);
    store.losesAnswers = false;
    writer.eventHappened(eventOf(2));
    await pass(writer, FLUSH_MS);
    expect(await findAll(store)).toStrictEqual([eventOf(1), eventOf(2)]);
    expect(await loadAll(store)).toHaveLength(1);
  });
});

describe('with a journal', () => {
  let folder: string;
  const open = (maxOctets = 1 << 20) => Journal.open(join(folder, 'journal'), maxOctets);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gluewall-journal-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('puts there what the store does not take, and writes it in order when that is back', async () => {
    const writer = newWriter({ journal: await open() });
    store.failing = away();
    for (let number = 0; number < 1500; number++) writer.eventHappened(eventOf(number));
    change(writer, current(1));
    await pass(writer, FLUSH_MS);
    expect(writer.figures()).toMatchObject({
      waitingTriples: 0,
      waitingEvents: 0,
      journalSaves: 3,
      failing: 'store-away',
    });
    change(writer, current(1, { sightings: 99 }));
    writer.eventHappened(eventOf(1500));
    // The store is asked again later; until then the journal takes all.
    for (let round = 0; round < 3; round++) await pass(writer, FLUSH_MS);
    expect(writer.figures()).toMatchObject({ waitingTriples: 0, waitingEvents: 0, journalSaves: 5 });
    store.failing = undefined;
    await pass(writer, 60_000);
    expect(await findAll(store)).toStrictEqual(Array.from({ length: 1501 }, (_, number) => eventOf(number)));
    expect(await loadAll(store)).toEqual([expect.objectContaining({ sightings: 99 })]);
    expect(writer.figures()).toMatchObject({
      journalSaves: 0,
      journalBytes: 0,
      writtenEvents: 1501,
      failing: undefined,
    });
    expect(lines).toHaveLength(2);
    await writer.stop();
  });

  it('leaves to the next process what the store did not take', async () => {
    const writer = newWriter({ journal: await open() });
    store.failing = away();
    writer.eventHappened(eventOf(1));
    change(writer, current(1));
    await writer.stop();
    expect(writer.figures()).toMatchObject({ lostEvents: 0, lostTriples: 0 });
    store.failing = undefined;
    const next = newWriter({ journal: await open() });
    next.eventHappened(eventOf(2));
    await pass(next, FLUSH_MS);
    expect(await findAll(store)).toStrictEqual([eventOf(1), eventOf(2)]);
    expect(await loadAll(store)).toHaveLength(1);
    await next.stop();
  });

  it('does nothing twice whose answer was lost, also after a crash', async () => {
    const journal = await open();
    const writer = newWriter({ journal });
    store.losesAnswers = true;
    for (let number = 0; number < 3; number++) {
      writer.eventHappened(eventOf(number));
      await pass(writer, FLUSH_MS);
    }
    expect(writer.figures().journalSaves).toBe(3);
    // The process ends here, and another takes the journal over.
    await journal.close();
    store.losesAnswers = false;
    const next = newWriter({ journal: await open() });
    await pass(next, 60_000);
    expect(await findAll(store)).toStrictEqual([eventOf(0), eventOf(1), eventOf(2)]);
    expect(next.figures().journalSaves).toBe(0);
    await next.stop();
  });

  it('keeps in memory what finds no room in it, and says so', async () => {
    const writer = newWriter({ journal: await open(1000) });
    store.failing = away();
    for (let round = 0; round < 5; round++) {
      writer.eventHappened(eventOf(round));
      change(writer, current(round));
      await pass(writer, FLUSH_MS);
    }
    const { journalBytes, journalRefusals, waitingEvents, lostEvents } = writer.figures();
    expect(journalBytes).toBeLessThanOrEqual(1000);
    expect(journalRefusals).toBeGreaterThan(0);
    expect(waitingEvents).toBeGreaterThan(0);
    expect(lostEvents).toBe(0);
    store.failing = undefined;
    await pass(writer, 60_000);
    expect(await findAll(store)).toHaveLength(5);
    expect(await loadAll(store)).toHaveLength(5);
    await writer.stop();
  });
});

describe('at the stop', () => {
  it('writes what waits, twice without harm, and takes no more', async () => {
    const writer = newWriter();
    change(writer, current(1));
    writer.eventHappened(eventOf(1));
    await Promise.all([writer.stop(), writer.stop()]);
    await writer.stop();
    expect(await loadAll(store)).toHaveLength(1);
    expect(await findAll(store)).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    change(writer, current(2));
    writer.eventHappened(eventOf(2));
    expect(clock.pendingTimers).toBe(0);
    expect(writer.figures()).toMatchObject({ lostTriples: 0, lostEvents: 1 });
    expect(lines).toEqual([]);
  });

  it('writes what came while a round was running', async () => {
    const writer = newWriter();
    change(writer, current(1));
    const flushed = writer.flush();
    change(writer, current(2));
    await Promise.all([flushed, writer.stop()]);
    expect(await loadAll(store)).toHaveLength(2);
  });

  it('says what it could not write', async () => {
    const writer = newWriter();
    store.failing = full();
    change(writer, current(1));
    for (let number = 0; number < 1500; number++) writer.eventHappened(eventOf(number));
    await writer.stop();
    expect(writer.figures()).toMatchObject({ waitingEvents: 0, lostTriples: 1, lostEvents: 1500 });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/error store-write the store could not be written before the stop/);
    expect(clock.pendingTimers).toBe(0);
  });
});
