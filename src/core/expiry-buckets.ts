/**
 * Items that fall due at a known time, kept in buckets of one second: adding is O(1), and draining touches only what
 * is due. An item whose time moved to later finds its new place by itself, and may be added again without harm.
 */
export class ExpiryBuckets<T extends object> {
  readonly #buckets = new Map<number, Set<T>>();
  readonly #dueAtMs: (item: T) => number;
  /** No bucket is older. */
  #nextSecond = Number.POSITIVE_INFINITY;

  constructor(dueAtMs: (item: T) => number) {
    this.#dueAtMs = dueAtMs;
  }

  /** An item that is due at Infinity is not kept. */
  add(item: T): void {
    const dueAtMs = this.#dueAtMs(item);
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    const second = Math.floor(dueAtMs / 1000);
    const bucket = this.#buckets.get(second);
    if (bucket === undefined) this.#buckets.set(second, new Set([item]));
    else bucket.add(item);
    this.#nextSecond = Math.min(this.#nextSecond, second);
  }

  /** Takes an item out; its time is the one with which it was added last. */
  delete(item: T): void {
    this.#buckets.get(Math.floor(this.#dueAtMs(item) / 1000))?.delete(item);
  }

  /** Calls `onDue` for every item whose time has come, once each, in order of the second it is due. */
  drain(nowMs: number, onDue: (item: T) => void): void {
    const thisSecond = Math.floor(nowMs / 1000);
    if (this.#nextSecond > thisSecond) return;
    // An item that was added again may stand in two of the buckets.
    const due = new Set<T>();
    for (const second of this.#secondsUntil(thisSecond)) this.#empty(second, nowMs, due);
    this.#nextSecond = this.#buckets.size === 0 ? Number.POSITIVE_INFINITY : thisSecond;
    for (const item of due) onDue(item);
  }

  #secondsUntil(thisSecond: number): readonly number[] {
    const gap = thisSecond - this.#nextSecond + 1;
    if (gap <= this.#buckets.size) return Array.from({ length: gap }, (_, index) => this.#nextSecond + index);
    return [...this.#buckets.keys()].filter((second) => second <= thisSecond).sort((a, b) => a - b);
  }

  #empty(second: number, nowMs: number, due: Set<T>): void {
    const bucket = this.#buckets.get(second);
    this.#buckets.delete(second);
    for (const item of bucket ?? []) {
      if (this.#dueAtMs(item) <= nowMs) due.add(item);
      else this.add(item);
    }
  }
}
