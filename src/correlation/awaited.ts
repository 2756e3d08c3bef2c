import { grown } from './grown.ts';

/** The newest of what a row waits for. */
const HELD = 32;
/** More than HELD within so long: something may be pushed out before its answer comes. */
const SOON_MS = 5000;
const NONE = 0;

/**
 * What each row has asked for and not got yet: anybody can send it what it never asked for, and name any sender. Of each only 32 bits are
 * kept, the newest few, until the answer comes.
 */
export class Awaited {
  #hashes = new Uint32Array(0);
  #noted = new Uint32Array(0);
  /** Since when SOON_MS are counted, and how much was noted before. */
  #sinceMs = new Float64Array(0);
  #notedBefore = new Uint32Array(0);
  /** When there was last more than is held. */
  #overrunAtMs = new Float64Array(0);

  note(row: number, hash: number, atMs: number): void {
    if (row >= this.#noted.length) this.#grow(row + 1);
    const noted = this.#noted[row]!;
    this.#hashes[row * HELD + (noted % HELD)] = hash === NONE ? 1 : hash;
    this.#noted[row] = noted + 1;
    if (Math.abs(atMs - this.#sinceMs[row]!) > SOON_MS) {
      this.#sinceMs[row] = atMs;
      this.#notedBefore[row] = noted;
    } else if (noted - this.#notedBefore[row]! >= HELD) {
      this.#overrunAtMs[row] = atMs;
    }
  }

  /** Whether the row waits for this; it does no longer. */
  settle(row: number, hash: number): boolean {
    if (row >= this.#noted.length) return false;
    const sought = hash === NONE ? 1 : hash;
    let isFound = false;
    for (let place = row * HELD; place < (row + 1) * HELD; place++) {
      if (this.#hashes[place] !== sought) continue;
      this.#hashes[place] = NONE;
      isFound = true;
    }
    return isFound;
  }

  /** It asks for so much that what `settle` does not find may have been asked for all the same. */
  isOverrun(row: number, atMs: number): boolean {
    return row < this.#noted.length && Math.abs(atMs - this.#overrunAtMs[row]!) <= SOON_MS;
  }

  clear(row: number): void {
    if (row >= this.#noted.length) return;
    this.#hashes.fill(NONE, row * HELD, (row + 1) * HELD);
    for (const array of [this.#noted, this.#sinceMs, this.#notedBefore, this.#overrunAtMs]) array[row] = 0;
  }

  #grow(rows: number): void {
    this.#noted = grown(this.#noted, rows);
    this.#hashes = grown(this.#hashes, this.#noted.length * HELD);
    this.#sinceMs = grown(this.#sinceMs, this.#noted.length);
    this.#notedBefore = grown(this.#notedBefore, this.#noted.length);
    this.#overrunAtMs = grown(this.#overrunAtMs, this.#noted.length);
  }
}
