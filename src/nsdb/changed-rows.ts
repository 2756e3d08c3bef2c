import { MARK } from './row-state.ts';
import type { TripleTable } from './triple-table.ts';

/** Rows that changed since they were last taken, each once, in the order in which they did. */
export class ChangedRows {
  readonly #rows: TripleTable;
  /** A ring: a row stands in it once, so that there is room for all. */
  readonly #ring: Int32Array;
  #first = 0;
  #size = 0;

  constructor(rows: TripleTable) {
    this.#rows = rows;
    this.#ring = new Int32Array(rows.maxRows);
  }

  /** Those that were taken out of the table meanwhile among them. */
  get size(): number {
    return this.#size;
  }

  /** Returns whether the row is the first that waits. */
  add(row: number): boolean {
    const state = this.#rows.state(row);
    if ((state & MARK.CHANGED) !== 0) return false;
    // A row that was taken out leaves its number behind, and the number may come again.
    if (this.#size === this.#ring.length) this.#compact();
    this.#rows.setState(row, state | MARK.CHANGED);
    this.#ring[(this.#first + this.#size) % this.#ring.length] = row;
    return this.#size++ === 0;
  }

  /** The row that waits longest, 0 when there is none. */
  shift(): number {
    while (this.#size > 0) {
      const row = this.#ring[this.#first]!;
      this.#first = (this.#first + 1) % this.#ring.length;
      this.#size--;
      const state = this.#rows.state(row);
      if ((state & MARK.CHANGED) === 0) continue;
      this.#rows.setState(row, state & ~MARK.CHANGED);
      return row;
    }
    return 0;
  }

  #compact(): void {
    const kept: number[] = [];
    const seen = new Set<number>();
    for (let index = 0; index < this.#size; index++) {
      const row = this.#ring[(this.#first + index) % this.#ring.length]!;
      if ((this.#rows.state(row) & MARK.CHANGED) === 0 || seen.has(row)) continue;
      seen.add(row);
      kept.push(row);
    }
    this.#ring.set(kept);
    this.#first = 0;
    this.#size = kept.length;
  }
}
