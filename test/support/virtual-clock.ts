import type { Clock } from '../../src/core/clock.ts';

/** Noon of a day in the past, so that no test leans on the time of the machine. */
const START_MS = Date.UTC(2026, 0, 15, 12);
/** Timers that one `advance` may run: a timer that rearms itself without delay must fail, not hang. */
const MAX_TIMERS_PER_ADVANCE = 1_000_000;

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** Time that stands still until a test moves it on; timers run in the order of their time, each at its own. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs: number;

  constructor(startMs = START_MS) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves time on by `durationMs` and runs what falls due on the way, also what those timers add. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (let ran = 0; ran < MAX_TIMERS_PER_ADVANCE; ran++) {
      const next = this.#nextUntil(endMs);
      if (next === undefined) {
        this.#nowMs = endMs;
        return;
      }
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
    }
    throw new Error(`more than ${MAX_TIMERS_PER_ADVANCE} timers ran in one advance`);
  }

  /** The earliest timer until then; of two at one time the older. */
  #nextUntil(endMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (earliest === undefined || timer.atMs < earliest.atMs)) earliest = timer;
    }
    return earliest;
  }
}
