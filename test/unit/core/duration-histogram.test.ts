import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../src/core/duration-histogram.ts';

const observed = (...durationsMs: readonly number[]) => {
  const histogram = new DurationHistogram();
  for (const durationMs of durationsMs) histogram.observe(durationMs);
  return histogram.figures();
};

const filled = (counts: readonly number[]) => counts.flatMap((count, index) => (count > 0 ? [[index, count]] : []));

describe('DurationHistogram', () => {
  it('has nothing at first', () => {
    const { boundsMs, counts, count, sumMs } = observed();
    expect(counts).toEqual(new Array(boundsMs.length + 1).fill(0));
    expect([count, sumMs]).toEqual([0, 0]);
    expect([...boundsMs].sort((a, b) => a - b)).toEqual(boundsMs);
  });

  it('counts a bound in the bucket that it ends, and what is above it in the next', () => {
    const { boundsMs } = observed();
    for (const [index, boundMs] of boundsMs.entries()) {
      expect(filled(observed(boundMs).counts)).toEqual([[index, 1]]);
      expect(filled(observed(boundMs * 1.001).counts)).toEqual([[index + 1, 1]]);
    }
  });

  it('counts what is beyond all bounds last, and leaves infinity out of the sum', () => {
    const { boundsMs, counts, count, sumMs } = observed(9000, Number.POSITIVE_INFINITY);
    expect(filled(counts)).toEqual([[boundsMs.length, 2]]);
    expect([count, sumMs]).toEqual([2, 9000]);
  });

  it('takes a time that ran backwards for no time, and does not count what is no number', () => {
    const { counts, count, sumMs } = observed(-5, Number.NaN);
    expect(filled(counts)).toEqual([[0, 1]]);
    expect([count, sumMs]).toEqual([1, 0]);
  });

  it('counts every duration once, and below each bound those that are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { maxLength: 50 }), (durations) => {
        const { boundsMs, counts, count, sumMs } = observed(...durations);
        expect(count).toBe(durations.length);
        expect(sumMs).toBeCloseTo(
          durations.reduce((sum, one) => sum + one, 0),
          6,
        );
        for (const [index, boundMs] of boundsMs.entries()) {
          const upTo = counts.slice(0, index + 1).reduce((sum, one) => sum + one, 0);
          expect(upTo).toBe(durations.filter((one) => one <= boundMs).length);
        }
      }),
    );
  });
});
