import { randomInt } from 'node:crypto';
import { type Address, type Ipv4Address, type Ipv6Address, isIpv4 } from '../core/address.ts';
import { tableSize } from './table-size.ts';

/** Words of one entry; the last two are a 64-bit float. An IPv4 address stands in the first word. */
const FIELD = {
  ADDRESS: 0,
  NEXT: 4,
  FAMILY: 5,
  REFERENCES: 6,
  ROWS: 7,
  ZONES: 8,
  ORIGIN: 9,
  TOLD: 10,
  UNTIL: 12,
} as const;
const WORDS = 14;
const FAMILY = { IPV4: 0, IPV6: 1 } as const;
const NONE = 0;
/** In the place of the count of references. */
const FREE = -1;

/**
 * The addresses of the history, each known by a number from 1 up, with what hangs on them: the rows of the address, how many
 * zones they are of, and until when it is known. In flat memory, as the names are (name-table.ts); a look-up touches two
 * places.
 */
export class AddressTable {
  readonly #maxAddresses: number;
  readonly #seed = randomInt(2 ** 32);
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #octets: Buffer;
  readonly #buckets: Int32Array;
  #freeEntry = NONE;
  #usedEntries = 0;
  #size = 0;
  /** The address that is looked for, in words, and the same octets. */
  readonly #wanted = new Int32Array(4);
  readonly #wantedOctets = Buffer.from(this.#wanted.buffer);

  constructor(maxAddresses: number) {
    this.#maxAddresses = maxAddresses;
    const octets = new ArrayBuffer((maxAddresses + 1) * WORDS * 4);
    this.#words = new Int32Array(octets);
    this.#times = new Float64Array(octets);
    this.#octets = Buffer.from(octets);
    this.#buckets = new Int32Array(tableSize(maxAddresses));
  }

  get size(): number {
    return this.#size;
  }

  /** No number is greater. */
  get lastId(): number {
    return this.#usedEntries;
  }

  /** The number of the address; 0 when it is not here. */
  find(address: Address): number {
    if (isIpv4(address)) return this.#findIpv4(address);
    this.#wantedOctets.write(address, 'latin1');
    return this.#findIpv6(this.#wanted, 0);
  }

  /** As `find`, of the address that stands in `words` from `at` on (dns/observation-layout.ts). */
  findAt(words: Int32Array, at: number, isIpv6: boolean): number {
    return isIpv6 ? this.#findIpv6(words, at) : this.#findIpv4(words[at]!);
  }

