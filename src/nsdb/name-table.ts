import { randomInt } from 'node:crypto';
import { behindName, type Name } from '../dns/name.ts';
import { CountedEntries, ENTRY } from './counted-entries.ts';

/** What an entry holds behind its head; the last two words are a 64-bit float. */
const FIELD = {
  LOCATION: ENTRY.OWN,
  ZONE_ROWS: ENTRY.OWN + 1,
  SERVER_ROWS: ENTRY.OWN + 2,
  ZONE_COUNT: ENTRY.OWN + 3,
  NOTE: ENTRY.OWN + 4,
  DELEGATED_UNTIL: ENTRY.OWN + 5,
} as const;
const WORDS = 10;

const CHUNK_BITS = 20;
const CHUNK_OCTETS = 1 << CHUNK_BITS;
/** Room for a name is given in steps of so many octets, and given back to the list of its size. */
const STEP_OCTETS = 8;
const SIZES = 256 / STEP_OCTETS + 1;
/** What a place, chunk and offset in one positive number, can tell apart. */
const MAX_CHUNKS = 2047;
const NONE = 0;

/**
 * The names of the history, each once, known by a number from 1 up, together with what hangs on them: the rows in which a name
 * is the zone, the rows in which it is the name server, and until when its parent has delegated it. The order of the
 * buckets depends on a random seed.
 */
export class NameTable extends CountedEntries {
  readonly #maxChunks: number;
  readonly #seed = randomInt(2 ** 32);
  readonly #chunks: Buffer[] = [];
  /** By size in steps: the first free place, in which the next one stands. */
  readonly #freePlaces = new Int32Array(SIZES).fill(-1);
  /** Where the room of the last chunk that was never used begins. */
  #frontier = CHUNK_OCTETS;
  readonly #scratch = Buffer.alloc(256);

  /** Takes up to `maxNames` names of `meanOctets` octets on average. */
  constructor(maxNames: number, meanOctets = 48) {
    super(maxNames, WORDS);
    this.#maxChunks = Math.min(MAX_CHUNKS, Math.ceil((maxNames * meanOctets) / CHUNK_OCTETS));
  }

  /** The number of the canonical name that begins at `at`; 0 when it is not here. */
  find(octets: Buffer, at: number): number {
    const end = behindName(octets, at);
    return this.#find(octets, at, end, this.#hash(octets, at, end));
  }

  findName(name: Name): number {
    return this.find(this.octetsOfName(name), 0);
  }

  /** The octets of a name from 0 on, until the next call. */
  octetsOfName(name: Name): Buffer {
    this.#scratch.write(name, 'latin1');
    return this.#scratch;
  }

  /** As `find`, but takes in what is not here; 0 when there is no room. */
  intern(octets: Buffer, at: number): number {
    const end = behindName(octets, at);
    const hash = this.#hash(octets, at, end);
    return this.#find(octets, at, end, hash) || this.#insert(octets, at, end, hash);
  }

