import type { TimeSource } from '../core/clock.ts';

const WINDOW_MS = 10_000;
const STEP_MS = 100;

/**
 * How far our clock is ahead of that of a sender, from the times of what it sends: the least that was seen of late, for on its
 * way a message can only lose time. Small differences are noise, and would only disturb the order.
 */
export class ClockShift {
  readonly #clock: TimeSource;
  #windowAtMs = Number.NEGATIVE_INFINITY;
  #leastMs = Number.POSITIVE_INFINITY;
  /** Of the window before. */
  #leastBeforeMs = Number.POSITIVE_INFINITY;
  #shiftMs = Number.NaN;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** What to add to times of the sender, now that something has come which it sent at `sentAtMs` by its clock. */
  at(sentAtMs: number): number {
    const nowMs = this.#clock.nowMs();
    const seenMs = nowMs - sentAtMs;
    if (nowMs - this.#windowAtMs < WINDOW_MS) {
      this.#leastMs = Math.min(this.#leastMs, seenMs);
    } else {
      this.#windowAtMs = nowMs;
      this.#leastBeforeMs = this.#leastMs;
      this.#leastMs = seenMs;
    }
    const leastMs = Math.min(this.#leastMs, this.#leastBeforeMs);
    // The first time it is no number, and no step.
    if (!(Math.abs(leastMs - this.#shiftMs) <= STEP_MS)) this.#shiftMs = leastMs;
    return this.#shiftMs;
  }
}
