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

  /** True when one more may pass now. */
  take(): boolean {
    const nowMs = this.#clock.nowMs();
    const gained = ((nowMs - this.#filledAtMs) * this.#ratePerSecond) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
