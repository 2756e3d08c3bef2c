/** `monitor`: queries pass and the verdict is only told. `enforce`: the verdict is carried out. */
export type Mode = 'monitor' | 'enforce';

/** Milliseconds of learning that are still wanted. Time in which nothing was captured is no learning. */
export function warmupLeftMs(warmupMs: number, learnedForMs: number): number {
  return Math.max(0, warmupMs - learnedForMs);
}

/** The mode in force: until warm-up is over, enforce acts as monitor. */
export function modeInForce(configured: Mode, warmupMs: number, learnedForMs: number): Mode {
  return configured === 'enforce' && warmupLeftMs(warmupMs, learnedForMs) === 0 ? 'enforce' : 'monitor';
}
