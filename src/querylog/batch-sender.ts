import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { QueryLogStore, SourceBatch, SourcePosition } from './query-log-store.ts';
import type { QueueRoom } from './queue-room.ts';

/** What batches are kept in, as far as a source needs it. */
export type BatchStore = Pick<QueryLogStore, 'append' | 'position'>;

export interface BatchSenderOptions {
  /** The name of the source. */
  readonly source: string;
  /** Of a source that cannot be read a second time: memory for what waits, beyond which batches are lost. */
  readonly room?: QueueRoom | undefined;
  /** Whether to try again when the store rejects; if not, its error is given to whoever waits. */
  readonly triesAgain: boolean;
  /** Told of a batch that was taken and will never be kept. */
  readonly onLost?: ((batch: SourceBatch) => void) | undefined;
}

const MAX_WAITING = 2;
/** What the store says of a batch that it will never take. */
const REFUSALS: readonly string[] = ['store-batch', 'store-rows'];
/** What it says when it has another position of the source than the one that a batch goes on from: nothing that follows fits. */
const CONFLICT = 'store-position';
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** Hands the batches of one source to the store one after the other, and again when it does not take them. */
export class BatchSender {
  readonly #options: BatchSenderOptions;
  readonly #store: BatchStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #waiting: SourceBatch[] = [];
  #running: Promise<void> | undefined;
  /** Told when there is room again, or none will ever be. */
  #waiters: (() => void)[] = [];
  #cancelPause: (() => void) | undefined;
  #endPause: (() => void) | undefined;
  /** Set from the first rejection until a batch is taken. */
  #failure: Error | undefined;
  #isStopped = false;
  /** The position that the store kept last, as far as we know. */
  #kept: SourcePosition | undefined;

  constructor(options: BatchSenderOptions, store: BatchStore, clock: Clock, log: Log) {
    this.#options = options;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Goes on from a position that the store has. */
  resume(position: SourcePosition): void {
    this.#kept = position;
  }

  /** Why the store took nothing when it was last asked. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether the store has rejected what will not be tried again: nothing more is kept. */
  get isOver(): boolean {
    return this.#failure !== undefined && (!this.#options.triesAgain || this.#hasConflict);
  }

  get #hasConflict(): boolean {
    return this.#failure !== undefined && codeOf(this.#failure) === CONFLICT;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether whoever can wait should. */
  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** False when there is no room for it: it is lost. */
  send(batch: SourceBatch): boolean {
    const { room } = this.#options;
    // Whoever else reads the source keeps the same places: what waits here could pass for what was kept there.
    if (this.#isStopped || this.#hasConflict || (room !== undefined && !room.take(batchOctets(batch)))) return false;
    this.#waiting.push(batch);
    this.#running ??= this.#run();
    return true;
  }

  /** Resolves when it is not full. Rejects with the store's error where it is not asked again, and with `store-position` always. */
  async whenRoom(): Promise<void> {
    while (this.isFull && !this.#hasGivenUp) await this.#change();
    this.#throwFailure();
  }

  /** Resolves when all has been kept. Rejects as `whenRoom` does. */
  async whenIdle(): Promise<void> {
    while (!this.isIdle && !this.#hasGivenUp) await this.#change();
    this.#throwFailure();
  }

  /** Tries once more to hand over what waits; what is not taken then is left. Safe twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause?.();
    await this.#running;
    const { room, onLost } = this.#options;
    for (const batch of this.#waiting.splice(0)) {
      room?.give(batchOctets(batch));
      if (room !== undefined) onLost?.(batch);
    }
    this.#tell();
  }

  get #hasGivenUp(): boolean {
    return this.#isStopped || this.isOver;
  }

  #throwFailure(): void {
    if (this.isOver) throw this.#failure;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let batch = this.#waiting[0]; batch !== undefined; batch = this.#waiting[0]) {
      const isAgain = this.#failure !== undefined;
      const failure = await this.#append(batch, isAgain);
      if (failure === undefined) {
        pauseMs = FIRST_PAUSE_MS;
        this.#taken(batch);
      } else if (this.#options.triesAgain && isRefusal(failure)) {
        this.#refused(batch, failure);
      } else {
        this.#failed(failure);
        if (this.#hasGivenUp) break;
        await this.#pause(pauseMs);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
    this.#running = undefined;
  }

  /** A rejected batch may have been kept all the same, as when the word that it was got lost: its position tells. */
  async #append(batch: SourceBatch, isAgain: boolean): Promise<Error | undefined> {
    try {
      if (isAgain && batch.position !== undefined) {
        const kept = await this.#store.position(batch.source);
        if (kept !== undefined && isSamePosition(kept, batch.position)) return undefined;
      }
      // What is given to a store is the store's, and it may be asked again.
      await this.#store.append({ ...batch, from: this.#kept, entries: batch.entries.slice() });
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #taken(batch: SourceBatch): void {
    this.#waiting.shift();
    this.#kept = batch.position ?? this.#kept;
    this.#options.room?.give(batchOctets(batch));
    if (this.#failure !== undefined && this.#options.triesAgain) {
      this.#log.info({ source: this.#options.source }, 'the query log takes entries again');
    }
    this.#failure = undefined;
    this.#tell();
  }

  #refused(batch: SourceBatch, { message }: Error): void {
    this.#waiting.shift();
    const { source, room, onLost } = this.#options;
    room?.give(batchOctets(batch));
    onLost?.(batch);
    this.#log.error({ source }, `what ${source} brought is left out of the query log: ${message}`);
    this.#tell();
  }

  #failed(failure: Error): void {
    const isFirst = this.#failure === undefined;
    this.#failure = failure;
    this.#tell();
    if (!isFirst || this.isOver) return;
    const { source, room } = this.#options;
    const then = room === undefined ? 'reading waits' : 'what comes waits in memory, as far as there is room';
    this.#log.error(
      { source, error: failure.message },
      `the query log takes no entries of ${source}: ${failure.message}; ${then}`,
    );
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.#cancelPause?.();
        this.#cancelPause = undefined;
        this.#endPause = undefined;
        resolve();
      };
      this.#endPause = end;
      this.#cancelPause = this.#clock.after(pauseMs, end);
    });
  }
}

function isRefusal(failure: Error): boolean {
  return REFUSALS.includes(codeOf(failure) ?? '');
}

function codeOf(failure: Error): string | undefined {
  return failure instanceof GluewallError ? failure.code : undefined;
}

function isSamePosition(a: SourcePosition, b: SourcePosition): boolean {
  return a.fingerprint === b.fingerprint && a.offset === b.offset && a.state === b.state;
}

/** Memory of a batch, about. */
function batchOctets({ entries, quarantined }: SourceBatch): number {
  return entries.length + quarantined.reduce((sum, { sample }) => sum + sample.length + 256, 256);
}