  /** As `find`, but takes in what is not here; 0 when there is no room. It stays as a name does (NameTable#intern). */
  intern(address: Address): number {
    const found = this.find(address);
    if (found !== NONE || this.#size >= this.#maxAddresses) return found;
    let id = this.#freeEntry;
    if (id === NONE) id = ++this.#usedEntries;
    else this.#freeEntry = this.#words[id * WORDS + FIELD.NEXT]!;
    const at = id * WORDS;
    for (let word = at; word < at + WORDS; word++) this.#words[word] = 0;
    if (isIpv4(address)) {
      this.#words[at] = address;
    } else {
      for (let word = 0; word < 4; word++) this.#words[at + word] = this.#wanted[word]!;
      this.#words[at + FIELD.FAMILY] = FAMILY.IPV6;
    }
    const bucket = this.#bucketOf(id);
    this.#words[at + FIELD.NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = id;
    this.#size++;
    return id;
  }

  /** Whether it is the address that stands in `words` from `at` on. */
  isAt(id: number, words: Int32Array, at: number, isIpv6: boolean): boolean {
    const own = this.#words;
    const entry = id * WORDS;
    if (own[entry + FIELD.FAMILY] !== (isIpv6 ? FAMILY.IPV6 : FAMILY.IPV4) || own[entry] !== words[at]) return false;
    if (!isIpv6) return true;
    return own[entry + 1] === words[at + 1] && own[entry + 2] === words[at + 2] && own[entry + 3] === words[at + 3];
  }

  retain(id: number): void {
    this.#words[id * WORDS + FIELD.REFERENCES]!++;
  }

  release(id: number): void {
    this.#words[id * WORDS + FIELD.REFERENCES]!--;
    this.drop(id);
  }

  /** Lets go of an address that nobody has retained. */
  drop(id: number): void {
    if (id === NONE || this.#words[id * WORDS + FIELD.REFERENCES] !== 0) return;
    this.#words[id * WORDS + FIELD.REFERENCES] = FREE;
    const bucket = this.#bucketOf(id);
    let before = NONE;
    for (let other = this.#buckets[bucket]!; other !== id; other = this.#words[other * WORDS + FIELD.NEXT]!)
      before = other;
    const next = this.#words[id * WORDS + FIELD.NEXT]!;
    if (before === NONE) this.#buckets[bucket] = next;
    else this.#words[before * WORDS + FIELD.NEXT] = next;
    this.#words[id * WORDS + FIELD.NEXT] = this.#freeEntry;
    this.#freeEntry = id;
    this.#size--;
  }

  addressOf(id: number): Address {
    const at = id * WORDS;
    if (this.#words[at + FIELD.FAMILY] === FAMILY.IPV4) return this.#words[at]! as Ipv4Address;
    return this.#octets.toString('latin1', at * 4, at * 4 + 16) as Ipv6Address;
  }

  /** The first row of the address, 0 when there is none. */
  rows(id: number): number {
    return this.#words[id * WORDS + FIELD.ROWS]!;
  }

  setRows(id: number, row: number): void {
    this.#words[id * WORDS + FIELD.ROWS] = row;
  }

  /** How many different zones its rows are of. */
  zoneCount(id: number): number {
    return this.#words[id * WORDS + FIELD.ZONES]!;
  }

  addZoneCount(id: number, difference: 1 | -1): void {
    this.#words[id * WORDS + FIELD.ZONES]! += difference;
  }

  /** Until when the address is known, milliseconds; 0 when it never was. */
  untilMs(id: number): number {
    return this.#times[(id * WORDS + FIELD.UNTIL) >> 1]!;
  }

  /** `origin`: the number of the origin from which it is known for as long. */
  setUntil(id: number, untilMs: number, origin: number): void {
    this.#times[(id * WORDS + FIELD.UNTIL) >> 1] = untilMs;
    this.#words[id * WORDS + FIELD.ORIGIN] = origin;
  }

  origin(id: number): number {
    return this.#words[id * WORDS + FIELD.ORIGIN]!;
  }

  /** Whether the subscribers of the history take it for known. */
  isTold(id: number): boolean {
    return this.#words[id * WORDS + FIELD.TOLD] !== 0;
  }

  setTold(id: number, isTold: boolean): void {
    this.#words[id * WORDS + FIELD.TOLD] = isTold ? 1 : 0;
  }

  #findIpv4(address: number): number {
    const words = this.#words;
    let id = this.#buckets[this.#mix(address ^ this.#seed) & (this.#buckets.length - 1)]!;
    for (; id !== NONE; id = words[id * WORDS + FIELD.NEXT]!) {
      if (words[id * WORDS] === address && words[id * WORDS + FIELD.FAMILY] === FAMILY.IPV4) return id;
    }
    return NONE;
  }

  #findIpv6(words: Int32Array, at: number): number {
    let id = this.#buckets[this.#hashWords(words, at) & (this.#buckets.length - 1)]!;
    for (; id !== NONE; id = this.#words[id * WORDS + FIELD.NEXT]!) if (this.isAt(id, words, at, true)) return id;
    return NONE;
  }

  #hashWords(words: Int32Array, at: number): number {
    let hash = this.#seed;
    for (let word = at; word < at + 4; word++) hash = this.#mix(Math.imul(hash, 31) ^ words[word]!);
    return hash;
  }

  #bucketOf(id: number): number {
    const at = id * WORDS;
    const isIpv4Entry = this.#words[at + FIELD.FAMILY] === FAMILY.IPV4;
    const hash = isIpv4Entry ? this.#mix(this.#words[at]! ^ this.#seed) : this.#hashWords(this.#words, at);
    return hash & (this.#buckets.length - 1);
  }

  /** Each bit of the outcome depends on all of `bits`. */
  #mix(bits: number): number {
    let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  }
}
