import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../../bench/support/statistics.ts';

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
