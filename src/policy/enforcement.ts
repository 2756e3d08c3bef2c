import type { TimeSource } from '../core/clock.ts';
import type { ClientGroup } from './client-group.ts';
import { type Mode, resumedProgressMs, type WarmupProgress, warmupLeftMs } from './mode.ts';

export interface EnforcementOptions {
  /** How long the history learns before anything is blocked, milliseconds. */
  readonly warmupMs: number;
  /** When a source of the history has been gone for so long nothing is blocked until it is back, milliseconds; 0 for never. */
  readonly fallbackMs: number;
}

/** Why the groups that are to be enforced are monitored instead: the history does not know enough, or not any more. */
export type HeldBack = 'warm-up' | 'no source';

/** Whether verdicts may be carried out yet, or still: the history must have learned long enough, and go on learning. */
export class Enforcement {
  readonly #clock: TimeSource;
  #options: EnforcementOptions;
  /** Time in which all sources of the history were there, milliseconds; Infinity once warm-up has been ended by hand. */
  #learnedForMs = 0;
  /** Undefined when it never did. */
  #lastLearnedAtMs: number | undefined;
  #lastTickMs: number;
  /** Since when a source has been missing; undefined while all are there. */
  #missingSinceMs: number | undefined;
  #isLearning = false;

  constructor(clock: TimeSource, options: EnforcementOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#lastTickMs = clock.nowMs();
  }

  /** What of an earlier progress still counts. */
  resume(progress: WarmupProgress): void {
    const resumedMs = resumedProgressMs(progress, this.#options.warmupMs, this.#clock.nowMs());
    this.#learnedForMs = Math.max(this.#learnedForMs, resumedMs);
  }

  configure(options: EnforcementOptions): void {
    this.#options = options;
  }

  /** Undefined when nothing was learned. */
  get progress(): WarmupProgress | undefined {
    if (this.#lastLearnedAtMs === undefined) return undefined;
    return { learnedForMs: this.#learnedForMs, lastLearnedAtMs: this.#lastLearnedAtMs };
  }

  /** By hand, as with a history from elsewhere. */
  endWarmup(): void {
    this.#learnedForMs = Number.POSITIVE_INFINITY;
    this.#lastLearnedAtMs = this.#clock.nowMs();
  }

  /** `isLearning`: every source is there. `hasSources`: there are any. To be called about twice a second. */
  tick(isLearning: boolean, hasSources: boolean): void {
    const nowMs = this.#clock.nowMs();
    this.#isLearning = isLearning;
    if (isLearning) {
      this.#learnedForMs += nowMs - this.#lastTickMs;
      this.#lastLearnedAtMs = nowMs;
    }
    this.#missingSinceMs = isLearning || !hasSources ? undefined : (this.#missingSinceMs ?? nowMs);
    this.#lastTickMs = nowMs;
  }

  /** Undefined while verdicts of groups in enforce are carried out. */
  get heldBack(): HeldBack | undefined {
    if (warmupLeftMs(this.#options.warmupMs, this.#learnedForMs) > 0) return 'warm-up';
    const { fallbackMs } = this.#options;
    const missingForMs = this.#missingSinceMs === undefined ? 0 : this.#clock.nowMs() - this.#missingSinceMs;
    return fallbackMs > 0 && missingForMs >= fallbackMs ? 'no source' : undefined;
  }

  /** The mode in force for the clients of a group. */
  modeOf({ mode }: Pick<ClientGroup, 'mode'>): Mode {
    return mode === 'enforce' && this.heldBack === undefined ? 'enforce' : 'monitor';
  }

  /** Undefined when warm-up is over, Infinity while a source is missing. */
  get warmupEndsAtMs(): number | undefined {
    const leftMs = warmupLeftMs(this.#options.warmupMs, this.#learnedForMs);
    if (leftMs === 0) return undefined;
    return this.#isLearning ? this.#clock.nowMs() + leftMs : Number.POSITIVE_INFINITY;
  }
}
