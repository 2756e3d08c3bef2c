import type { Address } from '../core/address.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from '../dns/name.ts';
import type { EntryBatchWriter } from './entry-batch.ts';
import { type LogEntry, MARKS, MAX_ANSWERS, ROLES } from './log-entry.ts';

/** An entry of which more may be told. */
export type OpenEntry = { -readonly [K in keyof LogEntry]: LogEntry[K] };

/** How much later than a query its response may be told of, by the times in the log. */
const HOLD_MS = 5000;
/** Queries that wait; the oldest goes when there is one more. */
const MAX_OPEN = 16_384;

/** Queries with one key that are looked at for one record. */
const MAX_LOOKED_AT = 256;

/** A query that waits, in a list of all in the order in which they came. */
interface Open {
  readonly key: string;
  readonly entry: OpenEntry;
  before: Open | undefined;
  behind: Open | undefined;
}

/**
 * Joins what a log tells of a query and of its response in two records and more, so that the query is one entry. A key says
 * which records belong together; of queries with the same key the one that has waited longest is told of first.
 */
export class ExchangeBook {
  readonly #entries: EntryBatchWriter;
  readonly #mostOpen: number;
  readonly #byKey = new Map<string, Open[]>();
  #oldest: Open | undefined;
  #newest: Open | undefined;
  #size = 0;
  #forgottenMs = Number.NEGATIVE_INFINITY;

  /** `mostOpen`: how many may wait, MAX_OPEN at most. */
  constructor(entries: EntryBatchWriter, mostOpen = MAX_OPEN) {
    this.#entries = entries;
    this.#mostOpen = mostOpen;
  }

  get size(): number {
    return this.#size;
  }

  /** The time of the latest query that went into the log while more might have been told of it. -Infinity: none did. */
  get forgottenMs(): number {
    return this.#forgottenMs;
  }

  /** A query was asked. Lets go of those that have waited too long at its time. */
  add(key: string, entry: LogEntry): void {
    this.#letGo(entry.atMs, this.#mostOpen - 1);
    this.#append(key, entry);
  }

  /** The entry that a record with this key tells more of: the first that suits, among the first MAX_LOOKED_AT; it still waits. */
  find(key: string, suits?: (entry: OpenEntry) => boolean): OpenEntry | undefined {
    const same = this.#byKey.get(key);
    if (same === undefined || suits === undefined) return same?.[0]?.entry;
    const end = Math.min(same.length, MAX_LOOKED_AT);
    for (let index = 0; index < end; index++) if (suits(same[index]!.entry)) return same[index]!.entry;
    return undefined;
  }

  /** All that wait with this key, the first MAX_LOOKED_AT, in the order in which they came. */
  all(key: string): OpenEntry[] {
    const same = this.#byKey.get(key);
    return same === undefined ? [] : same.slice(0, MAX_LOOKED_AT).map(({ entry }) => entry);
  }

  /** The one with this key that came last. */
  last(key: string): OpenEntry | undefined {
    return this.#byKey.get(key)?.at(-1)?.entry;
  }

  /** The key of the only query that waits; undefined when there are several, or none. */
  get onlyKey(): string | undefined {
    return this.#size === 1 ? this.#oldest?.key : undefined;
  }

  /** Nothing more will be told of the entry, which is the one that `find` gives if none is named: it goes into the log. */
  finish(key: string, entry?: OpenEntry): void {
    const same = this.#byKey.get(key);
    const open = entry === undefined ? same?.[0] : same?.find((candidate) => candidate.entry === entry);
    if (open !== undefined) this.#take(open);
  }

  /** The log has come to this time. */
  passTime(nowMs: number): void {
    this.#letGo(nowMs, this.#mostOpen);
  }

