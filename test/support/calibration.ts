import { expect } from 'vitest';

/** A statement about a host, and whether it was true. */
export interface Judgement {
  readonly confidence: number;
  readonly isBot: boolean;
}

const EDGES = [0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999, 1] as const;
/** Sigmas that a share may be off: of 16 shares one is so far off in one of 130 runs by chance; seeds are fixed. */
const SIGMAS = 3.5;
const MIN_STATEMENTS = 20;

/** Of the hosts that have a confidence about c, a share of about c is the bot: within the binomial error. */
export function expectCalibrated(judgements: readonly Judgement[]): void {
  let checked = 0;
  for (const [index, low] of EDGES.slice(0, -1).entries()) {
    const high = EDGES[index + 1]!;
    const within = judgements.filter(({ confidence: c }) => c >= low && (c < high || high === 1));
    if (within.length < MIN_STATEMENTS) continue;
    const expected = within.reduce((sum, { confidence }) => sum + confidence, 0);
    const variance = within.reduce((sum, { confidence: c }) => sum + c * (1 - c), 0);
    const bots = within.filter(({ isBot }) => isBot).length;
    const allowed = SIGMAS * Math.sqrt(variance) + 1;
    const what = `${within.length} hosts with ${low} to ${high}: ${bots} bots, expected ${expected.toFixed(1)}`;
    expect(Math.abs(bots - expected), what).toBeLessThanOrEqual(allowed);
    checked++;
  }
  expect(checked).toBeGreaterThan(5);
}

/** The mean squared error of a world (Brier): 0 is perfect. */
export function brierScore(judgements: readonly Judgement[], worlds: number): number {
  return judgements.reduce((sum, { confidence, isBot }) => sum + (confidence - Number(isBot)) ** 2, 0) / worlds;
}
