import { randomInt } from 'node:crypto';
import { MAX_NAME_OCTETS, type Name } from '../dns/name.ts';

const SHARDS = 256;
const FIRST_SLOTS = 8;
const FIRST_OCTETS = 128;
/** Labels of the longest name, the root among them. */
const MAX_LABELS = 128;
/** Of a slot: the hash of a name, and behind which octet its record begins; 0 for a free one. */
const SLOT_WORDS = 2;
/** Of a record: its note, the length of the name, the name. */
const RECORD_HEAD = 2;

/**
 * A note of eight bits for each of many names. Names lie as octets in flat memory, so that a million of them are neither a
 * million objects to the garbage collector nor scattered over memory, and a name is looked up with all names above it in one
 * pass that makes no string. In many small tables: a large one that grows would stop everything else for that time.
 */
export class NameNotes {
  readonly #shards: (Shard | undefined)[] = new Array<Shard | undefined>(SHARDS);
  /** Senders who choose their names cannot make them collide. */
  readonly #seed = randomInt(2 ** 32) | 0;
  readonly #labelStarts = new Int32Array(MAX_LABELS);
  readonly #hashes = new Int32Array(MAX_LABELS);
  #size = 0;

  /** Names that have a note. */
  get size(): number {
    return this.#size;
  }

  /** Adds the bits of `note`, 1 to 255. */
  add(name: Name, note: number): void {
    this.#hashSuffixes(name);
    const hash = this.#hashes[0]!;
    const index = hash & (SHARDS - 1);
    const held = this.#shards[index];
    const shard = held ?? new Shard();
    if (held === undefined) this.#shards[index] = shard;
    if (shard.add(name, hash, note)) this.#size++;
  }

  /**
   * Shows the notes of the name and of those above it, the name's own first, until `visit` says true; `isSelf` tells the
   * name's own. Names without a note are passed over.
   */
  climb(name: Name, visit: (note: number, isSelf: boolean) => boolean): void {
    if (this.#size === 0) return;
    const labels = this.#hashSuffixes(name);
    for (let label = 0; label < labels; label++) {
      const hash = this.#hashes[label]!;
      const note = this.#shards[hash & (SHARDS - 1)]?.find(name, this.#labelStarts[label]!, hash) ?? 0;
      if (note !== 0 && visit(note, label === 0)) return;
    }
  }

  /** All names with their notes. */
  *[Symbol.iterator](): Generator<readonly [Name, number], void> {
    for (const shard of this.#shards) if (shard !== undefined) yield* shard.entries();
  }

  /** Where each label begins, and the hash of the name from there on; gives how many there are. */
  #hashSuffixes(name: Name): number {
    let labels = 0;
    for (let at = 0; at < name.length && labels < MAX_LABELS; at += name.charCodeAt(at) + 1) {
      this.#labelStarts[labels++] = at;
    }
    let hash = this.#seed;
    let label = labels - 1;
    for (let at = Math.min(name.length, MAX_NAME_OCTETS) - 1; at >= 0; at--) {
      hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
      if (at !== this.#labelStarts[label]) continue;
      this.#hashes[label--] = mix(hash);
    }
    return labels;
  }
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/** Names whose hashes end alike: open addressing over records in one run of octets. */
class Shard {
  #slots = new Int32Array(FIRST_SLOTS * SLOT_WORDS);
  #octets = Buffer.alloc(FIRST_OCTETS);
  #count = 0;
  #length = 0;

  /** True when the name is new. */
  add(name: Name, hash: number, note: number): boolean {
    let slot = this.#slotOf(name, 0, hash);
    const record = this.#slots[slot + 1]!;
    if (record > 0) {
      this.#octets[record - 1]! |= note;
      return false;
    }
    if ((this.#count + 1) * 2 * SLOT_WORDS > this.#slots.length) {
      this.#grow();
      slot = this.#slotOf(name, 0, hash);
    }
    this.#count++;
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = this.#append(name, note) + 1;
    return true;
  }

  /** The note of the name that begins at `start`; 0 for none. */
  find(name: Name, start: number, hash: number): number {
    const record = this.#slots[this.#slotOf(name, start, hash) + 1]!;
    return record === 0 ? 0 : this.#octets[record - 1]!;
  }

  *entries(): Generator<readonly [Name, number], void> {
    for (let at = 0; at < this.#length; ) {
      const end = at + RECORD_HEAD + this.#octets[at + 1]!;
      yield [this.#octets.toString('latin1', at + RECORD_HEAD, end) as Name, this.#octets[at]!];
      at = end;
    }
  }

  /** The slot that has the name, or the free one where it would go. */
  #slotOf(name: Name, start: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = ((hash >>> 8) * SLOT_WORDS) & mask;
    for (;;) {
      const record = slots[slot + 1]!;
      if (record === 0 || (slots[slot] === hash && this.#isAt(record - 1, name, start))) return slot;
      slot = (slot + SLOT_WORDS) & mask;
    }
  }

  #isAt(record: number, name: Name, start: number): boolean {
    const octets = this.#octets;
    const length = name.length - start;
    if (octets[record + 1] !== length) return false;
    for (let at = 0; at < length; at++) {
      if (octets[record + RECORD_HEAD + at] !== name.charCodeAt(start + at)) return false;
    }
    return true;
  }

  #append(name: Name, note: number): number {
    const start = this.#length;
    const end = start + RECORD_HEAD + name.length;
    if (end > this.#octets.length) {
      const larger = Buffer.alloc(Math.max(end, this.#octets.length * 2));
      this.#octets.copy(larger, 0, 0, start);
      this.#octets = larger;
    }
    this.#octets[start] = note;
    this.#octets[start + 1] = name.length;
    this.#octets.write(name, start + RECORD_HEAD, 'latin1');
    this.#length = end;
    return start;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from + 1] === 0) continue;
      let slot = ((old[from]! >>> 8) * SLOT_WORDS) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + SLOT_WORDS) & mask;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.#slots = slots;
  }
}
