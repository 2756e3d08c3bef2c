import { describe, expect, it } from 'vitest';
import { type Axis, createScale } from '../../../src/charts/scale.ts';

function scale(axis: Partial<Axis>, values: readonly number[], most = 6) {
  return createScale({ label: 'x', scale: 'linear', ...axis }, values, most);
}

function labels(axis: Partial<Axis>, values: readonly number[], most = 6): readonly string[] {
  return scale(axis, values, most).ticks.map(({ label, below }) => (below === undefined ? label : `${label} ${below}`));
}

describe('a linear axis', () => {
  it('begins at 0 and ends at a round value', () => {
    expect(labels({}, [3, 17])).toEqual(['0', '5', '10', '15', '20']);
    expect(labels({}, [0.13])).toEqual(['0.00', '0.05', '0.10', '0.15']);
    expect(labels({}, [1_234_567])).toEqual(['0', '500,000', '1,000,000', '1,500,000']);
  });

  it('goes below 0 where values do', () => {
    expect(labels({}, [-7, 3])).toEqual(['-8', '-6', '-4', '-2', '0', '2', '4']);
  });

  it('places values from one end to the other, and those beyond at the end', () => {
    const { place } = scale({ from: 0, to: 10 }, []);
    expect([0, 2.5, 10, 11, -1].map(place)).toEqual([0, 0.25, 1, 1, 0]);
  });

  it('has the ticks that were given', () => {
    expect(labels({ from: 1, to: 30, ticks: [1, 10, 30, 40] }, [])).toEqual(['1', '10', '30']);
  });
});

describe('a logarithmic axis', () => {
  it('has powers of ten, and more where they are few', () => {
    expect(labels({ scale: 'log' }, [3, 40_000])).toEqual(['1', '10', '100', '1,000', '10,000', '100,000']);
    expect(labels({ scale: 'log' }, [0.2, 3])).toEqual(['0.1', '0.2', '0.5', '1', '2', '5', '10']);
  });

  it('has no place for 0 and less', () => {
    const { has, place, from } = scale({ scale: 'log' }, [0, -3, 10, 1000]);
    expect([0, -3, 10].map(has)).toEqual([false, false, true]);
    expect(from).toBe(10);
    expect(place(100)).toBeCloseTo(0.5);
  });
});

describe('a time axis', () => {
  it('says hours with the date where it changes', () => {
    const from = Date.UTC(2026, 7, 30, 22, 10);
    expect(labels({ scale: 'time' }, [from, from + 4 * 3_600_000], 5)).toEqual([
      '23:00 2026-08-30',
      '00:00 2026-08-31',
      '01:00',
      '02:00',
    ]);
  });

  it('says days with the year where it changes', () => {
    const from = Date.UTC(2025, 11, 30);
    expect(labels({ scale: 'time' }, [from, from + 3 * 86_400_000], 5)).toEqual([
      '12-30 2025',
      '12-31',
      '01-01 2026',
      '01-02',
    ]);
  });

  it('says parts of a second', () => {
    const from = Date.UTC(2026, 0, 1);
    expect(labels({ scale: 'time' }, [from, from + 40], 5)).toEqual([
      '00:00:00.000 2026-01-01',
      '00:00:00.010',
      '00:00:00.020',
      '00:00:00.030',
      '00:00:00.040',
    ]);
  });
});

describe.each(['linear', 'log', 'time'] as const)('what a %s axis bears', (kind) => {
  it.each([
    ['nothing', []],
    ['one value', [5]],
    ['0 alone', [0]],
    ['what is no number', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['tiny ones', [1e-12, 3e-12]],
    ['huge ones', [1, 8e15]],
  ])('%s', (_, values) => {
    const { from, to, ticks, place } = scale({ scale: kind }, values, 8);
    expect(to).toBeGreaterThan(from);
    expect(ticks.length).toBeLessThanOrEqual(33);
    for (const { at } of ticks) {
      expect(place(at)).toBeGreaterThanOrEqual(0);
      expect(place(at)).toBeLessThanOrEqual(1);
    }
    expect(new Set(ticks.map(({ at }) => at)).size).toBe(ticks.length);
  });
});
