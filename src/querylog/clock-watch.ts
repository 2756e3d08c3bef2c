import type { Log } from '../core/log.ts';
import { ClockGap, hoursText } from './clock-gap.ts';
import type { SourceTime } from './source-time.ts';

/** How far a clock may be off unsaid, and how often it is looked at. */
const MAX_GAP_MS = 2 * 60_000;
const PACE_MS = 200;

/** Compares the times that a source writes with when they come, and says once that its clock is off. */
export class ClockWatch {
  readonly #source: string;
  readonly #zone: string;
  readonly #log: Log;
  readonly #gap = new ClockGap();
  #nextMs = 0;
  #hasWarned = false;

  /** `zone`: by which times are read that say none. */
  constructor(source: string, zone: string, log: Log) {
    this.#source = source;
    this.#zone = zone;
    this.#log = log;
  }

  /** See ClockGap. */
  get behindMs(): number | undefined {
    return this.#gap.behindMs;
  }

  /** What was written just now has come at `nowMs`. */
  observe({ lastMs, assumptions }: Pick<SourceTime, 'lastMs' | 'assumptions'>, nowMs: number): void {
    if (nowMs < this.#nextMs || !Number.isFinite(lastMs)) return;
    this.#nextMs = nowMs + PACE_MS;
    this.#gap.observe(lastMs, nowMs);
    const { behindMs } = this.#gap;
    if (this.#hasWarned || behindMs === undefined || Math.abs(behindMs) <= MAX_GAP_MS) return;
    this.#hasWarned = true;
    const source = this.#source;
    const far = `${hoursText(behindMs)} ${behindMs > 0 ? 'behind' : 'ahead of'} the clock of this machine`;
    const remedy = assumptions.includes('zone')
      ? `its times are read as those of ${this.#zone}: set the zone it writes in, or check its clock`
      : 'check its clock, and ours';
    this.#log.warn({ source, behindMs: Math.round(behindMs) }, `the times of ${source} are ${far}; ${remedy}`);
  }
}
