import { randomInt } from 'node:crypto';
import { MAX_NAME_OCTETS } from '../dns/name.ts';
import { WORD } from '../dns/observation-layout.ts';
import type { ObservationReader } from '../dns/observation-reader.ts';
import { tableSize } from './table-size.ts';

export interface PendingOptions {
  /** How long a query waits for its response, milliseconds. */
  readonly timeMs: number;
  /** The most queries that wait at once; the oldest makes room. */
  readonly size: number;
}

/** Words of one entry: links, hash, the time as a 64-bit float, what tells exchanges apart, and the question's name. */
const FIELD = { NEXT: 0, HASH: 1, OLDER: 2, YOUNGER: 3, TIME: 4, KEY: 6, NAME: 17 } as const;
/** Words of an observation as they stand there: ports, type and class; then client and server; at last transport and ID. */
const COPIED_WORDS = WORD.LINK - WORD.PORTS;
/** Of an IPv4 address, the first word alone. */
const IPV4_WORDS = [WORD.PORTS, WORD.TYPE, WORD.CLIENT, WORD.SERVER].map((word) => word - WORD.PORTS);
const IPV6_WORDS = Array.from({ length: COPIED_WORDS }, (_, word) => word);
/** Even, for the floats. */
const WORDS = 2 * Math.ceil((FIELD.NAME + MAX_NAME_OCTETS / 4) / 2);
const NONE = 0;

/**
 * Queries that were seen leaving and have no response yet. A response belongs to one of them when addresses, ports, transport,
 * ID and question agree, the name in its exact letter case (RFC 5452 §9.1). In flat memory, as the history is.
 */
export class PendingQueries {
  readonly #options: PendingOptions;
  readonly #seed = randomInt(2 ** 32);
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #octets: Buffer;
  readonly #buckets: Int32Array;
  #freeEntry = NONE;
  #usedEntries = 0;
  #oldest = NONE;
  #youngest = NONE;
  #size = 0;
  #evicted = 0;
  /** Of the query that was closed last. */
  #closedAtMs = Number.NaN;

  constructor(options: PendingOptions) {
    this.#options = options;
    const octets = new ArrayBuffer((options.size + 1) * WORDS * 4);
    this.#words = new Int32Array(octets);
    this.#times = new Float64Array(octets);
    this.#octets = Buffer.from(octets);
    this.#buckets = new Int32Array(tableSize(options.size));
  }

  get size(): number {
    return this.#size;
  }

  /** Queries pushed out by newer ones before their time was over. */
  get evicted(): number {
    return this.#evicted;
  }

  /** When the query that `close` found last was seen, milliseconds. */
  get closedAtMs(): number {
    return this.#closedAtMs;
  }

  /** Takes in the query that the reader shows, seen at `atMs`; an earlier one that is the same gives way. */
  open(query: ObservationReader, atMs: number): void {
    this.#dropOverdue(atMs);
    const hash = this.#hashOf(query);
    const same = this.#find(query, hash);
    if (same !== NONE) this.#remove(same);
    if (this.#size >= this.#options.size) {
      this.#remove(this.#oldest);
      this.#evicted++;
    }
    let entry = this.#freeEntry;
    if (entry === NONE) entry = ++this.#usedEntries;
    else this.#freeEntry = this.#words[entry * WORDS + FIELD.NEXT]!;
    const at = entry * WORDS;
    const { words, place } = query;
    for (const word of wordsOf(query)) this.#words[at + FIELD.KEY + word] = words[place + WORD.PORTS + word]!;
    this.#words[at + FIELD.KEY + COPIED_WORDS] = exchangeWord(query);
    this.#copyName(query, at + FIELD.NAME);
    this.#times[(at + FIELD.TIME) >> 1] = atMs;
    this.#words[at + FIELD.HASH] = hash;
    this.#link(entry);
  }

  /**
   * Takes out the query that the response in the reader answers, so that a second response finds none; false when there is
   * none, or when it is older than `atMs` allows.
   */
  close(response: ObservationReader, atMs: number): boolean {
    const entry = this.#find(response, this.#hashOf(response));
    if (entry === NONE) return false;
    this.#closedAtMs = this.#times[(entry * WORDS + FIELD.TIME) >> 1]!;
    this.#remove(entry);
    return this.#closedAtMs >= atMs - this.#options.timeMs;
  }

