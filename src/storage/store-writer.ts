import { setImmediate } from 'node:timers/promises';
import { BoundedQueue } from '../core/bounded-queue.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { Store } from './store.ts';

export interface StoreWriterOptions {
  /** From a change to its writing, milliseconds: what a crash may lose. */
  readonly flushMs: number;
  /** The most triples that wait. */
  readonly triples?: number;
  /** The most events that wait. */
  readonly events?: number;
}

/** Figures since the start. */
export interface StoreWriterFigures {
  readonly writtenTriples: number;
  readonly writtenEvents: number;
  readonly waitingTriples: number;
  readonly waitingEvents: number;
  /** What found no room while the store was slow or failed, and what was left at the stop. */
  readonly lostTriples: number;
  readonly lostEvents: number;
  readonly deletedTriples: number;
  /** When all that waited was last written; undefined for never. */
  readonly lastFlushAtMs: number | undefined;
  /** The code of the error that keeps the last round from being written. */
  readonly failing: string | undefined;
}

const DEFAULT_TRIPLES = 1_000_000;
const DEFAULT_EVENTS = 8192;
/** Rows handed over in one turn of the event loop: copying a thousand takes about two milliseconds. */
const BATCH_ROWS = 1000;
const DELETE_EVERY_MS = 60_000;

/**
 * Carries what changes to the store, behind the packet path: noting a change costs next to nothing, and all that
 * changed is written together some time later. What cannot be written waits for the next round, within bounds.
 */
export class StoreWriter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: Pick<Store, 'saveTriples' | 'saveEvents' | 'deleteExpiredTriples'>;
  readonly #flushMs: number;
  readonly #maxTriples: number;
  /** Rows of the history, each the same object for as long as it is held: what they say is read when they are written. */
  readonly #triples = new Set<NsTriple>();
  readonly #events: BoundedQueue<VerdictEvent>;
  /** Taken from the queue and not written yet. */
  #eventBatch: readonly VerdictEvent[] = [];
  #cancelRound: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isStopped = false;
  #deletedAtMs: number;
  #writtenTriples = 0;
  #writtenEvents = 0;
  #lostTriples = 0;
  #lostEvents = 0;
  #deletedTriples = 0;
  #lastFlushAtMs: number | undefined;
  #failing: string | undefined;

  constructor(
    clock: Clock,
    log: Log,
    store: Pick<Store, 'saveTriples' | 'saveEvents' | 'deleteExpiredTriples'>,
    options: StoreWriterOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.#flushMs = options.flushMs;
    this.#maxTriples = options.triples ?? DEFAULT_TRIPLES;
    this.#events = new BoundedQueue(options.events ?? DEFAULT_EVENTS);
    // What expired while nothing ran is deleted in the first round.
    this.#deletedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Notes a triple that is new or was seen again; to be called with the object that the history holds. */
  tripleChanged(triple: NsTriple): void {
    if (triple.origin !== 'learned') return;
    if (this.#isStopped || (this.#triples.size >= this.#maxTriples && !this.#triples.has(triple))) {
      this.#lostTriples++;
      return;
    }
    this.#triples.add(triple);
    this.#schedule();
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
    return {
      writtenTriples: this.#writtenTriples,
      writtenEvents: this.#writtenEvents,
      waitingTriples: this.#triples.size,
      waitingEvents: this.#waitingEvents,
      lostTriples: this.#lostTriples,
      lostEvents: this.#lostEvents,
      deletedTriples: this.#deletedTriples,
      lastFlushAtMs: this.#lastFlushAtMs,
      failing: this.#failing,
    };
  }

  get #waitingEvents(): number {
    return this.#events.size + this.#eventBatch.length;
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRound?.();
    this.#cancelRound = undefined;
    await this.flush();
    const triples = this.#triples.size;
    const events = this.#waitingEvents;
    if (triples + events === 0) return;
    this.#lostTriples += triples;
    this.#lostEvents += events;
    this.#triples.clear();
    this.#eventBatch = [];
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
    try {
      // Events first: a triple that is lost is learned again.
      await this.#writeEvents();
      await this.#writeTriples();
      await this.#deleteExpired();
      this.#lastFlushAtMs = this.#clock.nowMs();
      this.#worked();
    } catch (cause) {
      this.#failed(cause);
    }
    if (!this.#isStopped && this.#triples.size + this.#waitingEvents > 0) this.#schedule();
  }

  async #writeEvents(): Promise<void> {
    for (let left = this.#waitingEvents; left > 0; left -= BATCH_ROWS) {
      if (this.#eventBatch.length === 0) this.#eventBatch = take(this.#events, BATCH_ROWS);
      await this.#store.saveEvents(this.#eventBatch);
      this.#writtenEvents += this.#eventBatch.length;
      this.#eventBatch = [];
      await setImmediate();
    }
  }

  async #writeTriples(): Promise<void> {
    for (let left = this.#triples.size; left > 0; left -= BATCH_ROWS) {
      const batch = this.#takeTriples();
      try {
        await this.#store.saveTriples(batch);
      } catch (cause) {
        this.#putBack(batch);
        throw cause;
      }
      this.#writtenTriples += batch.length;
      await setImmediate();
      // There is less room for them: they do not wait for all of a large import.
      await this.#writeEvents();
    }
  }

  /** The oldest of what waits; a triple that changes from here on waits anew. */
  #takeTriples(): NsTriple[] {
    const batch: NsTriple[] = [];
    for (const triple of this.#triples) {
      if (batch.length === BATCH_ROWS) break;
      this.#triples.delete(triple);
      batch.push(triple);
    }
    return batch;
  }

  #putBack(batch: readonly NsTriple[]): void {
    for (const triple of batch) {
      if (this.#triples.size < this.#maxTriples) this.#triples.add(triple);
      else if (!this.#triples.has(triple)) this.#lostTriples++;
    }
  }

  async #deleteExpired(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#deletedAtMs < DELETE_EVERY_MS) return;
    this.#deletedTriples += await this.#store.deleteExpiredTriples(nowMs);
    this.#deletedAtMs = nowMs;
  }

  #worked(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#log.info({}, 'the store can be written again');
  }

  #failed(cause: unknown): void {
    const code = cause instanceof GluewallError ? cause.code : 'internal';
    if (this.#failing === code) return;
    this.#failing = code;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const rest = 'it is tried again, and what is new waits in memory until then';
    this.#log.error({ code, cause: code === 'internal' ? cause : undefined }, `${reason}; ${rest}`);
  }
}

function take<T>(queue: BoundedQueue<T>, most: number): T[] {
  const items: T[] = [];
  while (items.length < most && queue.size > 0) items.push(queue.shift()!);
  return items;
}
