import { describe, expect, it } from 'vitest';
import { ClockGap, hoursText } from '../../../src/querylog/clock-gap.ts';

describe('ClockGap', () => {
  const gapOf = (behindMs: readonly number[]) => {
    const gap = new ClockGap();
    for (const [at, one] of behindMs.entries()) gap.observe(1000 * at - one, 1000 * at);
    return gap.behindMs;
  };

  it('says nothing before there are five records', () => {
    expect([gapOf([]), gapOf([7, 7, 7, 7])]).toEqual([undefined, undefined]);
    expect(gapOf([7, 7, 7, 7, 7])).toBe(7);
  });

  it('is the median, whatever a few records say, behind or ahead', () => {
    expect(gapOf([3_600_000, 5, -4_000_000, 6, 7, 1e12, -1e12])).toBe(6);
    expect(gapOf([-3, -2, -2, -1, 900])).toBe(-2);
  });

  it('forgets what is older than the last 101 records', () => {
    const old = Array.from({ length: 500 }, () => 3_600_000);
    expect(gapOf([...old, ...Array.from({ length: 50 }, () => 0)])).toBe(3_600_000);
    expect(gapOf([...old, ...Array.from({ length: 51 }, () => 0)])).toBe(0);
  });
});

describe('hoursText', () => {
  it.each([
    [0, '0 minutes'],
    [-12 * 60_000, '12 minutes'],
    [54 * 60_000, '54 minutes'],
    [55 * 60_000, '0.9 hours'],
    [-3_600_000, '1 hour'],
    [3_659_999, '1 hour'],
    [5.5 * 3_600_000, '5.5 hours'],
    [26 * 3_600_000, '26 hours'],
  ])('%d ms: %s', (durationMs, text) => {
    expect(hoursText(durationMs)).toBe(text);
  });
});
