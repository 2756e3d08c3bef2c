/** How sure several independent reasons make together: 1 − Π(1 − weight). A reason more never lowers it. */
export function combineWeights(weights: Iterable<number>): number {
  let doubt = 1;
  for (const weight of weights) doubt *= 1 - Math.min(1, Math.max(0, weight));
  return 1 - doubt;
}

/** 0 for nothing, a half at `half`, towards 1 beyond it. */
export function saturate(amount: number, half: number): number {
  return amount <= 0 ? 0 : 1 - 2 ** (-amount / half);
}

/** 0 up to `from`, 1 from `to` on, a straight line between. */
export function ramp(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** Up to here a straight line is off by less than a millionth. */
const SHORT = 0.001;

/** What is left of 1 after a time, 0 to 1; 1 when the clock went back. */
export function leftAfter(elapsedMs: number, halfLifeMs: number): number {
  if (elapsedMs <= 0) return 1;
  const halfLives = elapsedMs / halfLifeMs;
  // Nearly every event follows the one before within seconds, and a power takes many times as long.
  return halfLives < SHORT ? 1 - Math.LN2 * halfLives : 2 ** -halfLives;
}
