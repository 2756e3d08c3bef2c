import { describe, expect, it } from 'vitest';
import { slopeOf, spreadOf } from '../../../bench/support/statistics.ts';

describe('spreadOf', () => {
  it('takes the middle of an odd number of values, in whatever order', () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  });

  it('takes the mean of the middle two of an even number', () => {
    expect(spreadOf([10, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 10 });
  });

  it('takes one value as it is', () => {
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });
});

describe('slopeOf', () => {
  it('finds the line that points lie on', () => {
    const points = [5, 6, 9, 20].map((at) => ({ at, value: 100 - 2 * at }));
    expect(slopeOf(points)).toBeCloseTo(-2, 12);
  });

  it('is not led astray by one point as far above as another is below', () => {
    const values = [0, 3, 0, 0, -3, 0];
    expect(slopeOf([0, 1, 2, 3, 1, 5].map((at, index) => ({ at, value: 10 + at + values[index]! })))).toBeCloseTo(
      1,
      12,
    );
  });

  it('is 0 where nothing changes', () => {
    expect(slopeOf([1, 2, 3].map((at) => ({ at, value: 8 })))).toBe(0);
  });
});
