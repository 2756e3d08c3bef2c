/** A figure measured several times. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** `values` is not empty. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** A value seen at a time. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** The slope of the line that lies nearest to `points` by least squares: value per unit of `at`. At least two times. */
export function slopeOf(points: readonly Point[]): number {
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const meanAt = mean(points.map(({ at }) => at));
  const meanValue = mean(points.map(({ value }) => value));
  const rise = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanValue), 0);
  return rise / points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
}
