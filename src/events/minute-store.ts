/** Figures of each minute, kept for the overview. */
export interface MinuteFigures {
  /** The beginning of the minute, milliseconds since the epoch. */
  readonly atMs: number;
  /** What happened in it, by name; a name that is missing stands for 0. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface MinuteStore {
  /** Adds to what is kept of the same minute; lets go of minutes that are older than KEPT_MINUTES_MS. */
  addMinutes(minutes: readonly MinuteFigures[]): Promise<void>;
  /** Oldest first. */
  minutes(sinceMs: number, untilMs: number): Promise<readonly MinuteFigures[]>;
}

export const KEPT_MINUTES_MS = 32 * 86_400_000;
