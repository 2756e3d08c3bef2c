import { describe, expect, it } from 'vitest';
import { COVERAGE_SLOT_MS, MAX_GAPS } from '../../../../src/querylog/query-log-store.ts';
import { CoverageSum, type SlotCount, slotOf } from '../../../../src/storage/query-log/source-coverage.ts';

const START_MS = Date.UTC(2026, 0, 15);
const FIRST = slotOf(START_MS);
const slotAt = (slot: number, more: Partial<SlotCount> = {}): SlotCount => {
  const firstAtMs = (FIRST + slot) * COVERAGE_SLOT_MS;
  return { source: 'bind', slot: FIRST + slot, entries: 1, firstAtMs, lastAtMs: firstAtMs, ...more };
};
const gapOf = (from: number, to: number) => ({
  fromMs: START_MS + from * COVERAGE_SLOT_MS,
  toMs: START_MS + to * COVERAGE_SLOT_MS,
});

function sumOf(gapMs: number, counts: readonly SlotCount[]) {
  const sum = new CoverageSum(gapMs);
  for (const count of counts) sum.add(count);
  return sum.result();
}
const gapsOf = (gapMs: number, slots: readonly number[]) =>
  sumOf(
    gapMs,
    slots.map((slot) => slotAt(slot)),
  )[0]!.gaps;

describe('a slot', () => {
  it('begins with its first millisecond, and ends before the next', () => {
    expect([START_MS, START_MS + COVERAGE_SLOT_MS - 0.001].map(slotOf)).toEqual([FIRST, FIRST]);
    expect([START_MS - 0.001, START_MS + COVERAGE_SLOT_MS].map(slotOf)).toEqual([FIRST - 1, FIRST + 1]);
    expect([0, -1].map(slotOf)).toEqual([0, -1]);
  });
});

describe('what is covered', () => {
  it('is summed up for each source, by name', () => {
    const counts = [
      slotAt(0, { entries: 2, lastAtMs: START_MS + 7 }),
      slotAt(1, { source: 'arp', entries: 5 }),
      slotAt(1, { entries: 3 }),
    ];
    expect(sumOf(0, counts)).toEqual([
      {
        source: 'arp',
        entries: 5,
        firstAtMs: START_MS + COVERAGE_SLOT_MS,
        lastAtMs: START_MS + COVERAGE_SLOT_MS,
        gaps: [],
      },
      { source: 'bind', entries: 5, firstAtMs: START_MS, lastAtMs: START_MS + COVERAGE_SLOT_MS, gaps: [] },
    ]);
    expect(sumOf(0, [])).toEqual([]);
  });

  it('takes the first and the last of a slot that comes in two parts', () => {
    const parts = [
      slotAt(0, { firstAtMs: START_MS + 5, lastAtMs: START_MS + 6 }),
      slotAt(0, { firstAtMs: START_MS + 1, lastAtMs: START_MS + 2 }),
    ];
    expect(sumOf(0, parts)).toEqual([
      { source: 'bind', entries: 2, firstAtMs: START_MS + 1, lastAtMs: START_MS + 6, gaps: [] },
    ]);
  });
});

describe('a gap', () => {
  it('is of whole slots without an entry, and so never longer than the time between two entries', () => {
    expect(gapsOf(0, [0, 1])).toEqual([]);
    expect(gapsOf(0, [0, 2])).toEqual([gapOf(1, 2)]);
    // The last millisecond of one slot and the first of another.
    const counts = [slotAt(0, { lastAtMs: START_MS + COVERAGE_SLOT_MS - 1 }), slotAt(2)];
    expect(sumOf(0, counts)[0]!.gaps).toEqual([gapOf(1, 2)]);
  });

  it('is told of from the length on that was asked for', () => {
    const slots = [0, 2, 5, 9];
    expect(gapsOf(COVERAGE_SLOT_MS, slots)).toEqual([gapOf(1, 2), gapOf(3, 5), gapOf(6, 9)]);
    expect(gapsOf(COVERAGE_SLOT_MS + 1, slots)).toEqual([gapOf(3, 5), gapOf(6, 9)]);
    expect(gapsOf(3 * COVERAGE_SLOT_MS, slots)).toEqual([gapOf(6, 9)]);
    expect(gapsOf(Number.POSITIVE_INFINITY, slots)).toEqual([]);
  });

  it('is one of the longest, of those as long the first, in order of time', () => {
    const count = 5 * MAX_GAPS;
    const isLong = (gap: number) => gap % 7 === 3;
    const slots = [0];
    for (let gap = 0; gap < count; gap++) slots.push(slots.at(-1)! + (isLong(gap) ? 3 : 2));
    const gaps = gapsOf(0, slots);
    const all = Array.from({ length: count }, (_, gap) => gap);
    const long = all.filter(isLong);
    const short = all.filter((gap) => !isLong(gap)).slice(0, MAX_GAPS - long.length);
    const kept = [...long, ...short].sort((a, b) => a - b);
    expect(long.length).toBeLessThan(MAX_GAPS);
    expect(gaps).toEqual(kept.map((gap) => gapOf(slots[gap]! + 1, slots[gap + 1]!)));
  });
});
