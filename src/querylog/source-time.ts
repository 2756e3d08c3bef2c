import { tzOffset } from '@date-fns/tz/tzOffset';

/** Why a time is refused. */
export type TimeProblem = 'no such time' | 'a time that is to come' | 'a time too long ago';

/** What a source did not say about its times, and was assumed. */
export type TimeAssumption = 'zone' | 'year' | 'date' | 'time' | 'order of day and month';

export interface SourceTimeOptions {
  /** The time zone by which the source writes what has none, as IANA names it (`Europe/Vienna`), or `UTC`. */
  readonly zone: string;
  /** What time it is. */
  readonly nowMs: () => number;
  /** What is written is not younger than this: when a file was last changed. Without it, or Infinity: it is written now. */
  readonly writtenMs?: () => number;
  /** What is older is refused; of a source that anybody can write to. Without it: nothing. */
  readonly earliestMs?: () => number;
}

/** What a clock on the wall and a calendar show. */
interface WallTime {
  /** Undefined: not said. */
  readonly year: number | undefined;
  /** From 1 on. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** A clock may be ahead by a zone that was set wrong, and not by more. */
const MAX_AHEAD_MS = 26 * 3_600_000;
/** Before this nobody logged queries: 1990. */
const FIRST_MS = Date.UTC(1990, 0);
const MINUTE_MS = 60_000;
/** Lines may be out of order by so much, and not by an hour of daylight saving. */
const DISORDER_MS = 10 * MINUTE_MS;
/** Zones change their offset on quarters of an hour. */
const OFFSET_SLOT_MS = 15 * MINUTE_MS;
/** A year that is not said is the last in which the time is not ahead by more than this. */
const YEAR_SLACK_MS = 26 * 3_600_000;

/**
 * The clock that a source writes by, as far as the source says it. Times are milliseconds since the epoch; a problem is a
 * string instead.
 */
export class SourceTime {
  readonly #options: SourceTimeOptions;
  readonly #assumptions = new Set<TimeAssumption>();
  /** The last time that was given, which tells the first of two equal hours from the second. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** The quarter of an hour of local time that was looked up last, as if in UTC, and what was found for it. */
  #slot = Number.NaN;
  #earlierOffsetMs = 0;
  #laterOffsetMs = 0;

  constructor(options: SourceTimeOptions) {
    this.#options = options;
  }

  /** What had to be assumed so far. */
  get assumptions(): readonly TimeAssumption[] {
    return [...this.#assumptions].sort();
  }

  /** Whoever reads the times had to assume more. */
  assume(assumption: TimeAssumption): void {
    this.#assumptions.add(assumption);
  }

  /** The time that was given last; what `resume` takes. -Infinity: none was. */
  get lastMs(): number {
    return this.#lastMs;
  }

  resume(lastMs: number): void {
    this.#lastMs = lastMs;
  }

  /** A time that is whole in itself. */
  instant(atMs: number): number | TimeProblem {
    if (!(atMs >= FIRST_MS)) return 'no such time';
    if (atMs > this.#options.nowMs() + MAX_AHEAD_MS) return 'a time that is to come';
    if (atMs < (this.#options.earliestMs?.() ?? Number.NEGATIVE_INFINITY)) return 'a time too long ago';
    this.#lastMs = atMs;
    return atMs;
  }

  /**
   * A time as clocks on the wall show it; `offsetMinutes` is what it is ahead of UTC, undefined when the source does not say. In
   * the hour that daylight saving repeats, times are of the first until they would run backwards.
   */
  wall(
    { year, month, day, hour, minute, second, millisecond }: WallTime,
    offsetMinutes?: number,
  ): number | TimeProblem {
    // A leap second is the second that follows.
    if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return 'no such time';
    const inYear = year ?? this.#yearOf(month, day, hour, minute);
    const asUtcMs = Date.UTC(inYear, month - 1, day, hour, minute, second, millisecond);
    if (day < 1 || new Date(Date.UTC(inYear, month - 1, day)).getUTCDate() !== day) return 'no such time';
    if (offsetMinutes !== undefined) return this.instant(asUtcMs - offsetMinutes * MINUTE_MS);
    this.#assumptions.add('zone');
    return this.instant(this.#inZone(asUtcMs));
  }

  /** A time of day whose date is not said: the last such time that is not after what was written. */
  timeOfDay(hour: number, minute: number, second: number, millisecond: number): number | TimeProblem {
    this.#assumptions.add('date');
    const dayMs = 86_400_000;
    const reference = this.#referenceMs();
    const today = new Date(reference + this.#offsetAt(reference));
    for (const back of [0, 1]) {
      const date = new Date(today.getTime() - back * dayMs);
      const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
      const atMs = this.#inZone(Date.UTC(year, month - 1, day, hour, minute, second, millisecond));
      if (atMs <= reference + DISORDER_MS) return this.wall({ year, month, day, hour, minute, second, millisecond });
    }
    return 'no such time';
  }

  /**
   * The time of a line that says none, of a source that says it seldom or never: that of the last line that did, else when the
   * source was written; of what is written now it is now.
   */
  unsaid(): number | TimeProblem {
    this.#assumptions.add('time');
    const isWrittenNow = this.#writtenMs() === Number.POSITIVE_INFINITY;
    return this.instant(isWrittenNow || !Number.isFinite(this.#lastMs) ? this.#referenceMs() : this.#lastMs);
  }

  #referenceMs(): number {
    return Math.min(this.#writtenMs(), this.#options.nowMs());
  }

  #writtenMs(): number {
    return this.#options.writtenMs?.() ?? Number.POSITIVE_INFINITY;
  }

  /** The last year in which the time is not after what was written. */
  #yearOf(month: number, day: number, hour: number, minute: number): number {
    this.#assumptions.add('year');
    const reference = this.#referenceMs() + YEAR_SLACK_MS;
    const year = new Date(reference).getUTCFullYear();
    // 29 February may lie some years back.
    for (let candidate = year; candidate > year - 8; candidate--) {
      const isDate = new Date(Date.UTC(candidate, month - 1, day)).getUTCDate() === day;
      if (isDate && Date.UTC(candidate, month - 1, day, hour, minute) <= reference) return candidate;
    }
    return year;
  }

  #inZone(asUtcMs: number): number {
    const slot = Math.floor(asUtcMs / OFFSET_SLOT_MS);
    if (slot !== this.#slot) this.#lookUp(slot);
    const first = asUtcMs - this.#earlierOffsetMs;
    const second = asUtcMs - this.#laterOffsetMs;
    return first < this.#lastMs - DISORDER_MS ? second : first;
  }

  /** The offsets that a local time may have: two where an hour comes twice. */
  #lookUp(slot: number): void {
    const asUtcMs = slot * OFFSET_SLOT_MS;
    const dayMs = 86_400_000;
    const before = this.#offsetAt(asUtcMs - dayMs);
    const behind = this.#offsetAt(asUtcMs + dayMs);
    const fits = [before, behind].filter((offset) => this.#offsetAt(asUtcMs - offset) === offset);
    this.#slot = slot;
    // A time that daylight saving leaves out is read as if the change had not come yet.
    this.#earlierOffsetMs = fits[0] ?? before;
    this.#laterOffsetMs = fits.at(-1) ?? before;
  }

  #offsetAt(atMs: number): number {
    return tzOffset(this.#options.zone, new Date(atMs)) * MINUTE_MS;
  }
}

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  return !Number.isNaN(tzOffset(name, new Date(0)));
}
