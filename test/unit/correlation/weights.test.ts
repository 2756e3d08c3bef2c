import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineWeights, leftAfter, ramp, saturate } from '../../../src/correlation/weights.ts';

describe('weights', () => {
  it('are combined so that one more never lowers the sum, and it stays below 1', () => {
    expect(combineWeights([])).toBe(0);
    expect(combineWeights([0.5, 0.5])).toBe(0.75);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, more) => {
          const sum = combineWeights([...all, more]);
          expect(sum).toBeGreaterThanOrEqual(combineWeights(all));
          expect(sum).toBeLessThanOrEqual(1);
        },
      ),
    );
    expect(combineWeights([2, -1])).toBe(1);
  });

  it('saturate, rise between two bounds and decay', () => {
    expect([-1, 0, 8, 16].map((amount) => saturate(amount, 8))).toEqual([0, 0, 0.5, 0.75]);
    expect([0, 5, 10, 20].map((value) => ramp(value, 5, 15))).toEqual([0, 0, 0.5, 1]);
    expect([-1e15, 0, 10, 20, 1e15].map((elapsedMs) => leftAfter(elapsedMs, 10))).toEqual([1, 1, 0.5, 0.25, 0]);
  });
});
