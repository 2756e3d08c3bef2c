/** A time in which nothing is judged, of one group or of all. */
export interface Bypass {
  /** Undefined for all. */
  readonly group: number | undefined;
  /** Milliseconds. */
  readonly untilMs: number;
}

interface BypassRecord extends Bypass {
  /** Somebody ended it before its time. */
  readonly isEnded: boolean;
}

/** The bypasses of one switch: at most one for each group, and one for all. */
export class BypassBook {
  readonly #records = new Map<number | undefined, BypassRecord>();

  set(bypass: Bypass): void {
    this.#records.set(bypass.group, { ...bypass, isEnded: false });
  }

  /** False when there is none. It is kept in mind until its time is over: a switch that is away may bring it back. */
  end(group: number | undefined): boolean {
    const record = this.#records.get(group);
    if (record === undefined || record.isEnded) return false;
    this.#records.set(group, { ...record, isEnded: true });
    return true;
  }

  /** Whether there is one, or was one that has been ended before its time. */
  knows(group: number | undefined, nowMs: number): boolean {
    return (this.#records.get(group)?.untilMs ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  /** Those in force; what is past is forgotten. */
  live(nowMs: number): readonly Bypass[] {
    for (const [group, { untilMs }] of this.#records) if (untilMs <= nowMs) this.#records.delete(group);
    return [...this.#records.values()]
      .filter(({ isEnded }) => !isEnded)
      .map(({ group, untilMs }) => ({ group, untilMs }));
  }
}
