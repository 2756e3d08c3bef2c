import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { BoundedQueue } from '../core/bounded-queue.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { SaveMark } from '../core/save-mark.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { joinTriples } from '../nsdb/triple-batch.ts';
import type { Journal } from './journal.ts';
import { journalEntry, readJournalEntry, rowCount, type SavedRows, saveRows } from './pending-save.ts';
import type { Store } from './store.ts';

/** Where changed triples wait until they are taken. */
export interface ChangedTriples {
  /** How many wait, about. */
  readonly waiting: number;
  /** A batch of `most` at the most; undefined when none wait. */
  takeChanged(most: number): Uint8Array | undefined;
}

export interface StoreWriterOptions {
  /** From a change to its writing, milliseconds: what a crash may lose. */
  readonly flushMs: number;
  /** How long a triple that has expired is kept, milliseconds. */
  readonly keepMs: number;
  /** The most events that wait. */
  readonly events?: number;
  /** Where saves wait while the store is away; without one they wait in memory. The writer closes it. */
  readonly journal?: Journal | undefined;
}

/** Figures since the start. */
export interface StoreWriterFigures {
  readonly writtenTriples: number;
  readonly writtenEvents: number;
  readonly waitingTriples: number;
  readonly waitingEvents: number;
  /** What found no room while the store was slow or failed, what it refused, and what was left at the stop. */
  readonly lostTriples: number;
  readonly lostEvents: number;
  readonly deletedTriples: number;
  /** When all that waited was last written; undefined for never. */
  readonly lastFlushAtMs: number | undefined;
  /** The code of the error that keeps the last round from being written. */
  readonly failing: string | undefined;
  /** Saves that wait in the journal, its octets, and saves that found no room in it and wait in memory. */
  readonly journalSaves: number;
  readonly journalBytes: number;
  readonly journalRefusals: number;
}

const DEFAULT_EVENTS = 32_768;
/** Rows taken in one turn of the event loop: it takes one or two milliseconds. */
const TURN_ROWS = 1000;
/** Rows saved together, and their octets, about: the tables are written page by page, so many at once cost less. */
const SAVE_ROWS = 200_000;
const SAVE_BYTES = 32 << 20;
/** Rows that go into the journal together. */
const SPILL_ROWS = 10_000;
const EVENT_ROWS = 1000;
const DELETE_EVERY_MS = 60_000;
/** A store that is away is asked again after the time of a round, then twice as long each time, up to this. */
const MAX_RETRY_MS = 15_000;

/** Rows on their way, with the mark they got at the first attempt. */
interface Save {
  readonly rows: SavedRows;
  mark: SaveMark | undefined;
}

/**
 * Carries what changes to the store, behind the packet path: noting a change costs next to nothing, and all that changed is
 * written together some time later. Saves go one after the other, each under a mark, so that one whose answer was lost is not
 * done twice. What cannot be written goes into the journal, or waits for the next round, within bounds.
 */
