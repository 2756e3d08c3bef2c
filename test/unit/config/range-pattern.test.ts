import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangePattern } from '../../../src/config/range-pattern.ts';

const takes = (min: number, max: number) => {
  const pattern = new RegExp(`^${rangePattern(min, max)}$`);
  return (text: string) => pattern.test(text);
};

describe('rangePattern', () => {
  it.each([
    [0, 0],
    [0, 9],
    [1, 10],
    [5, 5],
    [99, 100],
    [0, 128],
    [100, 60_000],
    [123, 4567],
    [0, 65_535],
  ])('%i to %i takes each of them and no other', (min, max) => {
    const isIn = takes(min, max);
    for (let value = 0; value <= max + 200; value++)
      expect(isIn(String(value)), `${value}`).toBe(value >= min && value <= max);
  });

  it('takes leading zeros, and nothing that is no number', () => {
    const isIn = takes(1, 30);
    expect(['007', '030'].every(isIn)).toBe(true);
    for (const text of ['', '0', '00', '-1', '1.0', ' 1', '1 ', '1e1', '031']) expect(isIn(text), text).toBe(false);
  });

  it('is the range, wherever it lies', () => {
    const number = fc.integer({ min: 0, max: 10_000_000_000 });
    fc.assert(
      fc.property(number, number, number, (a, b, value) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const isIn = takes(min, max);
        expect(isIn(String(value))).toBe(value >= min && value <= max);
        expect(isIn(String(min)) && isIn(String(max))).toBe(true);
        expect(isIn(String(max + 1))).toBe(false);
        if (min > 0) expect(isIn(String(min - 1))).toBe(false);
      }),
    );
  });
});
