import { randomInt } from 'node:crypto';
import { MAX_NAMES } from './observation-layout.ts';
import { MAX_JUMPS, POINTER_KIND, pointedAt } from './wire-name.ts';

/** A message has no more octets, so none of its names begins farther in. */
const PLACES = 65_536;
/** A power of two, at most half of it in use. */
const SLOTS = 4096;
/** In the place of an index. */
export const UNKNOWN = -1;
const HASH_FACTOR = 0x9e3779b1;
const LAST_GENERATION = 0x7fffffff;

/**
 * The names that the kept records of one message name: canonical, uncompressed, each once. A name is looked up by the place
 * where it stands, for records mostly share pointers, and by its octets where it stands a second time.
 */
export class MessageNames {
  /** The names one behind the other, each beginning a word; the rest of its last word is zero. */
  readonly words = new Int32Array(64 * (MAX_NAMES + 1));
  readonly #octets = new Uint8Array(this.words.buffer);
  readonly #view = new DataView(this.words.buffer);
  /** The octet at which name `index` begins; what it fills ends where the next one begins. */
  readonly starts = new Int32Array(MAX_NAMES + 1);
  #count = 0;
  /** What a mark of this message looks like; those of earlier messages look different. */
  #generation: number;
  /** So that nobody can choose names that share a slot. */
  readonly #seed = randomInt(2 ** 32);
  readonly #placeMarks = new Int32Array(PLACES);
  readonly #placeIndexes = new Uint16Array(PLACES);
  /** Of the name at a place: how many jumps it takes, and behind which place of the message none of its octets lies. */
  readonly #placeJumps = new Uint8Array(PLACES);
  readonly #placeEnds = new Int32Array(PLACES);
  readonly #slotMarks = new Int32Array(SLOTS);
  readonly #slotIndexes = new Uint16Array(SLOTS);

  /** `generation`: as if so many messages had been read before. */
  constructor(generation = 0) {
    this.#generation = generation;
  }

  get count(): number {
    return this.#count;
  }

  /** How many octets the names fill together. */
  get lengthOctets(): number {
    return this.starts[this.#count]!;
  }

  /** Begins with another message. */
  reset(): void {
    this.#count = 0;
    if (this.#generation === LAST_GENERATION) {
      this.#generation = 0;
      this.#placeMarks.fill(0);
      this.#slotMarks.fill(0);
    }
    this.#generation++;
  }

  /**
   * The index of the name at `offset` of the message in `octets[start, end)` where it is a pointer, and leads to a name that has
   * an index already; UNKNOWN otherwise. What `wireNameEnd` does not accept is UNKNOWN.
   */
  knownIndexOf(octets: Buffer, start: number, offset: number, end: number): number {
    if (offset + 2 > end || octets[offset]! < POINTER_KIND) return UNKNOWN;
    const place = pointedAt(octets, offset);
    const isKnown =
      this.#placeMarks[place] === this.#generation &&
      start + place < offset &&
      start + this.#placeEnds[place]! <= end &&
      this.#placeJumps[place]! < MAX_JUMPS;
    return isKnown ? this.#placeIndexes[place]! : UNKNOWN;
  }

  /**
   * The index of the name at `offset` of the message that begins at `start`; `wireNameEnd` has accepted it before. `view` is of
   * the same memory as `octets`. To be called for at most MAX_NAMES names of a message.
   */
  indexOf(octets: Buffer, view: DataView, start: number, offset: number): number {
    let at = offset;
    while (octets[at]! >= POINTER_KIND) at = start + pointedAt(octets, at);
    const place = at - start;
    if (this.#placeMarks[place] === this.#generation) return this.#placeIndexes[place]!;
    const index = this.#find(this.#append(octets, view, start, at));
    this.#placeMarks[place] = this.#generation;
    this.#placeIndexes[place] = index;
    return index;
  }

  /** Appends the name that begins with a label or is the root. Returns the octet behind its last word. */
  #append(octets: Buffer, view: DataView, start: number, offset: number): number {
    let from = offset;
    let to = this.starts[this.#count]!;
    let jumps = 0;
    let last = 0;
    for (;;) {
      let runEnd = from;
      while (octets[runEnd]! !== 0 && octets[runEnd]! < POINTER_KIND) runEnd += octets[runEnd]! + 1;
      to = this.#copyLabels(octets, view, from, runEnd, to);
      if (octets[runEnd] === 0) {
        if (runEnd > last) last = runEnd;
        break;
      }
      jumps++;
      if (runEnd + 1 > last) last = runEnd + 1;
      from = start + pointedAt(octets, runEnd);
    }
    // The root, and what fills its word.
    do this.#octets[to++] = 0;
    while ((to & 3) !== 0);
    this.#placeJumps[offset - start] = jumps;
    this.#placeEnds[offset - start] = last + 1 - start;
    return to;
  }

  /** Copies labels in canonical form, four octets at a time. Returns the octet behind them. */
  #copyLabels(octets: Buffer, view: DataView, start: number, end: number, to: number): number {
    let from = start;
    let at = to;
    for (; from + 4 <= end; from += 4, at += 4) this.#view.setInt32(at, lowerCase(view.getInt32(from)));
    for (; from < end; from++, at++) this.#octets[at] = lowerCase(octets[from]!);
    return at;
  }

  /** The index of the name that was appended and ends before `end`: that of its twin, or its own from now on. */
  #find(end: number): number {
    let slot = this.#hashOf(end) & (SLOTS - 1);
    for (; this.#slotMarks[slot] === this.#generation; slot = (slot + 1) & (SLOTS - 1)) {
      const index = this.#slotIndexes[slot]!;
      if (this.#isTwin(index, end)) return index;
    }
    const index = this.#count++;
    this.#slotMarks[slot] = this.#generation;
    this.#slotIndexes[slot] = index;
    this.starts[index + 1] = end;
    return index;
  }

  #hashOf(end: number): number {
    const { words } = this;
    let hash = this.#seed;
    for (let word = this.starts[this.#count]! >> 2; word < end >> 2; word++) {
      hash = Math.imul(hash ^ words[word]!, HASH_FACTOR);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  /** Whether name `index` is the one that was appended and ends before `end`. */
  #isTwin(index: number, end: number): boolean {
    const { words } = this;
    const start = this.starts[index]! >> 2;
    const appended = this.starts[this.#count]! >> 2;
    const count = (end >> 2) - appended;
    if ((this.starts[index + 1]! >> 2) - start !== count) return false;
    for (let word = 0; word < count; word++) if (words[start + word] !== words[appended + word]) return false;
    return true;
  }
}

/**
 * Four octets with their ASCII letters in lower case. An octet without its upper bit, to which one of the two numbers is added,
 * shows there whether it is from `A` on or beyond `Z`; the upper bit itself must not be set for it to be a letter.
 */
function lowerCase(word: number): number {
  const low = word & 0x7f7f7f7f;
  const isUpper = ((low + 0x3f3f3f3f) ^ (low + 0x25252525)) & ~word & 0x80808080;
  return word | (isUpper >>> 2);
}
