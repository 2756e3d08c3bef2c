import type { TripleTable } from './triple-table.ts';

const NONE = 0;
const SLOT_MS = 1000;

/**
 * When rows are due, in slots of one second: adding and taking out are O(1), and a second costs what is due in it. A row whose
 * time has moved to later finds its new slot by itself when the old one comes.
 */
export class ExpiryWheel {
  readonly #rows: TripleTable;
  /** The first row of each second; a row's second is its time modulo their number. */
  readonly #slots: Int32Array;
  /** No row is due in an earlier second. */
  #second: number;

  /** No row may be due later than `longestMs` from when it is added. */
  constructor(rows: TripleTable, longestMs: number, nowMs: number) {
    this.#rows = rows;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(longestMs / SLOT_MS + 2)));
    this.#second = secondOf(nowMs);
  }

  add(row: number): void {
    const rows = this.#rows;
    // What is due already waits for the next second that is drained. What is due beyond one round, as may be while draining
    // lags behind, is looked at once in between: it must not come back into the slot that is being drained.
    const lastSecond = this.#second + this.#slots.length - 1;
    const second = Math.min(Math.max(secondOf(rows.expiresMs(row)), this.#second), lastSecond);
    const slot = second & (this.#slots.length - 1);
    const next = this.#slots[slot]!;
    rows.setTimeNext(row, next);
    // The first of a slot names the slot: its time may be another by the time it is taken out.
    rows.setTimeBefore(row, -slot - 1);
    if (next !== NONE) rows.setTimeBefore(next, row);
    this.#slots[slot] = row;
  }

  delete(row: number): void {
    const rows = this.#rows;
    const next = rows.timeNext(row);
    const before = rows.timeBefore(row);
    if (next !== NONE) rows.setTimeBefore(next, before);
    if (before < 0) this.#slots[-before - 1] = next;
    else rows.setTimeNext(before, next);
  }

  /**
   * Takes out rows whose time has come and gives each to `onDue`; looks at `most` rows at the most, and returns false when there
   * may be more.
   */
  drain(nowMs: number, most: number, onDue: (row: number) => void): boolean {
    const thisSecond = secondOf(nowMs);
    // After a long sleep each slot is looked at once.
    this.#second = Math.max(this.#second, thisSecond - this.#slots.length + 1);
    let left = most;
    for (; this.#second < thisSecond; this.#second++) {
      const slot = this.#second & (this.#slots.length - 1);
      for (let row = this.#slots[slot]!; row !== NONE; row = this.#slots[slot]!) {
        if (left-- <= 0) return false;
        this.delete(row);
        if (this.#rows.expiresMs(row) <= nowMs) onDue(row);
        else this.add(row);
      }
    }
    return this.#drainBegun(thisSecond & (this.#slots.length - 1), nowMs, left, onDue);
  }

  /** Of the second that has begun, what is due already. */
  #drainBegun(slot: number, nowMs: number, most: number, onDue: (row: number) => void): boolean {
    let row = this.#slots[slot]!;
    for (let left = most; row !== NONE; left--) {
      if (left <= 0) return false;
      const next = this.#rows.timeNext(row);
      if (this.#rows.expiresMs(row) <= nowMs) {
        this.delete(row);
        onDue(row);
      }
      row = next;
    }
    return true;
  }
}

function secondOf(atMs: number): number {
  return Math.floor(atMs / SLOT_MS);
}