  #find(exchange: ObservationReader, hash: number): number {
    let entry = this.#buckets[hash & (this.#buckets.length - 1)]!;
    for (; entry !== NONE; entry = this.#words[entry * WORDS + FIELD.NEXT]!) {
      if (this.#words[entry * WORDS + FIELD.HASH] === hash && this.#isSame(exchange, entry * WORDS)) return entry;
    }
    return NONE;
  }

  #isSame(exchange: ObservationReader, at: number): boolean {
    const { words, place, octets } = exchange;
    if (this.#words[at + FIELD.KEY + COPIED_WORDS] !== exchangeWord(exchange)) return false;
    for (const word of wordsOf(exchange)) {
      if (this.#words[at + FIELD.KEY + word] !== words[place + WORD.PORTS + word]) return false;
    }
    const shift = exchange.questionAt - (at + FIELD.NAME) * 4;
    for (let octet = (at + FIELD.NAME) * 4, labelEnd = octet; ; octet++) {
      const value = this.#octets[octet]!;
      if (value !== octets[octet + shift]) return false;
      if (octet !== labelEnd) continue;
      if (value === 0) return true;
      labelEnd += value + 1;
    }
  }

  #copyName({ octets, questionAt }: ObservationReader, word: number): void {
    let to = word * 4;
    for (let at = questionAt, labelEnd = at; ; at++, to++) {
      const value = octets[at]!;
      this.#octets[to] = value;
      if (at !== labelEnd) continue;
      if (value === 0) return;
      labelEnd += value + 1;
    }
  }

  /** From a random start, so that nobody can choose exchanges that fall into one bucket. */
  #hashOf(exchange: ObservationReader): number {
    const { words, place, octets, questionAt } = exchange;
    let hash = this.#seed ^ exchangeWord(exchange);
    for (const word of wordsOf(exchange)) {
      hash = Math.imul(hash ^ words[place + WORD.PORTS + word]!, 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    for (let at = questionAt, labelEnd = at; ; at++) {
      const value = octets[at]!;
      hash = Math.imul(hash ^ value, 0x01000193);
      if (at !== labelEnd) continue;
      if (value === 0) break;
      labelEnd += value + 1;
    }
    return hash ^ (hash >>> 16);
  }

  #link(entry: number): void {
    const words = this.#words;
    const at = entry * WORDS;
    const bucket = words[at + FIELD.HASH]! & (this.#buckets.length - 1);
    words[at + FIELD.NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
    words[at + FIELD.OLDER] = this.#youngest;
    words[at + FIELD.YOUNGER] = NONE;
    if (this.#youngest === NONE) this.#oldest = entry;
    else words[this.#youngest * WORDS + FIELD.YOUNGER] = entry;
    this.#youngest = entry;
    this.#size++;
  }

  #remove(entry: number): void {
    const words = this.#words;
    const at = entry * WORDS;
    const bucket = words[at + FIELD.HASH]! & (this.#buckets.length - 1);
    let before = NONE;
    for (let other = this.#buckets[bucket]!; other !== entry; other = words[other * WORDS + FIELD.NEXT]!)
      before = other;
    const next = words[at + FIELD.NEXT]!;
    if (before === NONE) this.#buckets[bucket] = next;
    else words[before * WORDS + FIELD.NEXT] = next;
    const older = words[at + FIELD.OLDER]!;
    const younger = words[at + FIELD.YOUNGER]!;
    if (older === NONE) this.#oldest = younger;
    else words[older * WORDS + FIELD.YOUNGER] = younger;
    if (younger === NONE) this.#youngest = older;
    else words[younger * WORDS + FIELD.OLDER] = older;
    words[at + FIELD.NEXT] = this.#freeEntry;
    this.#freeEntry = entry;
    this.#size--;
  }

  #dropOverdue(nowMs: number): void {
    while (
      this.#oldest !== NONE &&
      this.#times[(this.#oldest * WORDS + FIELD.TIME) >> 1]! < nowMs - this.#options.timeMs
    ) {
      this.#remove(this.#oldest);
    }
  }
}

/** Transport, family and ID in one word. */
function exchangeWord(exchange: ObservationReader): number {
  return exchange.id | (exchange.isTcp ? 1 << 16 : 0) | (exchange.isIpv6 ? 1 << 17 : 0);
}

/** The words that tell exchanges of its family apart, counted from WORD.PORTS. */
function wordsOf({ isIpv6 }: ObservationReader): readonly number[] {
  return isIpv6 ? IPV6_WORDS : IPV4_WORDS;
}
