/** `monitor`: queries pass and the verdict is only told. `enforce`: the verdict is carried out. */
export type Mode = 'monitor' | 'enforce';

/** How far the history has learned, as it is kept over a restart. */
export interface WarmupProgress {
  /** Time in which all sources of the history were there, milliseconds; Infinity once an imported history has ended warm-up. */
  readonly learnedForMs: number;
  /** When the history last learned, milliseconds since the epoch. */
  readonly lastLearnedAtMs: number;
}

/** What of an earlier progress still counts at `nowMs`: nothing after a gap as long as warm-up itself. */
export function resumedProgressMs(progress: WarmupProgress, warmupMs: number, nowMs: number): number {
  return nowMs - progress.lastLearnedAtMs < warmupMs ? progress.learnedForMs : 0;
}

/** Milliseconds of learning that are still wanted. Time in which a source of the history was missing is no learning. */
export function warmupLeftMs(warmupMs: number, learnedForMs: number): number {
  return Math.max(0, warmupMs - learnedForMs);
}
