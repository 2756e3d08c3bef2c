import type { EntryBatchWriter } from './entry-batch.ts';
import { ExchangeBook } from './exchange-book.ts';
import type { LogEntry } from './log-entry.ts';
import type { QueueRoom } from './queue-room.ts';

/** Of a source that tells of responses only each waits for a query that never comes: they are few, for the state that is kept. */
const MAX_EARLY_OCTETS = 256 * 1024;

/**
 * Joins a query and its response to one entry, whichever comes first: servers and captures with several threads do not keep
 * their order. A query without a response is an entry, and so is a response without its query.
 */
export class ExchangeJoiner {
  readonly #queries: ExchangeBook;
  /** Responses that came before their query. */
  readonly #early: ExchangeBook;

  constructor(entries: EntryBatchWriter, openRoom?: QueueRoom) {
    this.#queries = new ExchangeBook(entries, openRoom);
    this.#early = new ExchangeBook(entries, openRoom, MAX_EARLY_OCTETS);
  }

  /** How many wait for the other half. */
  get size(): number {
    return this.#queries.size + this.#early.size;
  }

  query(key: string, entry: LogEntry): void {
    const early = this.#early.find(key);
    if (early === undefined) {
      this.#early.passTime(entry.atMs);
      this.#queries.add(key, entry);
      return;
    }
    early.atMs = entry.atMs;
    early.clientPort ??= entry.clientPort;
    this.#early.finish(key);
  }

  /** `entry`: all that the response tells; its time counts only without a query. */
  response(key: string, entry: LogEntry): void {
    const open = this.#queries.find(key);
    if (open === undefined) {
      this.#queries.passTime(entry.atMs);
      this.#early.add(key, entry);
      return;
    }
    open.responseCode = entry.responseCode;
    open.answers = entry.answers;
    open.role = entry.role;
    open.server ??= entry.server;
    open.clientPort ??= entry.clientPort;
    this.#queries.finish(key);
  }

  /** Lets go of all. */
  settle(): void {
    this.#queries.settle();
    this.#early.settle();
  }

  /** What waits, for JSON. */
  state(): unknown {
    return { queries: this.#queries.state(), early: this.#early.state() };
  }

  resume(state: unknown): void {
    if (typeof state !== 'object' || state === null) return;
    const { queries, early } = state as Record<string, unknown>;
    this.#queries.resume(queries);
    this.#early.resume(early);
  }
}
