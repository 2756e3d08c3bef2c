import { COVERAGE_SLOT_MS, type Gap, MAX_GAPS, type SourceCoverage } from '../../querylog/query-log-store.ts';

/** The entries of one source in one slot of COVERAGE_SLOT_MS. */
export interface SlotCount {
  readonly source: string;
  /** The number of the slot since the epoch. */
  readonly slot: number;
  readonly entries: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The slot that an instant lies in. */
export function slotOf(atMs: number): number {
  return Math.floor(atMs / COVERAGE_SLOT_MS);
}

interface Coverage {
  entries: number;
  firstAtMs: number;
  lastAtMs: number;
  lastSlot: number;
  readonly gaps: Gap[];
}

/** Sums up what there is of each source, slot by slot. */
export class CoverageSum {
  readonly #gapMs: number;
  readonly #bySource = new Map<string, Coverage>();

  /** Gaps shorter than `gapMs` are not told of. */
  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** The slots of a source come in order of time. */
  add({ source, slot, entries, firstAtMs, lastAtMs }: SlotCount): void {
    const coverage = this.#bySource.get(source);
    if (coverage === undefined) {
      this.#bySource.set(source, { entries, firstAtMs, lastAtMs, lastSlot: slot, gaps: [] });
      return;
    }
    const gap = { fromMs: (coverage.lastSlot + 1) * COVERAGE_SLOT_MS, toMs: slot * COVERAGE_SLOT_MS };
    const gapMs = gap.toMs - gap.fromMs;
    if (gapMs > 0 && gapMs >= this.#gapMs) coverage.gaps.push(gap);
    if (coverage.gaps.length >= 2 * MAX_GAPS)
      coverage.gaps.splice(0, Number.POSITIVE_INFINITY, ...longest(coverage.gaps));
    coverage.entries += entries;
    coverage.firstAtMs = Math.min(coverage.firstAtMs, firstAtMs);
    coverage.lastAtMs = Math.max(coverage.lastAtMs, lastAtMs);
    coverage.lastSlot = slot;
  }

  /** By name of the source. */
  result(): SourceCoverage[] {
    return [...this.#bySource]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([source, { entries, firstAtMs, lastAtMs, gaps }]) => {
        return { source, entries, firstAtMs, lastAtMs, gaps: longest(gaps) };
      });
  }
}

/** The longest MAX_GAPS, in order of time; of gaps of the same length the first. */
function longest(gaps: readonly Gap[]): Gap[] {
  const byLength = [...gaps].sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs) || a.fromMs - b.fromMs);
  return byLength.slice(0, MAX_GAPS).sort((a, b) => a.fromMs - b.fromMs);
}
