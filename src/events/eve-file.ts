import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BoundedQueue } from '../core/bounded-queue.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** Whoever may read the log group's files may read it. */
const FILE_MODE = 0o640;
/** Read too, to see how the file ends; a pipe without a reader must not hold up the opening. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const LINE_FEED = 0x0a;
const RETRY_MS = 1000;
/** The most events of one write: making their lines takes about a millisecond, and packets wait for it. */
const BATCH = 256;

export interface EveFileOptions {
  /** The most events that wait for the disk; what comes beyond is lost and counted. */
  readonly backlog: number;
  readonly clock: Clock;
  /** Opens a file as node:fs/promises does. */
  readonly open: typeof open;
}

const DEFAULTS: EveFileOptions = { backlog: 16_384, clock: systemClock, open };

/** Lines that are being written: what of `octets` from `offset` on is not in the file yet. */
interface Batch {
  readonly octets: Buffer;
  readonly events: number;
  offset: number;
}

export interface EveFigures {
  /** Events in the file. */
  readonly written: number;
  /** Events that found no room, or could not be written before the end. */
  readonly lost: number;
  readonly waiting: number;
  /** Writes that failed, and were or will be tried again. */
  readonly failedWrites: number;
}

/**
 * Appends each event as one line of JSON to a file. `push` never waits: one write is under way at a time, what comes in
 * between goes with the next. What cannot be written is tried again every second. `start` before anything else.
 */
export class EveFile<E> {
  readonly #path: string;
  readonly #lineOf: (event: E) => string;
  readonly #log: Log;
  readonly #options: EveFileOptions;
  readonly #waiting: BoundedQueue<E>;
  #handle: FileHandle | undefined;
  #batch: Batch | undefined;
  #running: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #reopenWanted = false;
  #isStopped = false;
  #stopping: Promise<void> | undefined;
  /** True from the first failed write until one succeeds. */
  #isFailing = false;
  #written = 0;
  #lost = 0;
  #failedWrites = 0;

  /** `lineOf` gives the line of an event, without the line feed. */
  constructor(path: string, lineOf: (event: E) => string, log: Log, options: Partial<EveFileOptions> = {}) {
    this.#path = path;
    this.#lineOf = lineOf;
    this.#log = log;
    this.#options = { ...DEFAULTS, ...options };
    this.#waiting = new BoundedQueue(this.#options.backlog);
  }

  get figures(): EveFigures {
    const inBatch = this.#batch?.events ?? 0;
    return {
      written: this.#written,
      lost: this.#lost,
      waiting: this.#waiting.size + inBatch,
      failedWrites: this.#failedWrites,
    };
  }

  /** Opens the file, and makes it if it is not there. Rejects with GluewallError `eve-file`. */
  async start(): Promise<void> {
    this.#handle = await this.#open();
  }

