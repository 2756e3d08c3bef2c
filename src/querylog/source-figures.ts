import type { TimeAssumption } from './source-time.ts';

/** What one source has brought since the start. */
export interface SourceFigures {
  readonly source: string;
  /** The name of its format, of several with `, ` between; undefined: not known yet. */
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

/** One for each source, in the order in which they come up: what comes more than once, as of a host with two programs, is added. */
export function sumFigures(all: readonly SourceFigures[]): readonly SourceFigures[] {
  const sums = new Map<string, SourceFigures>();
  for (const figures of all) {
    const sum = sums.get(figures.source);
    sums.set(figures.source, sum === undefined ? figures : addFigures(sum, figures));
  }
  return [...sums.values()];
}

function addFigures(a: SourceFigures, b: SourceFigures): SourceFigures {
  const formats = [...new Set([a.format, b.format].filter((format) => format !== undefined))];
  const refused = { ...a.refused };
  for (const [reason, count] of Object.entries(b.refused)) refused[reason] = (refused[reason] ?? 0) + count;
  const lastAtMs = Math.max(a.lastAtMs ?? Number.NEGATIVE_INFINITY, b.lastAtMs ?? Number.NEGATIVE_INFINITY);
  return {
    source: a.source,
    format: formats.length === 0 ? undefined : formats.join(', '),
    bytes: a.bytes + b.bytes,
    records: a.records + b.records,
    taken: a.taken + b.taken,
    other: a.other + b.other,
    refused,
    entries: a.entries + b.entries,
    lost: a.lost + b.lost,
    lastAtMs: Number.isFinite(lastAtMs) ? lastAtMs : undefined,
    behindMs: a.behindMs ?? b.behindMs,
    assumptions: [...new Set([...a.assumptions, ...b.assumptions])],
    problem: a.problem ?? b.problem,
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
