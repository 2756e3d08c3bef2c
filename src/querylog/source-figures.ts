import type { TimeAssumption } from './source-time.ts';

/** What one source has brought since the start. */
export interface SourceFigures {
  readonly source: string;
  /** The name of its format; undefined: not known yet. */
  readonly format: string | undefined;
  readonly bytes: number;
  /** Records in all: each is taken, other or refused. */
  readonly records: number;
  readonly taken: number;
  /** Records that are no queries. */
  readonly other: number;
  /** Records that cannot be read, by reason, in the order in which the reasons came up. */
  readonly refused: Readonly<Record<string, number>>;
  /** Entries made of them, which may be fewer than were taken. */
  readonly entries: number;
  /** Entries that the store refused, or, of sources that cannot be read again, that found no room while it took nothing. */
  readonly lost: number;
  /** The time of the last record; milliseconds since the epoch. */
  readonly lastAtMs: number | undefined;
  /** How far its clock seems to be behind ours, negative: ahead; the median of what came as it was written. */
  readonly behindMs: number | undefined;
  /** What it does not say of its times, and was assumed. */
  readonly assumptions: readonly TimeAssumption[];
  /** Why the store takes nothing, or the source cannot be read, at the moment. */
  readonly problem: string | undefined;
}

/** Of a source from which nothing has come yet. */
export function emptyFigures(source: string, format: string | undefined): SourceFigures {
  return {
    source,
    format,
    bytes: 0,
    records: 0,
    taken: 0,
    other: 0,
    refused: {},
    entries: 0,
    lost: 0,
    lastAtMs: undefined,
    behindMs: undefined,
    assumptions: [],
    problem: undefined,
  };
}

const MAX_REASONS = 64;
const MORE_REASONS = 'other reasons';

/** Counts of reasons; the number of reasons is bounded, as they may come from outside. */
export class RefusalCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(reason: string): void {
    const isKnown = this.#counts.has(reason) || this.#counts.size < MAX_REASONS;
    const counted = isKnown ? reason : MORE_REASONS;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
    this.#total++;
  }

  snapshot(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
