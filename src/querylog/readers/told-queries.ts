import type { Address } from '../../core/address.ts';
import { canonicalName } from '../../dns/name.ts';
import type { EntryBatchWriter } from '../entry-batch.ts';
import { addAnswer, ExchangeBook, type OpenEntry } from '../exchange-book.ts';
import type { LogEntry } from '../log-entry.ts';
import type { QueueRoom } from '../queue-room.ts';
import type { ToldQuery } from './bind-line.ts';

/** After so many queries of which nothing more was told, the next ones go into the log at once. */
const UNTOLD_QUERIES = 1000;

/** Where queries are logged, of each one that is denied or answered. */
const LOGGED_MS = 60_000;
/** Kinds of records that are told of one query. */
const DENIED = 1;
const FAILED = 2;

/**
 * Joins what a server says of a query at different times: that it was asked, that it was denied or failed, what was answered. While
 * it says no more than that queries were asked, nothing waits. What is told of a query that no longer waits is left out, so that
 * no query is two entries; where the server does not log queries, it is the entry.
 */
export class ToldQueries {
  readonly #entries: EntryBatchWriter;
  readonly #book: ExchangeBook;
  /** Which of them have been told of an entry that waits. */
  readonly #heard = new WeakMap<OpenEntry, number>();
  /** Queries since something more was told of one. */
  #untold = 0;
  /** When the last query was asked. */
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(entries: EntryBatchWriter, openRoom?: QueueRoom) {
    this.#entries = entries;
    this.#book = new ExchangeBook(entries, openRoom);
  }

  /** Whether the query that is asked at `atMs` needs not wait: whoever asks adds it to the log. */
  isDirect(atMs: number): boolean {
    this.#askedAtMs = atMs;
    return this.#untold >= UNTOLD_QUERIES;
  }

  add({ told, entry }: ToldQuery): void {
    if (told === 'query') this.#asked(entry);
    else if (told === 'response') this.#answered(entry);
    else this.#refused(told === 'denied' ? DENIED : FAILED, entry);
  }

  settle(): void {
    this.#book.settle();
  }

  state(): unknown {
    const askedAtMs = Number.isFinite(this.#askedAtMs) ? this.#askedAtMs : undefined;
    return { untold: this.#untold, askedAtMs, open: this.#book.state() };
  }

  resume(state: unknown): void {
    const { untold, askedAtMs, open } = (state ?? {}) as Record<string, unknown>;
    if (typeof untold === 'number') this.#untold = untold;
    if (typeof askedAtMs === 'number') this.#askedAtMs = askedAtMs;
    this.#book.resume(open);
  }

  #asked(entry: LogEntry): void {
    if (this.isDirect(entry.atMs)) {
      this.#entries.add(entry);
      return;
    }
    const key = keyOf(entry);
    let open = this.#book.find(key);
    // The client asks again what has been answered.
    while (open?.responseCode !== undefined) {
      this.#book.finish(key);
      open = this.#book.find(key);
    }
    this.#book.add(key, entry);
    if (++this.#untold === UNTOLD_QUERIES) this.settle();
  }

  #answered(entry: LogEntry): void {
    const key = keyOf(entry);
    const open = this.#book.find(key);
    this.#untold = 0;
    if (open === undefined) {
      if (!this.#isOfLogged(entry)) this.#entries.add(entry);
      return;
    }
    open.responseCode = entry.responseCode;
    open.role ??= entry.role;
    open.server ??= entry.server;
    for (const answer of entry.answers) addAnswer(open, answer);
    this.#book.finish(key);
  }

  #refused(kind: number, entry: LogEntry): void {
    const key = keyOf(entry);
    this.#untold = 0;
    let open = this.#book.find(key);
    // Told twice of one query: it is another.
    while (open !== undefined && ((this.#heard.get(open) ?? 0) & kind) !== 0) {
      this.#book.finish(key);
      open = this.#book.find(key);
    }
    if (open === undefined) {
      if (this.#isOfLogged(entry)) return;
      this.#book.add(key, entry);
      open = this.#book.find(key)!;
    }
    open.responseCode = entry.responseCode;
    this.#heard.set(open, (this.#heard.get(open) ?? 0) | kind);
  }

  /** Whether the query is in the log already. Its entry is told the response code, if it is one of the last. */
  #isOfLogged(entry: LogEntry): boolean {
    if (Math.abs(entry.atMs - this.#askedAtMs) > LOGGED_MS) return false;
    this.#entries.amendRecent(entry);
    return true;
  }
}

function keyOf({ client, clientPort, name, type, class: dnsClass }: LogEntry): string {
  return `${clientKey(client)}#${clientPort} ${type} ${dnsClass} ${canonicalName(name)}`;
}

function clientKey(client: Address | undefined): string {
  return client === undefined ? '-' : String(client);
}
