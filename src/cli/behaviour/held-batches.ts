import type { TimeSource } from '../../core/clock.ts';

interface Held {
  readonly batch: Uint8Array;
  readonly shiftMs: number;
  readonly dueMs: number;
}

/** What comes beyond them is lost: before its time it would be judged without what belongs to it. */
const MAX_BATCHES = 8192;
const MAX_OCTETS = 16 * 1024 * 1024;

/** Batches of observations that wait for what comes later by another way and was earlier. */
export class HeldBatches {
  readonly #clock: TimeSource;
  readonly #delayMs: number;
  readonly #take: (batch: Uint8Array, shiftMs: number) => void;
  #held: Held[] = [];
  #octets = 0;
  #lost = 0;

  constructor(clock: TimeSource, delayMs: number, take: (batch: Uint8Array, shiftMs: number) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#take = take;
  }

  /** Batches that found no room. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a batch in memory of its own. */
  add(batch: Uint8Array, shiftMs: number): void {
    this.release();
    if (this.#held.length >= MAX_BATCHES || this.#octets + batch.length > MAX_OCTETS) {
      this.#lost++;
      return;
    }
    this.#held.push({ batch, shiftMs, dueMs: this.#clock.nowMs() + this.#delayMs });
    this.#octets += batch.length;
  }

  /** Lets go of what has waited long enough; to be called about once a second. */
  release(): void {
    const nowMs = this.#clock.nowMs();
    let count = 0;
    for (const { batch, shiftMs, dueMs } of this.#held) {
      if (dueMs > nowMs) break;
      this.#octets -= batch.length;
      count++;
      this.#take(batch, shiftMs);
    }
    if (count > 0) this.#held = this.#held.slice(count);
  }
}
