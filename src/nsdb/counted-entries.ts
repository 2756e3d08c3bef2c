import { tableSize } from './table-size.ts';

/** The first words of an entry; what else it holds begins at OWN. */
export const ENTRY = { HASH: 0, NEXT: 1, REFERENCES: 2, OWN: 3 } as const;
const NONE = 0;
/** In the place of the count of references. */
const FREE = -1;

/**
 * Entries of a hash table with chains, in flat memory, known by a number from 1 up. All is reserved for the most there may be and
 * touched as it fills, so that a million entries burden no garbage collector and no growth ever stops the packet path. An entry
 * stays until it has been retained and then released as often, or `drop` is called on one that nobody has retained.
 */
export class CountedEntries {
  /** Entry `id` begins at word `id * stride`; `times` are the same octets. */
  protected readonly words: Int32Array;
  protected readonly times: Float64Array;
  readonly #most: number;
  readonly #stride: number;
  readonly #buckets: Int32Array;
  #freeEntry = NONE;
  #usedEntries = 0;
  #size = 0;

  /** `stride`: the words of one entry, an even number. */
  constructor(most: number, stride: number) {
    this.#most = most;
    this.#stride = stride;
    const octets = new ArrayBuffer((most + 1) * stride * 4);
    this.words = new Int32Array(octets);
    this.times = new Float64Array(octets);
    this.#buckets = new Int32Array(tableSize(most));
  }

  get size(): number {
    return this.#size;
  }

  /** No number is greater. */
  get lastId(): number {
    return this.#usedEntries;
  }

  get isFull(): boolean {
    return this.#size >= this.#most;
  }

  retain(id: number): void {
    this.words[id * this.#stride + ENTRY.REFERENCES]!++;
  }

  release(id: number): void {
    this.words[id * this.#stride + ENTRY.REFERENCES]!--;
    this.drop(id);
  }

  /** Lets go of an entry that nobody has retained. Returns whether it did. */
  drop(id: number): boolean {
    const at = id * this.#stride;
    if (id === NONE || this.words[at + ENTRY.REFERENCES] !== 0) return false;
    this.words[at + ENTRY.REFERENCES] = FREE;
    this.#unlink(id);
    this.words[at + ENTRY.NEXT] = this.#freeEntry;
    this.#freeEntry = id;
    this.#size--;
    return true;
  }

  /** The first entry of the chain to which `hash` leads; the words NEXT lead on, and 0 ends it. */
  protected first(hash: number): number {
    return this.#buckets[hash & (this.#buckets.length - 1)]!;
  }

  /** A new entry of which nothing is set but the hash; there must be room. */
  protected add(hash: number): number {
    let id = this.#freeEntry;
    if (id === NONE) id = ++this.#usedEntries;
    else this.#freeEntry = this.words[id * this.#stride + ENTRY.NEXT]!;
    const at = id * this.#stride;
    for (let word = at; word < at + this.#stride; word++) this.words[word] = 0;
    this.words[at + ENTRY.HASH] = hash;
    const bucket = hash & (this.#buckets.length - 1);
    this.words[at + ENTRY.NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = id;
    this.#size++;
    return id;
  }

  #unlink(id: number): void {
    const bucket = this.words[id * this.#stride + ENTRY.HASH]! & (this.#buckets.length - 1);
    let before = NONE;
    for (let other = this.#buckets[bucket]!; other !== id; other = this.words[other * this.#stride + ENTRY.NEXT]!) {
      // An error ends the process, which starts anew from its store; a chain without an end would stop it for good.
      if (other === NONE) throw new Error(`entry ${id} is not in its chain`);
      before = other;
    }
    const next = this.words[id * this.#stride + ENTRY.NEXT]!;
    if (before === NONE) this.#buckets[bucket] = next;
    else this.words[before * this.#stride + ENTRY.NEXT] = next;
  }
}
