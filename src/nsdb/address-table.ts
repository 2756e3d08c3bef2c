import { randomInt } from 'node:crypto';
import { type Address, type Ipv4Address, type Ipv6Address, isIpv4 } from '../core/address.ts';
import { CountedEntries, ENTRY } from './counted-entries.ts';

/** What an entry holds behind its head; the last two words are a 64-bit float. An IPv4 address stands in the word ADDRESS. */
const FIELD = {
  FAMILY: ENTRY.OWN,
  ADDRESS: ENTRY.OWN + 1,
  ROWS: ENTRY.OWN + 5,
  ZONES: ENTRY.OWN + 6,
  ORIGIN: ENTRY.OWN + 7,
  TOLD: ENTRY.OWN + 8,
  UNTIL: ENTRY.OWN + 9,
} as const;
const WORDS = 14;
const FAMILY = { IPV4: 0, IPV6: 1 } as const;
const NONE = 0;

/**
 * The addresses of the history, each known by a number from 1 up, with what hangs on them: the rows of the address, how many
 * zones they are of, and until when it is known. A look-up touches two places.
 */
export class AddressTable extends CountedEntries {
  readonly #seed = randomInt(2 ** 32);
  readonly #octets: Buffer;
  /** The address that is looked for, in words, and the same octets. */
  readonly #wanted = new Int32Array(4);
  readonly #wantedOctets = Buffer.from(this.#wanted.buffer);

  constructor(maxAddresses: number) {
    super(maxAddresses, WORDS);
    this.#octets = Buffer.from(this.words.buffer);
  }

  /** The number of the address; 0 when it is not here. */
  find(address: Address): number {
    if (isIpv4(address)) return this.#findIpv4(address);
    // Sixteen octets are written faster one by one than by a call out of the engine.
    for (let at = 0; at < 16; at++) this.#wantedOctets[at] = address.charCodeAt(at);
    return this.#findIpv6(this.#wanted, 0);
  }

  /** As `find`, of the address that stands in `words` from `at` on (dns/observation-layout.ts). */
  findAt(words: Int32Array, at: number, isIpv6: boolean): number {
    return isIpv6 ? this.#findIpv6(words, at) : this.#findIpv4(words[at]!);
  }

  /** As `find`, but takes in what is not here; 0 when there is no room. It stays as a name does (NameTable#intern). */
  intern(address: Address): number {
    const found = this.find(address);
    if (found !== NONE || this.isFull) return found;
    if (isIpv4(address)) {
      const id = this.add(this.#mix(address ^ this.#seed));
      this.words[id * WORDS + FIELD.ADDRESS] = address;
      return id;
    }
    const id = this.add(this.#hashWords(this.#wanted, 0));
    const at = id * WORDS + FIELD.ADDRESS;
    for (let word = 0; word < 4; word++) this.words[at + word] = this.#wanted[word]!;
    this.words[id * WORDS + FIELD.FAMILY] = FAMILY.IPV6;
    return id;
  }

  /** Whether it is the address that stands in `words` from `at` on. */
  isAt(id: number, words: Int32Array, at: number, isIpv6: boolean): boolean {
    const own = this.words;
    const from = id * WORDS + FIELD.ADDRESS;
    if (own[id * WORDS + FIELD.FAMILY] !== (isIpv6 ? FAMILY.IPV6 : FAMILY.IPV4) || own[from] !== words[at])
      return false;
    if (!isIpv6) return true;
    return own[from + 1] === words[at + 1] && own[from + 2] === words[at + 2] && own[from + 3] === words[at + 3];
  }

  addressOf(id: number): Address {
    const at = id * WORDS + FIELD.ADDRESS;
    if (this.words[id * WORDS + FIELD.FAMILY] === FAMILY.IPV4) return this.words[at]! as Ipv4Address;
    return this.#octets.toString('latin1', at * 4, at * 4 + 16) as Ipv6Address;
  }

  /** The first row of the address, 0 when there is none. */
  rows(id: number): number {
    return this.words[id * WORDS + FIELD.ROWS]!;
  }

  setRows(id: number, row: number): void {
    this.words[id * WORDS + FIELD.ROWS] = row;
  }

  /** How many different zones its rows are of. */
  zoneCount(id: number): number {
    return this.words[id * WORDS + FIELD.ZONES]!;
  }

  addZoneCount(id: number, difference: 1 | -1): void {
    this.words[id * WORDS + FIELD.ZONES]! += difference;
  }

  /** Until when the address is known, milliseconds; 0 when it never was. */
  untilMs(id: number): number {
    return this.times[(id * WORDS + FIELD.UNTIL) >> 1]!;
  }

  /** `origin`: the number of the origin from which it is known for as long. */
  setUntil(id: number, untilMs: number, origin: number): void {
    this.times[(id * WORDS + FIELD.UNTIL) >> 1] = untilMs;
    this.words[id * WORDS + FIELD.ORIGIN] = origin;
  }

  origin(id: number): number {
    return this.words[id * WORDS + FIELD.ORIGIN]!;
  }

  /** Whether the subscribers of the history take it for known. */
  isTold(id: number): boolean {
    return this.words[id * WORDS + FIELD.TOLD] !== 0;
  }

  setTold(id: number, isTold: boolean): void {
    this.words[id * WORDS + FIELD.TOLD] = isTold ? 1 : 0;
  }

  #findIpv4(address: number): number {
    const { words } = this;
    let id = this.first(this.#mix(address ^ this.#seed));
    for (; id !== NONE; id = words[id * WORDS + ENTRY.NEXT]!) {
      const isSame = words[id * WORDS + FIELD.ADDRESS] === address;
      if (isSame && words[id * WORDS + FIELD.FAMILY] === FAMILY.IPV4) return id;
    }
    return NONE;
  }

  #findIpv6(words: Int32Array, at: number): number {
    let id = this.first(this.#hashWords(words, at));
    for (; id !== NONE; id = this.words[id * WORDS + ENTRY.NEXT]!) if (this.isAt(id, words, at, true)) return id;
    return NONE;
  }

  #hashWords(words: Int32Array, at: number): number {
    let hash = this.#seed;
    for (let word = at; word < at + 4; word++) hash = this.#mix(Math.imul(hash, 31) ^ words[word]!);
    return hash;
  }

  /** Each bit of the outcome depends on all of `bits`. */
  #mix(bits: number): number {
    let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  }
}
