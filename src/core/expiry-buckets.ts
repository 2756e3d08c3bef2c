/**
 * Items that fall due at a known time, kept in buckets of one second: adding is O(1), and draining touches only what
 * is due. An item whose time moved is simply added again; the owner's `dueAtMs` decides, so stale places are harmless.
 */
export class ExpiryBuckets<T extends object> {
  readonly #buckets = new Map<number, Set<T>>();
  readonly #dueAtMs: (item: T) => number;
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

  /** Calls `onDue` for every item whose time has come, once each. */
  drain(nowMs: number, onDue: (item: T) => void): void {
    const thisSecond = Math.floor(nowMs / 1000);
    if (this.#nextSecond > thisSecond) return;
    const seconds = [...this.#buckets.keys()].filter((second) => second <= thisSecond).sort((a, b) => a - b);
    for (const second of seconds) this.#drainBucket(second, nowMs, onDue);
    this.#nextSecond = Math.min(...this.#buckets.keys());
  }

  #drainBucket(second: number, nowMs: number, onDue: (item: T) => void): void {
    const bucket = this.#buckets.get(second);
    this.#buckets.delete(second);
    for (const item of bucket ?? []) {
      if (this.#dueAtMs(item) <= nowMs) onDue(item);
      else this.add(item);
    }
  }
}