export class StoreWriter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: Pick<Store, 'saveTriples' | 'saveEvents' | 'deleteExpiredTriples'>;
  readonly #changed: ChangedTriples;
  readonly #flushMs: number;
  readonly #keepMs: number;
  readonly #journal: Journal | undefined;
  readonly #writer = randomUUID().replaceAll('-', '');
  readonly #events: BoundedQueue<VerdictEvent>;
  /** Taken, and not written yet: three at the most. Those that were tried come first. */
  readonly #inHand: Save[] = [];
  #sequence = 0;
  #cancelRound: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isStopped = false;
  #deletedAtMs: number;
  #retryMs: number;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #writtenTriples = 0;
  #writtenEvents = 0;
  #lostTriples = 0;
  #lostEvents = 0;
  #deletedTriples = 0;
  #journalRefusals = 0;
  #lastFlushAtMs: number | undefined;
  #failing: string | undefined;

  constructor(
    clock: Clock,
    log: Log,
    store: Pick<Store, 'saveTriples' | 'saveEvents' | 'deleteExpiredTriples'>,
    changed: ChangedTriples,
    options: StoreWriterOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.#changed = changed;
    this.#flushMs = options.flushMs;
    this.#keepMs = options.keepMs;
    this.#journal = options.journal;
    this.#retryMs = options.flushMs;
    this.#events = new BoundedQueue(options.events ?? DEFAULT_EVENTS);
    // What expired while nothing ran is deleted in the first round.
    this.#deletedAtMs = Number.NEGATIVE_INFINITY;
    if (this.#hasWork) this.#schedule();
  }

  /** To be called when triples wait where none did before. */
  changed(): void {
    if (!this.#isStopped) this.#schedule();
  }

  eventHappened(event: VerdictEvent): void {
    if (this.#isStopped || !this.#events.push(event)) this.#lostEvents++;
    else this.#schedule();
  }

  /** Writes all that waits now; resolves when that was tried. Never rejects: what failed is in the log and the figures. */
  flush(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#round().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // A round that runs has passed by what came since: one more follows for all who ask.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.flush();
    });
    return this.#next;
  }

  /** Writes what waits, once, and takes no more. Safe twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  figures(): StoreWriterFigures {
    const inHand = (kind: SavedRows['kind']) =>
      this.#inHand.reduce((sum, { rows }) => sum + (rows.kind === kind ? rowCount(rows) : 0), 0);
    return {
      writtenTriples: this.#writtenTriples,
      writtenEvents: this.#writtenEvents,
      waitingTriples: this.#changed.waiting + inHand('triples'),
      waitingEvents: this.#events.size + inHand('events'),
      lostTriples: this.#lostTriples,
      lostEvents: this.#lostEvents,
      deletedTriples: this.#deletedTriples,
      lastFlushAtMs: this.#lastFlushAtMs,
      failing: this.#failing,
      journalSaves: this.#journal?.count ?? 0,
      journalBytes: this.#journal?.sizeBytes ?? 0,
      journalRefusals: this.#journalRefusals,
    };
  }

  get #hasWork(): boolean {
    const waiting = this.#events.size + this.#inHand.length + this.#changed.waiting;
    return waiting + (this.#journal?.count ?? 0) > 0;
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRound?.();
    this.#cancelRound = undefined;
    await this.flush();
    const { waitingTriples: triples, waitingEvents: events } = this.figures();
    await this.#journal?.close().catch((cause: unknown) => this.#log.warn({ cause }, 'the journal was not closed'));
    if (triples + events === 0) return;
    this.#lostTriples += triples;
    this.#lostEvents += events;
    this.#inHand.length = 0;
    while (this.#events.shift() !== undefined);
    this.#log.error({ triples, events, code: this.#failing }, 'the store could not be written before the stop');
  }

  #schedule(): void {
    this.#cancelRound ??= this.#clock.after(this.#flushMs, () => {
      this.#cancelRound = undefined;
      void this.flush();
    });
  }

  async #round(): Promise<void> {
    const mayTry = this.#journal === undefined || this.#isStopped || this.#clock.nowMs() >= this.#retryAtMs;
    try {
      if (mayTry) await this.#write();
      else await this.#spill();
    } catch (cause) {
      this.#failed(cause);
      await this.#spill().catch((problem: unknown) => this.#journalFailed(problem));
    }
    if (!this.#isStopped && this.#hasWork) this.#schedule();
  }

  async #write(): Promise<void> {
    await this.#replay();
    for (let left = this.#inHand.length; left > 0; left--) await this.#saveFirst();
    // Events first: a triple that is lost is learned again.
    await this.#writeEvents();
    await this.#writeTriples();
    await this.#deleteExpired();
    this.#lastFlushAtMs = this.#clock.nowMs();
    this.#worked();
  }

  /** Writes what the journal holds. */
  async #replay(): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    for (let left = journal.count; left > 0; left--) {
      const entry = await journal.first();
      if (entry === undefined) return;
      await this.#save(readJournalEntry(entry), entry.mark);
      await journal.drop();
    }
  }

  async #writeEvents(): Promise<void> {
    for (let left = this.#events.size; left > 0; left -= EVENT_ROWS) {
      this.#takeEvents();
      await this.#saveFirst();
      await setImmediate();
    }
  }

  #takeEvents(): void {
    const events: VerdictEvent[] = [];
    while (events.length < EVENT_ROWS && this.#events.size > 0) events.push(this.#events.shift()!);
    if (events.length === 0) return;
    // Before triples that were not tried yet; marks rise in the order of the saves.
    const begun = this.#inHand.filter(({ mark }) => mark !== undefined).length;
    this.#inHand.splice(begun, 0, { rows: { kind: 'events', events }, mark: undefined });
  }

  /** The next batch is put together while one is written. */
  async #writeTriples(): Promise<void> {
    let left = this.#changed.waiting;
    if (left > 0) await this.#takeTriples(SAVE_ROWS);
    while (this.#inHand.length > 0) {
      left -= rowCount(this.#inHand[0]!.rows);
      const saving = this.#saveFirst();
      // It is waited for below; until then it must not count as forgotten.
      saving.catch(() => {});
      if (left > 0) await this.#takeTriples(SAVE_ROWS);
      await saving;
      // There is less room for them: they do not wait for all of a large import.
      await this.#writeEvents();
    }
  }

  async #takeTriples(most: number): Promise<void> {
    const batches: Uint8Array[] = [];
    let octets = 0;
    for (let rows = 0; rows < most && octets < SAVE_BYTES; rows += TURN_ROWS) {
      const batch = this.#changed.takeChanged(TURN_ROWS);
      if (batch === undefined) break;
      batches.push(batch);
      octets += batch.length;
      await setImmediate();
    }
    if (batches.length > 0)
      this.#inHand.push({ rows: { kind: 'triples', batch: joinTriples(batches) }, mark: undefined });
  }

  async #saveFirst(): Promise<void> {
    const save = this.#inHand[0];
    if (save === undefined) return;
    save.mark ??= this.#nextMark();
    await this.#save(save.rows, save.mark);
    this.#inHand.shift();
  }

  /** Rows that the store refuses for good are lost: they would keep all that follow from it. */
  async #save(rows: SavedRows, mark: SaveMark): Promise<void> {
    const count = rowCount(rows);
    try {
      await saveRows(this.#store, rows, mark);
    } catch (cause) {
      if (!(cause instanceof GluewallError && cause.code === 'store-rows')) throw cause;
      if (rows.kind === 'triples') this.#lostTriples += count;
      else this.#lostEvents += count;
      this.#log.error({ code: cause.code, rows: count }, cause.message);
      return;
    }
    if (rows.kind === 'triples') this.#writtenTriples += count;
    else this.#writtenEvents += count;
  }

  /** In the order of the first attempts, which is that of the saves. */
  #nextMark(): SaveMark {
    this.#sequence++;
    return { writer: this.#writer, sequence: this.#sequence };
  }

  /** Moves all that waits into the journal, as far as there is room. */
  async #spill(): Promise<void> {
    if (this.#journal === undefined) return;
    if (!(await this.#spillInHand())) return;
    while (this.#events.size > 0) {
      this.#takeEvents();
      if (!(await this.#spillInHand())) return;
    }
    for (let left = this.#changed.waiting; left > 0; left -= SPILL_ROWS) {
      await this.#takeTriples(SPILL_ROWS);
      if (!(await this.#spillInHand())) return;
    }
  }

  /** False when the journal is full. */
  async #spillInHand(): Promise<boolean> {
    while (this.#inHand.length > 0) {
      const save = this.#inHand[0]!;
      save.mark ??= this.#nextMark();
      if ((await this.#journal?.append(journalEntry(save.rows, save.mark))) !== true) {
        if (this.#journalRefusals === 0) this.#log.warn({}, 'the journal is full: what is new waits in memory');
        this.#journalRefusals++;
        return false;
      }
      this.#inHand.shift();
    }
    return true;
  }

  async #deleteExpired(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#deletedAtMs < DELETE_EVERY_MS) return;
    this.#deletedTriples += await this.#store.deleteExpiredTriples(nowMs - this.#keepMs);
    this.#deletedAtMs = nowMs;
  }

  #worked(): void {
    this.#retryMs = this.#flushMs;
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#log.info({}, 'the store can be written again');
  }

  #failed(cause: unknown): void {
    this.#retryAtMs = this.#clock.nowMs() + this.#retryMs;
    this.#retryMs = Math.min(MAX_RETRY_MS, 2 * this.#retryMs);
    const code = cause instanceof GluewallError ? cause.code : 'internal';
    if (this.#failing === code) return;
    this.#failing = code;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const where = this.#journal === undefined ? 'in memory' : 'in the journal';
    const rest = `it is tried again, and what is new waits ${where} until then`;
    this.#log.error({ code, cause: code === 'internal' ? cause : undefined }, `${reason}; ${rest}`);
  }

  #journalFailed(cause: unknown): void {
    this.#journalRefusals++;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#log.error({}, `the journal cannot be written: ${reason}; what is new waits in memory`);
  }
}
