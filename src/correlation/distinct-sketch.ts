import { grown } from './grown.ts';

/**
 * How many different things each row has lately shown, in a few octets however many there are: linear counting over the bits of
 * two windows of time, the present one and the one before (Whang et al., 1990). Beyond some multiples of the bits it saturates.
 */
export class DistinctSketch {
  readonly #words: number;
  readonly #windowMs: number;
  #bits = new Uint32Array(0);
  #sinceMs = new Float64Array(0);

  /** `bits` is a power of two, 32 at least. */
  constructor(bits: number, windowMs: number) {
    this.#words = bits >>> 5;
    this.#windowMs = windowMs;
  }

  /** True when nothing with these bits was there in either window. */
  add(row: number, hash: number, atMs: number): boolean {
    this.#turn(row, atMs);
    const present = row * 2 * this.#words;
    const word = (hash >>> 5) & (this.#words - 1);
    const bit = 1 << (hash & 31);
    const before = this.#bits[present + word]! | this.#bits[present + this.#words + word]!;
    this.#bits[present + word]! |= bit;
    return (before & bit) === 0;
  }

  /** False: it was certainly not there in either window. */
  has(row: number, hash: number): boolean {
    const present = row * 2 * this.#words;
    if (present >= this.#bits.length) return false;
    const word = present + ((hash >>> 5) & (this.#words - 1));
    return ((this.#bits[word]! | this.#bits[word + this.#words]!) & (1 << (hash & 31))) !== 0;
  }

  /** About how many different things the two windows have seen. */
  count(row: number): number {
    const present = row * 2 * this.#words;
    if (present >= this.#bits.length) return 0;
    let set = 0;
    for (let word = present; word < present + this.#words; word++) {
      set += bitsSet(this.#bits[word]! | this.#bits[word + this.#words]!);
    }
    const all = this.#words * 32;
    return Math.round(all * Math.log(all / Math.max(1, all - set)));
  }

  clear(row: number): void {
    const present = row * 2 * this.#words;
    if (present >= this.#bits.length) return;
    this.#bits.fill(0, present, present + 2 * this.#words);
    this.#sinceMs[row] = 0;
  }

  #turn(row: number, atMs: number): void {
    if (row >= this.#sinceMs.length || (row + 1) * 2 * this.#words > this.#bits.length) {
      this.#sinceMs = grown(this.#sinceMs, row + 1);
      this.#bits = grown(this.#bits, this.#sinceMs.length * 2 * this.#words);
    }
    const elapsedMs = atMs - this.#sinceMs[row]!;
    // A clock that went back by much must not stop the windows until it has caught up.
    if (elapsedMs >= 0 && elapsedMs < this.#windowMs) return;
    if (elapsedMs < 0 && elapsedMs > -this.#windowMs) return;
    const present = row * 2 * this.#words;
    if (elapsedMs >= 0 && elapsedMs < 2 * this.#windowMs) {
      this.#bits.copyWithin(present + this.#words, present, present + this.#words);
      this.#bits.fill(0, present, present + this.#words);
    } else if (elapsedMs >= 0) {
      this.#bits.fill(0, present, present + 2 * this.#words);
    }
    this.#sinceMs[row] = atMs;
  }
}

function bitsSet(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
