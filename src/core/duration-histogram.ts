/** Upper ends of the buckets, milliseconds, inclusive: fine around the time of a verdict and around that of a hold. */
const BOUNDS_MS: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 75, 100, 250, 500, 1000, 2500, 5000];

/** What was observed since the start. */
export interface DurationFigures {
  /** Upper ends of the buckets, milliseconds, inclusive, from the least on. */
  readonly boundsMs: readonly number[];
  /** Durations in each bucket alone; the last, one more than there are bounds, is for those beyond all. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

/** Counts durations by fixed buckets. Observing allocates nothing and costs tens of nanoseconds. */
export class DurationHistogram {
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  /** A duration below zero, as of a clock that was set back, counts as none at all; one that is no number does not count. */
  observe(durationMs: number): void {
    if (Number.isNaN(durationMs)) return;
    const bucket = bucketOf(durationMs);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    // Infinity would stay in the sum for ever.
    if (durationMs > 0 && durationMs < Number.POSITIVE_INFINITY) this.#sumMs += durationMs;
  }

  figures(): DurationFigures {
    const counts = [...this.#counts];
    const count = counts.reduce((sum, one) => sum + one, 0);
    return { boundsMs: BOUNDS_MS, counts, count, sumMs: this.#sumMs };
  }
}

/** The first bucket whose bound is not below; most durations are short. */
function bucketOf(durationMs: number): number {
  let bucket = 0;
  while (bucket < BOUNDS_MS.length && durationMs > BOUNDS_MS[bucket]!) bucket++;
  return bucket;
}
