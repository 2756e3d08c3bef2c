import type { TripleTable } from './triple-table.ts';

const NONE = 0;

/** Rows that have expired and are still remembered, in the order in which they did. */
export class PastRows {
  readonly #rows: TripleTable;
  #oldest = NONE;
  #newest = NONE;
  #size = 0;

  constructor(rows: TripleTable) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#size;
  }

  /** 0 when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  add(row: number): void {
    const rows = this.#rows;
    rows.setTimeBefore(row, this.#newest);
    rows.setTimeNext(row, NONE);
    if (this.#newest === NONE) this.#oldest = row;
    else rows.setTimeNext(this.#newest, row);
    this.#newest = row;
    this.#size++;
  }

  delete(row: number): void {
    const rows = this.#rows;
    const next = rows.timeNext(row);
    const before = rows.timeBefore(row);
    if (before === NONE) this.#oldest = next;
    else rows.setTimeNext(before, next);
    if (next === NONE) this.#newest = before;
    else rows.setTimeBefore(next, before);
    this.#size--;
  }
}
