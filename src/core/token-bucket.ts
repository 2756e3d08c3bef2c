import type { TimeSource } from './clock.ts';

/** Lets `ratePerSecond` through on average and `burst` at once; both are counts of whatever is limited. */
export class TokenBucket {
  readonly #clock: TimeSource;
  readonly #ratePerSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: TimeSource, ratePerSecond: number, burst: number) {
    this.#clock = clock;
    this.#ratePerSecond = ratePerSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = clock.nowMs();
  }

  /** Whether nothing has been used of it, or all of that has come back. */
  get isFull(): boolean {
    return this.#filled() >= this.#burst;
  }

  /** Milliseconds until one more may pass; 0: now. Infinity: never. */
  get waitMs(): number {
    const missing = 1 - this.#filled();
    if (missing <= 0) return 0;
    return this.#burst < 1 ? Number.POSITIVE_INFINITY : Math.floor((missing * 1000) / this.#ratePerSecond) + 1;
  }

  /** True when so many more may pass now. */
  take(count = 1): boolean {
    if (this.#filled() < count) return false;
    this.#tokens -= count;
    return true;
  }

  #filled(): number {
    const nowMs = this.#clock.nowMs();
    const gained = ((nowMs - this.#filledAtMs) * this.#ratePerSecond) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    return this.#tokens;
  }
}
