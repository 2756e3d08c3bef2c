/** `monitor`: queries pass and the verdict is only told. `enforce`: the verdict is carried out. */
export type Mode = 'monitor' | 'enforce';

export interface Warmup {
  /** How long the history must have learned before enforcement begins, milliseconds. */
  readonly durationMs: number;
  /** When learning began; undefined while nothing is captured. */
  readonly learningSinceMs: number | undefined;
}

/** Milliseconds until warm-up is over; Infinity when it has not begun. */
export function warmupLeftMs({ durationMs, learningSinceMs }: Warmup, nowMs: number): number {
  if (durationMs === 0) return 0;
  if (learningSinceMs === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, learningSinceMs + durationMs - nowMs);
}

/** The mode in force: until warm-up is over, enforce acts as monitor. */
export function modeInForce(configured: Mode, warmup: Warmup, nowMs: number): Mode {
  return configured === 'enforce' && warmupLeftMs(warmup, nowMs) === 0 ? 'enforce' : 'monitor';
}
