import { type ExponentialFit, fitExponential } from './exponential-fit.ts';

export interface DelayView {
  readonly bucketMs: number;
  /** Delays in each bucket, from zero on. */
  readonly counts: readonly number[];
  /** Null where there is none. */
  readonly meanMs: number | null;
  /** Null where there are too few delays for one. */
  readonly fit: ExponentialFit | null;
}

const BUCKET_MS = 50;

/** Delays of at most a window, in buckets of 50 ms (paper 5, figure 5). */
export class DelayHistogram {
  readonly #counts: Float64Array;
  #sumMs = 0;
  #count = 0;

  constructor(windowMs: number) {
    this.#counts = new Float64Array(Math.max(1, Math.ceil(windowMs / BUCKET_MS)));
  }

  add(delayMs: number): void {
    const bucket = Math.min(Math.floor(delayMs / BUCKET_MS), this.#counts.length - 1);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.#sumMs += delayMs;
    this.#count++;
  }

  view(): DelayView {
    const counts = [...this.#counts];
    const meanMs = this.#count === 0 ? null : this.#sumMs / this.#count;
    const fit = meanMs === null ? null : (fitExponential(counts, BUCKET_MS, meanMs) ?? null);
    return { bucketMs: BUCKET_MS, counts, meanMs, fit };
  }
}