  push(event: E): void {
    if (this.#isStopped || !this.#waiting.push(event)) this.#lost++;
    else this.#wake();
  }

  /** Opens the file anew under its name, after a log rotation took it away; what is under way goes to the old one. */
  reopen(): void {
    this.#reopenWanted = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#wake();
  }

  /** Writes what waits, as far as the disk takes it, and closes. Safe twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    await this.#running;
    if (this.#handle === undefined) return;
    await this.#writeOut();
    this.#lost += this.figures.waiting;
    while (this.#waiting.shift() !== undefined);
    this.#batch = undefined;
    await this.#handle.close();
    this.#handle = undefined;
  }

  /** Starts a round of writing, unless one is under way, a failure is being waited out, or the end has come. */
  #wake(): void {
    if (this.#running !== undefined || this.#cancelRetry !== undefined) return;
    if (this.#isStopped || this.#handle === undefined) return;
    this.#running = this.#round();
  }

  async #round(): Promise<void> {
    // Events come in bursts: let this one come in whole.
    await Promise.resolve();
    const isDone = await this.#writeOut();
    this.#running = undefined;
    if (this.#isStopped) return;
    if (!isDone) {
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => {
        this.#cancelRetry = undefined;
        this.#wake();
      });
    } else if (this.#waiting.size > 0 || this.#reopenWanted) {
      this.#wake();
    }
  }

  /** Writes until nothing waits; false when the disk does not take it. */
  async #writeOut(): Promise<boolean> {
    for (;;) {
      if (this.#reopenWanted) await this.#changeFile();
      this.#batch ??= this.#nextBatch();
      if (this.#batch === undefined) return true;
      const failure = await this.#writeBatch(this.#batch);
      if (failure !== undefined) {
        this.#failed(failure);
        return false;
      }
      this.#written += this.#batch.events;
      this.#batch = undefined;
      this.#succeeded();
    }
  }

  #nextBatch(): Batch | undefined {
    const lines: string[] = [];
    while (lines.length < BATCH) {
      const event = this.#waiting.shift();
      if (event === undefined) break;
      lines.push(`${this.#lineOf(event)}\n`);
    }
    return lines.length === 0 ? undefined : { octets: Buffer.from(lines.join('')), events: lines.length, offset: 0 };
  }

  /** A disk that fills up takes a part: the rest is for the next time. */
  async #writeBatch(batch: Batch): Promise<unknown> {
    try {
      while (batch.offset < batch.octets.length) {
        const { bytesWritten } = await this.#handle!.write(batch.octets, batch.offset);
        if (bytesWritten === 0) return new Error('the disk takes nothing');
        batch.offset += bytesWritten;
      }
      return undefined;
    } catch (failure) {
      return failure;
    }
  }

  #failed(failure: unknown): void {
    this.#failedWrites++;
    if (this.#isFailing) return;
    this.#isFailing = true;
    const fields = { file: this.#path, error: (failure as Error).message };
    this.#log.error(fields, `events cannot be written to ${this.#path}: they wait, as far as there is room`);
  }

  #succeeded(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#log.info({ file: this.#path, lost: this.#lost }, `events are written to ${this.#path} again`);
  }

  /** Where the new file cannot be had, the old one goes on: nothing is lost. */
  async #changeFile(): Promise<void> {
    this.#reopenWanted = false;
    try {
      const next = await this.#open();
      await this.#finishLine();
      const old = this.#handle;
      this.#handle = next;
      await old?.close();
    } catch (error) {
      this.#log.error({ file: this.#path }, `${(error as Error).message}; events go on to the file that was open`);
    }
  }

  /** A line that was begun in the old file is to be whole in one of the two. */
  async #finishLine(): Promise<void> {
    const batch = this.#batch;
    if (batch === undefined || batch.offset === 0) return;
    if ((await this.#writeBatch(batch)) === undefined) return;
    const lineStart = batch.octets.lastIndexOf(LINE_FEED, batch.offset - 1) + 1;
    batch.offset = lineStart;
  }

  async #open(): Promise<FileHandle> {
    let handle: FileHandle | undefined;
    try {
      handle = await this.#options.open(this.#path, FLAGS, FILE_MODE);
      const { size, isRegular } = await lookAt(handle);
      if (!isRegular) throw new GluewallError('eve-file', `eve.file: ${this.#path} is no regular file`);
      if (size > 0 && !(await endsLine(handle, size))) await handle.write('\n');
      return handle;
    } catch (cause) {
      await handle?.close();
      if (cause instanceof GluewallError) throw cause;
      const { code } = cause as NodeJS.ErrnoException;
      const remedy = code === 'ENOENT' ? 'make the folder' : 'let gluewall write there';
      throw new GluewallError('eve-file', `eve.file: ${this.#path} cannot be opened (${code}); ${remedy}`, { cause });
    }
  }
}

async function lookAt(handle: FileHandle): Promise<{ readonly size: number; readonly isRegular: boolean }> {
  const stats = await handle.stat();
  return { size: stats.size, isRegular: stats.isFile() };
}

/** False where a process or a disk ended in the middle of a line. */
async function endsLine(handle: FileHandle, size: number): Promise<boolean> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 0 || buffer[0] === LINE_FEED;
}
