/** An exponential curve through delays, of which none above a window were seen. */
export interface ExponentialFit {
  /** Delays fall to 1/e in this time, milliseconds; below zero where they become more with time. */
  readonly decayMs: number;
  /** How many delays the curve expects in each bucket. */
  readonly expected: readonly number[];
  /** Share of the variance of the logarithms of the counts that the curve explains; below zero where it does worse than their mean. */
  readonly rSquared: number;
}

/** Less says nothing about a curve. */
const MIN_DELAYS = 10;
const MIN_BUCKETS = 3;
/** Beyond this rate times the window nothing changes within the precision of numbers. */
const MAX_RATE = 500;
const HALVINGS = 80;

/**
 * Fits the exponential distribution, cut off at the window, to delays in buckets of one width: the rate is the most likely one for the
 * mean of the delays. Undefined where there are too few of them, or all in one place.
 */
export function fitExponential(
  counts: readonly number[],
  bucketMs: number,
  meanMs: number,
): ExponentialFit | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const filled = counts.filter((count) => count > 0).length;
  if (total < MIN_DELAYS || filled < MIN_BUCKETS) return undefined;
  const windowMs = counts.length * bucketMs;
  const rate = rateOf(meanMs / windowMs);
  const share = (index: number) =>
    shareBelow(rate, (index + 1) / counts.length) - shareBelow(rate, index / counts.length);
  const expected = counts.map((_, index) => total * share(index));
  return { decayMs: windowMs / rate, expected, rSquared: rSquaredOfLogs(counts, expected) };
}

/** The rate on a window of 1 at which the mean is `mean`; the mean falls as the rate grows. */
function rateOf(mean: number): number {
  let low = -MAX_RATE;
  let high = MAX_RATE;
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (meanAt(middle) > mean) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function meanAt(rate: number): number {
  // Near zero the formula subtracts two large numbers; there the distribution is as good as even.
  return Math.abs(rate) < 1e-6 ? 0.5 - rate / 12 : 1 / rate - 1 / Math.expm1(rate);
}

function shareBelow(rate: number, x: number): number {
  return Math.abs(rate) < 1e-6 ? x : Math.expm1(-rate * x) / Math.expm1(-rate);
}

/** Of the buckets that hold something, for nothing has no logarithm. */
function rSquaredOfLogs(counts: readonly number[], expected: readonly number[]): number {
  const filled = counts.flatMap((count, index) => (count > 0 ? [[Math.log(count), Math.log(expected[index]!)]] : []));
  const mean = filled.reduce((sum, [log]) => sum + log!, 0) / filled.length;
  const residual = filled.reduce((sum, [log, fitted]) => sum + (log! - fitted!) ** 2, 0);
  const variance = filled.reduce((sum, [log]) => sum + (log! - mean) ** 2, 0);
  return variance === 0 ? Number(residual < 1e-9) : 1 - residual / variance;
}
