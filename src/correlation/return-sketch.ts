import { grown } from './grown.ts';

/** Bits for what a host did in the present window, and as many for what it did before. */
const WORDS = 32;
const WINDOW_MS = 600_000;
/** As long what was done before is remembered. */
const MEMORY_MS = 3 * 3_600_000;

/**
 * Tells what hosts come back to from what they do once: of a thousand contacts of a browser few return, all of a beacon do. Some are
 * taken for returns that are none, the more the busier the host is.
 */
export class ReturnSketch {
  #bits = new Uint32Array(0);
  /** When the present window began, and when the memory did, of each host. */
  #sinceMs = new Float64Array(0);

  /** Notes it; true when the host did it in an earlier window, too. */
  isReturn(host: number, hash: number, atMs: number): boolean {
    this.#turn(host, atMs);
    const at = host * 2 * WORDS + ((hash >>> 5) & (WORDS - 1));
    const bit = 1 << (hash & 31);
    this.#bits[at]! |= bit;
    return (this.#bits[at + WORDS]! & bit) !== 0;
  }

  forget(host: number): void {
    if (host * 2 >= this.#sinceMs.length) return;
    this.#bits.fill(0, host * 2 * WORDS, (host + 1) * 2 * WORDS);
    this.#sinceMs.fill(0, host * 2, host * 2 + 2);
  }

  #turn(host: number, atMs: number): void {
    if ((host + 1) * 2 > this.#sinceMs.length) {
      this.#sinceMs = grown(this.#sinceMs, (host + 1) * 2);
      this.#bits = grown(this.#bits, this.#sinceMs.length * WORDS);
    }
    // Also when the clock went back: a window may end too early.
    if (Math.abs(atMs - this.#sinceMs[host * 2]!) < WINDOW_MS) return;
    const from = host * 2 * WORDS;
    const bits = this.#bits;
    if (Math.abs(atMs - this.#sinceMs[host * 2 + 1]!) >= MEMORY_MS) {
      // What the last window had stays: a beacon must not lose its thread.
      bits.copyWithin(from + WORDS, from, from + WORDS);
      this.#sinceMs[host * 2 + 1] = atMs;
    } else {
      for (let word = from; word < from + WORDS; word++) bits[word + WORDS]! |= bits[word]!;
    }
    bits.fill(0, from, from + WORDS);
    this.#sinceMs[host * 2] = atMs;
  }
}
