import { describe, expect, it } from 'vitest';
import { ReturnSketch } from '../../../src/correlation/return-sketch.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('ReturnSketch', () => {
  it('tells what a host comes back to, not what it does several times at once', () => {
    const returns = new ReturnSketch();
    expect([0, 1, 2000].map((atMs) => returns.isReturn(1, 7, HOUR_MS + atMs))).toEqual([false, false, false]);
    expect(returns.isReturn(1, 7, HOUR_MS + 11 * MINUTE_MS)).toBe(true);
    expect(returns.isReturn(1, 8, HOUR_MS + 11 * MINUTE_MS)).toBe(false);
    expect(returns.isReturn(0, 7, HOUR_MS + 11 * MINUTE_MS)).toBe(false);
  });

  it('keeps the thread of a beacon of an hour, and forgets what was long ago', () => {
    const returns = new ReturnSketch();
    returns.isReturn(0, 7, HOUR_MS);
    const beats = Array.from({ length: 12 }, (_, beat) => returns.isReturn(0, 7, (2 + beat) * HOUR_MS));
    expect(beats).toEqual(beats.map(() => true));
    returns.isReturn(0, 9, 30 * HOUR_MS);
    returns.isReturn(0, 9, 34 * HOUR_MS);
    expect(returns.isReturn(0, 7, 38 * HOUR_MS)).toBe(false);
  });

  it('forgets a host, and stands clocks that jump', () => {
    const returns = new ReturnSketch();
    for (const atMs of [0, 1e13, -1e13, HOUR_MS]) returns.isReturn(3, 7, atMs);
    returns.forget(3);
    returns.forget(99);
    expect(returns.isReturn(3, 7, 2 * HOUR_MS)).toBe(false);
  });
});
