import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DelayHistogram } from '../../../../src/correlation/dns-tcp/delay-histogram.ts';
import { fitExponential } from '../../../../src/correlation/dns-tcp/exponential-fit.ts';

/** Delays as the exponential distribution has them, cut off at the window, at even quantiles. */
function delaysOf(decayMs: number, windowMs: number, count: number): number[] {
  const share = 1 - Math.exp(-windowMs / decayMs);
  return Array.from({ length: count }, (_, index) => -decayMs * Math.log(1 - (share * (index + 0.5)) / count));
}

function viewOf(delays: readonly number[], windowMs = 1000) {
  const histogram = new DelayHistogram(windowMs);
  for (const delay of delays) histogram.add(delay);
  return histogram.view();
}

describe('DelayHistogram', () => {
  it('counts in steps of 50 ms, the end of the window with the last', () => {
    const { counts, bucketMs, meanMs } = viewOf([0, 49.9, 50, 999, 1000]);
    expect(bucketMs).toBe(50);
    expect(counts).toHaveLength(20);
    expect([counts[0], counts[1], counts[19]]).toEqual([2, 1, 2]);
    expect(meanMs).toBeCloseTo(419.78, 5);
  });

  it('has no mean of nothing and no curve through little', () => {
    expect(viewOf([])).toMatchObject({ meanMs: null, fit: null });
    expect(viewOf([1, 60, 120]).fit).toBeNull();
    expect(viewOf(new Array(1000).fill(3)).fit).toBeNull();
  });
});

describe('fitExponential', () => {
  it('finds the curve that delays were made by', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 5000 }), fc.constantFrom(500, 1000, 4000), (decayMs, windowMs) => {
        const { fit, counts } = viewOf(delaysOf(decayMs, windowMs, 20_000), windowMs);
        expect(Math.abs(fit!.decayMs / decayMs - 1)).toBeLessThan(0.01);
        const expected = fit!.expected.reduce((sum, one) => sum + one, 0);
        expect(Math.abs(expected - 20_000)).toBeLessThan(1e-6 * 20_000);
        expect(fit!.expected).toHaveLength(counts.length);
      }),
    );
  });

  it('is as good as the delays are exponential', () => {
    expect(viewOf(delaysOf(150, 1000, 20_000)).fit!.rSquared).toBeGreaterThan(0.999);
    const twoHeaps = [...new Array(500).fill(10), ...new Array(500).fill(990), 500];
    expect(viewOf(twoHeaps).fit!.rSquared).toBeLessThan(0.1);
  });

  it('has a decay below zero where delays become more with time', () => {
    const rising = delaysOf(200, 1000, 5000).map((delay) => 1000 - delay);
    expect(viewOf(rising).fit!.decayMs).toBeCloseTo(-200, -1);
  });

  it('stays finite for even delays and for the ends', () => {
    for (const meanMs of [0, 1e-9, 500, 999.999, 1000]) {
      const { decayMs, rSquared, expected } = fitExponential(new Array(20).fill(5), 50, meanMs)!;
      expect(Number.isNaN(decayMs)).toBe(false);
      expect(rSquared).toBeLessThanOrEqual(1);
      expect(expected.every((one) => one >= 0 && Number.isFinite(one))).toBe(true);
    }
  });
});
