import type { EntryBatchWriter } from './entry-batch.ts';
import { ExchangeBook, type OpenEntry } from './exchange-book.ts';
import type { LogEntry } from './log-entry.ts';
import type { QueueRoom } from './queue-room.ts';

/** Times in logs are often of whole seconds. */
const SLACK_MS = 1000;

/**
 * Joins queries and responses of servers that say how long a response took, and that may have been told to log both, or one of
 * them alone: a response of which no query was told is an entry of its own, and one so late that its query is no longer waited
 * for is not a second one.
 */
export class ReplyBook {
  readonly #book: ExchangeBook;
  /** Of the first query that was told of. Infinity: of none. */
  #firstQueryMs = Number.POSITIVE_INFINITY;

  constructor(entries: EntryBatchWriter, openRoom?: QueueRoom) {
    this.#book = new ExchangeBook(entries, openRoom);
  }

  /** A query was told of by itself. */
  query(key: string, entry: LogEntry): void {
    this.#firstQueryMs = Math.min(this.#firstQueryMs, entry.atMs);
    this.#book.add(key, entry);
  }

  /** Something on the way of a query was told of: changes the entry that suits, else begins one. */
  more(key: string, entry: LogEntry, suits: (open: OpenEntry) => boolean, change: (open: OpenEntry) => void): void {
    const open = this.#book.find(key, suits);
    if (open === undefined) this.#book.add(key, entry);
    else change(open);
  }

  /** A response was told of; `alone` is what the log holds if nothing else was told of the exchange. */
  response(key: string, alone: LogEntry, tookMs: number): void {
    const open = this.#book.find(key);
    if (open !== undefined) {
      open.responseCode = alone.responseCode;
      open.client ??= alone.client;
      open.clientPort ??= alone.clientPort;
      open.server ??= alone.server;
      this.#book.finish(key);
    } else if (!this.#isInLog(alone.atMs - tookMs)) {
      this.#book.add(key, alone);
      this.#book.finish(key, this.#book.last(key));
    }
  }

  settle(): void {
    this.#book.settle();
  }

  /** For JSON. */
  state(): unknown {
    const { forgottenMs } = this.#book;
    return {
      open: this.#book.state(),
      ...(Number.isFinite(this.#firstQueryMs) && { firstQueryMs: this.#firstQueryMs }),
      ...(Number.isFinite(forgottenMs) && { forgottenMs }),
    };
  }

  resume(state: unknown): void {
    if (typeof state !== 'object' || state === null) return;
    const { open, firstQueryMs, forgottenMs } = state as Record<string, unknown>;
    if (typeof firstQueryMs === 'number') this.#firstQueryMs = firstQueryMs;
    this.#book.resume(open, typeof forgottenMs === 'number' ? forgottenMs : undefined);
  }

  /** Whether a query of that time was told of and let go before its response came. */
  #isInLog(askedMs: number): boolean {
    return askedMs >= this.#firstQueryMs - SLACK_MS && askedMs <= this.#book.forgottenMs + SLACK_MS;
  }
}