  /** Lets go of all. */
  settle(): void {
    while (this.#oldest !== undefined) this.#forget(this.#oldest);
  }

  /** What waits, for JSON. */
  state(): unknown {
    const waiting: [string, LogEntry][] = [];
    for (let open = this.#oldest; open !== undefined; open = open.behind) waiting.push([open.key, open.entry]);
    return waiting;
  }

  /** Takes up what `state` gave, and `forgottenMs`; leaves out what is no entry. */
  resume(state: unknown, forgottenMs = Number.NEGATIVE_INFINITY): void {
    this.#forgottenMs = forgottenMs;
    if (!Array.isArray(state)) return;
    for (const item of state.slice(0, this.#mostOpen)) {
      if (!Array.isArray(item) || typeof item[0] !== 'string') continue;
      const entry = readEntry(item[1]);
      // As it stood: none is let go for the time of another that waits.
      if (entry !== undefined) this.#append(item[0], entry);
    }
  }

  #append(key: string, entry: LogEntry): void {
    const open: Open = {
      key,
      entry: { ...entry, answers: [...entry.answers] },
      before: this.#newest,
      behind: undefined,
    };
    if (this.#newest === undefined) this.#oldest = open;
    else this.#newest.behind = open;
    this.#newest = open;
    this.#size++;
    const same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, [open]);
    else same.push(open);
  }

  /** Those at the front that have waited too long, or whose times are ahead of what follows: a clock that was set back. */
  #letGo(nowMs: number, most: number): void {
    while (this.#oldest !== undefined) {
      const isRecent = Math.abs(nowMs - this.#oldest.entry.atMs) <= HOLD_MS;
      if (isRecent && this.#size <= most) return;
      this.#forget(this.#oldest);
    }
  }

  #forget(open: Open): void {
    this.#forgottenMs = Math.max(this.#forgottenMs, open.entry.atMs);
    this.#take(open);
  }

  #take(open: Open): void {
    const { key, before, behind } = open;
    if (before === undefined) this.#oldest = behind;
    else before.behind = behind;
    if (behind === undefined) this.#newest = before;
    else behind.before = before;
    this.#size--;
    const same = this.#byKey.get(key)!;
    if (same.length === 1) this.#byKey.delete(key);
    else same.splice(same.indexOf(open), 1);
    this.#entries.add(open.entry);
  }
}

/** Adds an address of the answer, where there is room and it is not there yet. */
export function addAnswer(entry: OpenEntry, address: Address): void {
  if (entry.answers.length >= MAX_ANSWERS || entry.answers.includes(address)) return;
  entry.answers = [...entry.answers, address];
}

/** The entry that JSON carried, undefined when it is none. */
export function readEntry(value: unknown): LogEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { atMs, name, type, class: dnsClass, answers, ...rest } = value as Record<string, unknown>;
  const isEntry =
    Number.isFinite(atMs) &&
    isName(name) &&
    isUint16(type) &&
    isUint16(dnsClass) &&
    Array.isArray(answers) &&
    answers.length <= MAX_ANSWERS &&
    answers.every(isAddress);
  if (!isEntry) return undefined;
  return {
    atMs: atMs as number,
    name,
    type,
    class: dnsClass,
    client: isAddress(rest.client) ? rest.client : undefined,
    clientPort: isUint16(rest.clientPort) ? rest.clientPort : undefined,
    server: isAddress(rest.server) ? rest.server : undefined,
    role: ROLES.find((role) => role === rest.role),
    responseCode: isUint16(rest.responseCode) ? rest.responseCode : undefined,
    answers,
    mark: MARKS.find((mark) => mark === rest.mark),
  };
}

function isUint16(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
}

/** As JSON carries them: 32 bits with a sign, or 16 characters of one octet each. */
function isAddress(value: unknown): value is Address {
  if (typeof value === 'number') return value === (value | 0);
  return typeof value === 'string' && value.length === 16 && isOctets(value);
}

/** RFC 1035 §3.1: labels behind their lengths, and the root behind them. */
function isName(value: unknown): value is Name {
  if (typeof value !== 'string' || value.length > MAX_NAME_OCTETS || !isOctets(value)) return false;
  let at = 0;
  while (at < value.length - 1) {
    const length = value.charCodeAt(at);
    if (length === 0 || length > MAX_LABEL_OCTETS) return false;
    at += 1 + length;
  }
  return at === value.length - 1 && value.charCodeAt(at) === 0;
}

function isOctets(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}
