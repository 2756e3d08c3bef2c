import { randomInt } from 'node:crypto';
import { formatName, isAtOrBelow, type Name, parseName } from '../../dns/name.ts';
import { RCODE, RECORD_TYPE } from '../../dns/registry.ts';
import type { AnswerSeen, QuerySeen } from '../host-event.ts';
import { DistinctNames } from './distinct-names.ts';
import type { LocalNames } from './local-names.ts';

/** A window is looked at in so many parts. */
export const SLOTS_PER_WINDOW = 10;

/** What a mail server asked in a tenth of a window. */
export interface Slot {
  readonly atMs: number;
  /** A and AAAA. */
  readonly a: number;
  readonly ptr: number;
  readonly mx: number;
  readonly txt: number;
  readonly total: number;
  /** Queries whose response code is known. */
  readonly answered: number;
  /** Of these, names that do not exist, by their response code. */
  readonly failed: number;
  /** Queries for names that cannot be resolved, by the rule of paper 4. */
  readonly appended: number;
}

/** How it is known that a name cannot be resolved: by response codes, or by the rule of paper 4. */
export type UnresolvedBy = 'codes' | 'rule';

/** What a mail server asked in one window. */
export interface MailWindow {
  readonly atMs: number;
  readonly lengthMs: number;
  readonly slots: readonly Slot[];
  readonly total: number;
  /** By `by`. */
  readonly unresolved: number;
  /** About how many names these were for. */
  readonly names: number;
  readonly by: UnresolvedBy;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Sketches {
  readonly failed: DistinctNames;
  readonly appended: DistinctNames;
}

/** The share of queries whose response codes must be known to go by them. */
const MIN_CODES = 0.5;
const ARPA = parseName('arpa')!;

/** The queries of one mail server by slots of time. */
export class MailServerSlots {
  readonly #slotMs: number;
  readonly #names: LocalNames;
  readonly #most: number;
  readonly #slots = new Map<number, Mutable<Slot>>();
  readonly #sketches = new Map<number, Sketches>();
  readonly #seed: number;
  #leftOut = 0;

  /** `most`: slots that are held at once; what is of others then is counted and left out. `seed`: 32 bits that nobody who sends can know. */
  constructor(windowMs: number, names: LocalNames, most: number, seed = randomInt(2 ** 32)) {
    this.#seed = seed;
    this.#slotMs = windowMs / SLOTS_PER_WINDOW;
    this.#names = names;
    this.#most = most;
  }

  /** Events that found no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  query({ atMs, name, type }: QuerySeen): void {
    const slot = this.#slotAt(atMs);
    if (slot === undefined) return;
    slot.total++;
    const kind = KINDS.get(type);
    if (kind !== undefined) slot[kind]++;
    if (!isOfHost(type) || !this.#names.isUnresolvable(name, atMs)) return;
    slot.appended++;
    this.#sketch(atMs).appended.add(name);
  }

  answer({ atMs, name, type, responseCode, addresses }: AnswerSeen): void {
    const slot = this.#slotAt(atMs);
    if (slot === undefined) return;
    slot.answered++;
    if (addresses.length > 0 && responseCode === RCODE.NOERROR) this.#names.resolved(name);
    if (responseCode !== RCODE.NXDOMAIN || !isOfHost(type) || isBlockListQuery(name)) return;
    slot.failed++;
    this.#sketch(atMs).failed.add(name);
  }

  /** The window that begins at `atMs`, with all its slots, whatever was asked in them. */
  window(atMs: number): MailWindow {
    const first = Math.round(atMs / this.#slotMs);
    const slots = Array.from(
      { length: SLOTS_PER_WINDOW },
      (_, index): Slot => this.#slots.get(first + index) ?? emptySlot((first + index) * this.#slotMs),
    );
    const sum = (value: (slot: Slot) => number) => slots.reduce((total, slot) => total + value(slot), 0);
    const total = sum((slot) => slot.total);
    const by: UnresolvedBy = sum((slot) => slot.answered) >= total * MIN_CODES && total > 0 ? 'codes' : 'rule';
    const unresolved = sum((slot) => unresolvedOf(slot, by));
    const sketches = this.#sketches.get(first / SLOTS_PER_WINDOW);
    const names = (by === 'codes' ? sketches?.failed : sketches?.appended)?.count ?? 0;
    return { atMs, lengthMs: this.#slotMs * SLOTS_PER_WINDOW, slots, total, unresolved, names, by };
  }

  /** When the windows begin in which something was asked, in their order. */
  windowStarts(): readonly number[] {
    const numbers = new Set<number>();
    for (const slot of this.#slots.keys()) numbers.add(Math.floor(slot / SLOTS_PER_WINDOW));
    return [...numbers].sort((one, other) => one - other).map((number) => number * SLOTS_PER_WINDOW * this.#slotMs);
  }

  /** Lets go of what is of before `atMs`. */
  forgetBefore(atMs: number): void {
    for (const slot of this.#slots.keys()) if (slot * this.#slotMs < atMs) this.#slots.delete(slot);
    const windowMs = SLOTS_PER_WINDOW * this.#slotMs;
    for (const window of this.#sketches.keys()) if (window * windowMs < atMs) this.#sketches.delete(window);
  }

  #slotAt(atMs: number): Mutable<Slot> | undefined {
    const number = Math.floor(atMs / this.#slotMs);
    const known = this.#slots.get(number);
    if (known !== undefined) return known;
    if (this.#slots.size >= this.#most) {
      this.#leftOut++;
      return undefined;
    }
    const slot = emptySlot(number * this.#slotMs);
    this.#slots.set(number, slot);
    return slot;
  }

  #sketch(atMs: number): Sketches {
    const number = Math.floor(atMs / (SLOTS_PER_WINDOW * this.#slotMs));
    let sketches = this.#sketches.get(number);
    if (sketches === undefined) {
      sketches = { failed: new DistinctNames(this.#seed), appended: new DistinctNames(this.#seed) };
      this.#sketches.set(number, sketches);
    }
    return sketches;
  }
}

export function unresolvedOf({ failed, appended }: Slot, by: UnresolvedBy): number {
  return by === 'codes' ? failed : appended;
}

const KINDS: ReadonlyMap<number, 'a' | 'ptr' | 'mx' | 'txt'> = new Map([
  [RECORD_TYPE.A, 'a'],
  [RECORD_TYPE.AAAA, 'a'],
  [RECORD_TYPE.PTR, 'ptr'],
  [RECORD_TYPE.MX, 'mx'],
  [RECORD_TYPE.TXT, 'txt'],
]);

/** A mail server asks so for names that people or other mail servers gave it; not for the names of clients' addresses. */
function isOfHost(type: number): boolean {
  return type === RECORD_TYPE.A || type === RECORD_TYPE.AAAA || type === RECORD_TYPE.MX;
}

/** That a block list has no such address is good news (RFC 5782 §2.1, §2.4): `2.0.0.127.dnsbl.example`, or 32 nibbles. */
function isBlockListQuery(name: Name): boolean {
  return /^(?:(?:\d{1,3}\.){4}|(?:[0-9a-f]\.){32})/.test(formatName(name)) && !isAtOrBelow(name, ARPA);
}

function emptySlot(atMs: number): Mutable<Slot> {
  return { atMs, a: 0, ptr: 0, mx: 0, txt: 0, total: 0, answered: 0, failed: 0, appended: 0 };
}
