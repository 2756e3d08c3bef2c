import { describe, expect, it } from 'vitest';
import { resumedProgressMs, warmupLeftMs } from '../../../src/policy/mode.ts';

const HOUR_MS = 3_600_000;

describe('warmupLeftMs', () => {
  it.each([
    ['nothing learned', 0, 48 * HOUR_MS, 48 * HOUR_MS],
    ['one millisecond left', 48 * HOUR_MS - 1, 48 * HOUR_MS, 1],
    ['over', 48 * HOUR_MS, 48 * HOUR_MS, 0],
    ['long over', 480 * HOUR_MS, 48 * HOUR_MS, 0],
    ['none wanted', 0, 0, 0],
  ])('%s', (_case, learnedForMs, warmupMs, expected) => {
    expect(warmupLeftMs(warmupMs, learnedForMs)).toBe(expected);
  });
});

describe('resumedProgressMs', () => {
  const learnedUntil = (lastLearnedAtMs: number) => ({ learnedForMs: 5 * HOUR_MS, lastLearnedAtMs });

  it.each([
    ['a short restart loses nothing', HOUR_MS, 5 * HOUR_MS],
    ['a gap just shorter than warm-up', 48 * HOUR_MS - 1, 5 * HOUR_MS],
    ['after a gap as long as warm-up it starts again', 48 * HOUR_MS, 0],
    ['a clock that was set back', -HOUR_MS, 5 * HOUR_MS],
  ])('%s', (_case, gapMs, expected) => {
    expect(resumedProgressMs(learnedUntil(1000), 48 * HOUR_MS, 1000 + gapMs)).toBe(expected);
  });

  it('an imported history stays enough', () => {
    const imported = { learnedForMs: Number.POSITIVE_INFINITY, lastLearnedAtMs: 0 };
    expect(warmupLeftMs(48 * HOUR_MS, resumedProgressMs(imported, 48 * HOUR_MS, HOUR_MS))).toBe(0);
  });
});