  internName(name: Name): number {
    this.#scratch.write(name, 'latin1');
    return this.intern(this.#scratch, 0);
  }

  override drop(id: number): boolean {
    const isDropped = super.drop(id);
    if (isDropped) this.#freePlace(this.words[id * WORDS + FIELD.LOCATION]!);
    return isDropped;
  }

  /** Whether it is the canonical name that begins at `at`. */
  isAt(id: number, octets: Buffer, at: number): boolean {
    return this.#isAt(this.words[id * WORDS + FIELD.LOCATION]!, octets, at, behindName(octets, at));
  }

  /** The octets among which the name lies, from `startOf` on. */
  octetsOf(id: number): Buffer {
    return this.#chunks[this.words[id * WORDS + FIELD.LOCATION]! >>> CHUNK_BITS]!;
  }

  startOf(id: number): number {
    return this.words[id * WORDS + FIELD.LOCATION]! & (CHUNK_OCTETS - 1);
  }

  nameOf(id: number): Name {
    const location = this.words[id * WORDS + FIELD.LOCATION]!;
    const chunk = this.#chunks[location >>> CHUNK_BITS]!;
    const at = location & (CHUNK_OCTETS - 1);
    return chunk.toString('latin1', at, behindName(chunk, at)) as Name;
  }

  /** The first of the rows in which the name is the zone, 0 when there is none. */
  zoneRows(id: number): number {
    return this.words[id * WORDS + FIELD.ZONE_ROWS]!;
  }

  setZoneRows(id: number, row: number): void {
    this.words[id * WORDS + FIELD.ZONE_ROWS] = row;
  }

  /** The first of the rows in which the name is the name server, 0 when there is none. */
  serverRows(id: number): number {
    return this.words[id * WORDS + FIELD.SERVER_ROWS]!;
  }

  setServerRows(id: number, row: number): void {
    this.words[id * WORDS + FIELD.SERVER_ROWS] = row;
  }

  /** In how many rows the name is the zone. */
  zoneCount(id: number): number {
    return this.words[id * WORDS + FIELD.ZONE_COUNT]!;
  }

  addZoneCount(id: number, difference: 1 | -1): void {
    this.words[id * WORDS + FIELD.ZONE_COUNT]! += difference;
  }

  /** What the user of the table has noted of the name; 0 at first. */
  note(id: number): number {
    return this.words[id * WORDS + FIELD.NOTE]!;
  }

  setNote(id: number, note: number): void {
    this.words[id * WORDS + FIELD.NOTE] = note;
  }

  /** Until when the parent's last referral delegates the zone, milliseconds; 0 when none was seen. */
  delegatedUntilMs(id: number): number {
    return this.times[(id * WORDS + FIELD.DELEGATED_UNTIL) >> 1]!;
  }

  setDelegatedUntilMs(id: number, untilMs: number): void {
    this.times[(id * WORDS + FIELD.DELEGATED_UNTIL) >> 1] = untilMs;
  }

  #find(octets: Buffer, at: number, end: number, hash: number): number {
    const { words } = this;
    for (let id = this.first(hash); id !== NONE; id = words[id * WORDS + ENTRY.NEXT]!) {
      const isSameHash = words[id * WORDS + ENTRY.HASH] === hash;
      if (isSameHash && this.#isAt(words[id * WORDS + FIELD.LOCATION]!, octets, at, end)) return id;
    }
    return NONE;
  }

  #isAt(location: number, octets: Buffer, at: number, end: number): boolean {
    const chunk = this.#chunks[location >>> CHUNK_BITS]!;
    const shift = (location & (CHUNK_OCTETS - 1)) - at;
    // The length octets differ before anything behind the end of the shorter name is compared.
    for (let octet = at; octet < end; octet++) if (chunk[octet + shift] !== octets[octet]) return false;
    return true;
  }

  #insert(octets: Buffer, at: number, end: number, hash: number): number {
    const location = this.isFull ? -1 : this.#takePlace(end - at);
    if (location < 0) return NONE;
    const chunk = this.#chunks[location >>> CHUNK_BITS]!;
    const shift = (location & (CHUNK_OCTETS - 1)) - at;
    for (let octet = at; octet < end; octet++) chunk[octet + shift] = octets[octet]!;
    const id = this.add(hash);
    this.words[id * WORDS + FIELD.LOCATION] = location;
    return id;
  }

  /** Room for `length` octets: chunk and offset in one number; -1 when there is none. */
  #takePlace(length: number): number {
    const size = Math.ceil(length / STEP_OCTETS);
    const free = this.#takeFree(size);
    if (free >= 0) return free;
    if (this.#frontier + size * STEP_OCTETS > CHUNK_OCTETS) {
      if (this.#chunks.length >= this.#maxChunks) return this.#splitPlace(size);
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_OCTETS));
      this.#frontier = 0;
    }
    const location = ((this.#chunks.length - 1) << CHUNK_BITS) | this.#frontier;
    this.#frontier += size * STEP_OCTETS;
    return location;
  }

  /** Of the free places of exactly `size` steps, the one that was given back last; -1 when there is none. */
  #takeFree(size: number): number {
    const free = this.#freePlaces[size]!;
    if (free >= 0) this.#freePlaces[size] = this.#chunks[free >>> CHUNK_BITS]!.readInt32LE(free & (CHUNK_OCTETS - 1));
    return free;
  }

  /** The front of a longer free place: long names that came first must not leave short ones without room for good. */
  #splitPlace(size: number): number {
    for (let longer = size + 1; longer < SIZES; longer++) {
      const free = this.#takeFree(longer);
      if (free < 0) continue;
      this.#giveBack(free + size * STEP_OCTETS, longer - size);
      return free;
    }
    return -1;
  }

  #freePlace(location: number): void {
    const chunk = this.#chunks[location >>> CHUNK_BITS]!;
    const at = location & (CHUNK_OCTETS - 1);
    this.#giveBack(location, Math.ceil((behindName(chunk, at) - at) / STEP_OCTETS));
  }

  #giveBack(location: number, size: number): void {
    const chunk = this.#chunks[location >>> CHUNK_BITS]!;
    chunk.writeInt32LE(this.#freePlaces[size]!, location & (CHUNK_OCTETS - 1));
    this.#freePlaces[size] = location;
  }

  /** FNV-1a from a random start, its bits mixed, so that nobody can choose names that fall into one bucket. */
  #hash(octets: Buffer, at: number, end: number): number {
    let hash = this.#seed;
    for (let octet = at; octet < end; octet++) hash = Math.imul(hash ^ octets[octet]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }
}
