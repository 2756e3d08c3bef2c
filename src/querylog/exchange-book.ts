import type { Address } from '../core/address.ts';
import { canonicalName } from '../dns/name.ts';
import type { EntryBatchWriter } from './entry-batch.ts';
import { keepEntries, keptEntries } from './kept-entries.ts';
import { type LogEntry, MAX_ANSWERS } from './log-entry.ts';
import type { QueueRoom } from './queue-room.ts';

/** An entry of which more may be told. */
export type OpenEntry = { -readonly [K in keyof LogEntry]: LogEntry[K] };

/** How much later than a query its response may be told of, by the times in the log. */
export const HOLD_MS = 5000;
/** Memory for queries that wait, about; the oldest goes when there is no more. It bounds what is kept as state, too. */
const MAX_OPEN_OCTETS = 4 * 1024 * 1024;
/** So much of it is never shared: whoever floods does not keep others from joining. */
const OWN_OCTETS = 32 * 1024;
/** Memory of one that waits besides its key, its name and its answers, and of each answer. */
const OPEN_OCTETS = 400;
const ANSWER_OCTETS = 40;

/** Queries with one key that are looked at for one record. */
const MAX_LOOKED_AT = 256;

/** A query that waits, in a list of all in the order in which they came. */
interface Open {
  readonly key: string;
  readonly entry: OpenEntry;
  readonly octets: number;
  before: Open | undefined;
  behind: Open | undefined;
}

/**
 * Joins what a log tells of a query and of its response in two records and more, so that the query is one entry. A key says
 * which records belong together; of queries with the same key the one that has waited longest is told of first.
 */
export class ExchangeBook {
  readonly #entries: EntryBatchWriter;
  readonly #room: QueueRoom | undefined;
  readonly #mostOctets: number;
  readonly #byKey = new Map<string, Open[]>();
  #oldest: Open | undefined;
  #newest: Open | undefined;
  #size = 0;
  #octets = 0;
  /** Of the room. */
  #held = 0;
  #forgottenMs = Number.NEGATIVE_INFINITY;

  /** `room`: shared with others, for what goes beyond OWN_OCTETS. `mostOctets`: MAX_OPEN_OCTETS at most. */
  constructor(entries: EntryBatchWriter, room?: QueueRoom, mostOctets = MAX_OPEN_OCTETS) {
    this.#entries = entries;
    this.#room = room;
    this.#mostOctets = mostOctets;
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
    this.passTime(entry.atMs);
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

  /** The log has come to this time: those at the front go that have waited too long, or whose times are ahead of it. */
  passTime(nowMs: number): void {
    while (this.#oldest !== undefined && Math.abs(nowMs - this.#oldest.entry.atMs) > HOLD_MS)
      this.#forget(this.#oldest);
  }

  /** Lets go of all. */
  settle(): void {
    while (this.#oldest !== undefined) this.#forget(this.#oldest);
  }

  /** What waits, for JSON: the entries, and what stands in the key of each before and behind its name. */
  state(): unknown {
    const entries: LogEntry[] = [];
    const keys: string[][] = [];
    for (let open = this.#oldest; open !== undefined; open = open.behind) {
      entries.push(open.entry);
      keys.push(splitOnce(open.key, canonicalName(open.entry.name)));
    }
    return { entries: keepEntries(entries), keys };
  }

  /** Takes up what `state` gave, and `forgottenMs`; leaves out what is no entry. */
  resume(state: unknown, forgottenMs = Number.NEGATIVE_INFINITY): void {
    this.#forgottenMs = forgottenMs;
    if (typeof state !== 'object' || state === null) return;
    const { entries, keys } = state as Record<string, unknown>;
    for (const [index, entry] of keptEntries(entries).entries()) {
      const key: unknown = Array.isArray(keys) ? keys[index] : undefined;
      if (!Array.isArray(key) || key.length > 2 || !key.every((part) => typeof part === 'string')) continue;
      // As it stood: none is let go for the time of another that waits.
      this.#append(key.join(canonicalName(entry.name)), entry);
    }
  }

  #append(key: string, entry: LogEntry): void {
    const octets = OPEN_OCTETS + key.length + entry.name.length + ANSWER_OCTETS * entry.answers.length;
    while (!this.#fits(octets) && this.#oldest !== undefined) this.#forget(this.#oldest);
    this.#octets += octets;
    const open: Open = {
      key,
      entry: { ...entry, answers: [...entry.answers] },
      octets,
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

  /** Whether so many octets more may wait; they have their place in the room from then on. */
  #fits(octets: number): boolean {
    const sum = this.#octets + octets;
    const more = Math.max(0, sum - OWN_OCTETS - this.#held);
    if (sum > this.#mostOctets || this.#room?.take(more) === false) return false;
    this.#held += more;
    return true;
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
    this.#octets -= open.octets;
    const spare = this.#held - Math.max(0, this.#octets - OWN_OCTETS);
    if (spare > 0) {
      this.#held -= spare;
      this.#room?.give(spare);
    }
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

function splitOnce(text: string, part: string): string[] {
  const at = text.indexOf(part);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + part.length)];
}
