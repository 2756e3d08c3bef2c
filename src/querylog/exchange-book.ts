import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { EntryBatchWriter } from './entry-batch.ts';
import { type LogEntry, MARKS, MAX_ANSWERS, ROLES } from './log-entry.ts';

/** An entry of which more may be told. */
export type OpenEntry = { -readonly [K in keyof LogEntry]: LogEntry[K] };

/** How much later than a query its response may be told of, by the times in the log. */
const HOLD_MS = 5000;
/** Queries that wait; the oldest goes when there is one more. */
const MAX_OPEN = 16_384;

interface Open {
  readonly key: string;
  readonly entry: OpenEntry;
}

/**
 * Joins what a log tells of a query and of its response in two records and more, so that the query is one entry. A key says
 * which records belong together; of queries with the same key the one that has waited longest is told of first.
 */
export class ExchangeBook {
  readonly #entries: EntryBatchWriter;
  /** In the order in which they came. */
  readonly #open = new Set<Open>();
  readonly #byKey = new Map<string, Open[]>();

  constructor(entries: EntryBatchWriter) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A query was asked. Lets go of those that have waited too long at its time. */
  add(key: string, entry: LogEntry): void {
    this.#letGo(entry.atMs - HOLD_MS, MAX_OPEN - 1);
    const open = { key, entry: { ...entry, answers: [...entry.answers] } };
    this.#open.add(open);
    const same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, [open]);
    else same.push(open);
  }

  /** The entry that a record with this key tells more of; it still waits. */
  find(key: string): OpenEntry | undefined {
    return this.#byKey.get(key)?.[0]?.entry;
  }

  /** Nothing more will be told of the entry that `find` gives: it goes into the log. */
  finish(key: string): void {
    const open = this.#byKey.get(key)?.[0];
    if (open !== undefined) this.#take(open);
  }

  /** Lets go of all. */
  settle(): void {
    this.#letGo(Number.POSITIVE_INFINITY, 0);
  }

  /** What waits, for JSON. */
  state(): unknown {
    return [...this.#open].map(({ key, entry }) => [key, entry]);
  }

  /** Takes up what `state` gave; leaves out what is no entry. */
  resume(state: unknown): void {
    if (!Array.isArray(state)) return;
    for (const item of state.slice(0, MAX_OPEN)) {
      if (!Array.isArray(item) || typeof item[0] !== 'string') continue;
      const entry = readEntry(item[1]);
      if (entry !== undefined) this.add(item[0], entry);
    }
  }

  #letGo(beforeMs: number, most: number): void {
    for (const open of this.#open) {
      if (open.entry.atMs >= beforeMs && this.#open.size <= most) return;
      this.#take(open);
    }
  }

  #take(open: Open): void {
    this.#open.delete(open);
    const same = this.#byKey.get(open.key)!;
    if (same.length === 1) this.#byKey.delete(open.key);
    else same.splice(same.indexOf(open), 1);
    this.#entries.add(open.entry);
  }
}

/** Adds an address of the answer, where there is room and it is not there yet. */
export function addAnswer(entry: OpenEntry, address: Address): void {
  if (entry.answers.length >= MAX_ANSWERS || entry.answers.includes(address)) return;
  entry.answers = [...entry.answers, address];
}

function readEntry(value: unknown): LogEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { atMs, name, type, class: dnsClass, answers, ...rest } = value as Record<string, unknown>;
  const isEntry =
    typeof atMs === 'number' &&
    typeof name === 'string' &&
    typeof type === 'number' &&
    typeof dnsClass === 'number' &&
    Array.isArray(answers) &&
    answers.every(isAddress);
  if (!isEntry) return undefined;
  return {
    atMs,
    name: name as Name,
    type,
    class: dnsClass,
    client: isAddress(rest.client) ? rest.client : undefined,
    clientPort: typeof rest.clientPort === 'number' ? rest.clientPort : undefined,
    server: isAddress(rest.server) ? rest.server : undefined,
    role: ROLES.find((role) => role === rest.role),
    responseCode: typeof rest.responseCode === 'number' ? rest.responseCode : undefined,
    answers,
    mark: MARKS.find((mark) => mark === rest.mark),
  };
}

/** As JSON carries them: a number, or 16 characters of one octet each. */
function isAddress(value: unknown): value is Address {
  return typeof value === 'number' || (typeof value === 'string' && value.length === 16);
}
