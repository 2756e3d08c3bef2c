import type { TimeSource } from '../../core/clock.ts';

interface Held {
  readonly batch: Uint8Array;
  readonly shiftMs: number;
  readonly dueMs: number;
}

/** Beyond them the oldest go on before their time. */
const MAX_BATCHES = 8192;
const MAX_OCTETS = 16 * 1024 * 1024;

/** Batches of observations that wait for what comes later by another way and was earlier. */
export class HeldBatches {
  readonly #clock: TimeSource;
  readonly #delayMs: number;
  readonly #take: (batch: Uint8Array, shiftMs: number) => void;
  #held: Held[] = [];
  #octets = 0;

  constructor(clock: TimeSource, delayMs: number, take: (batch: Uint8Array, shiftMs: number) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#take = take;
  }

  /** Takes a batch in memory of its own. */
  add(batch: Uint8Array, shiftMs: number): void {
    this.#held.push({ batch, shiftMs, dueMs: this.#clock.nowMs() + this.#delayMs });
    this.#octets += batch.length;
    this.release();
  }

  /** Lets go of what has waited long enough; to be called about once a second. */
  release(): void {
    const nowMs = this.#clock.nowMs();
    let count = 0;
    for (const { batch, shiftMs, dueMs } of this.#held) {
      const isFull = this.#held.length - count > MAX_BATCHES || this.#octets > MAX_OCTETS;
      if (dueMs > nowMs && !isFull) break;
      this.#octets -= batch.length;
      count++;
      this.#take(batch, shiftMs);
    }
    if (count > 0) this.#held = this.#held.slice(count);
  }
}
