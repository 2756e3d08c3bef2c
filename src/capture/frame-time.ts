import type { TimeSource } from '../core/clock.ts';

const STEP_MS = 100;
/** A frame waits in a buffer for less. */
const MAX_WAIT_MS = 5000;

/**
 * From the wall clock, by which the kernel stamps frames and which can be set while we run, to a clock that never jumps. A frame
 * that was stamped before a jump and is read after it goes by the wall clock as it was.
 */
export class FrameTime {
  readonly #clock: TimeSource;
  readonly #wall: TimeSource;
  #nowMs: number;
  #offsetMs: number;
  #offsetBeforeMs: number;

  constructor(clock: TimeSource, wall: TimeSource) {
    this.#clock = clock;
    this.#wall = wall;
    this.#nowMs = clock.nowMs();
    this.#offsetMs = this.#nowMs - wall.nowMs();
    this.#offsetBeforeMs = this.#offsetMs;
  }

  /** To be called before frames are read. */
  refresh(): void {
    this.#nowMs = this.#clock.nowMs();
    const offsetMs = this.#nowMs - this.#wall.nowMs();
    // Small differences are noise of the two clocks, and would only disturb the order.
    if (Math.abs(offsetMs - this.#offsetMs) <= STEP_MS) return;
    this.#offsetBeforeMs = this.#offsetMs;
    this.#offsetMs = offsetMs;
  }

  /** When a frame was seen that is stamped `stampMs`, by the clock that never jumps. */
  of(stampMs: number): number {
    if (this.#isPossible(stampMs + this.#offsetMs)) return stampMs + this.#offsetMs;
    this.refresh();
    if (this.#isPossible(stampMs + this.#offsetMs)) return stampMs + this.#offsetMs;
    if (this.#isPossible(stampMs + this.#offsetBeforeMs)) return stampMs + this.#offsetBeforeMs;
    return this.#nowMs;
  }

  #isPossible(atMs: number): boolean {
    return atMs <= this.#nowMs + STEP_MS && atMs >= this.#nowMs - MAX_WAIT_MS;
  }
}
