import { describe, expect, it } from 'vitest';
import { modeInForce, warmupLeftMs } from '../../../src/policy/mode.ts';

const HOUR_MS = 3_600_000;

describe('warmupLeftMs', () => {
  it.each([
    ['not begun', undefined, 48 * HOUR_MS, 0, Number.POSITIVE_INFINITY],
    ['just begun', 1000, 48 * HOUR_MS, 1000, 48 * HOUR_MS],
    ['one millisecond left', 0, 48 * HOUR_MS, 48 * HOUR_MS - 1, 1],
    ['over', 0, 48 * HOUR_MS, 48 * HOUR_MS, 0],
    ['long over', 0, 48 * HOUR_MS, 480 * HOUR_MS, 0],
    ['none wanted, nothing captured', undefined, 0, 5, 0],
    ['none wanted', 5, 0, 5, 0],
  ])('%s', (_case, learningSinceMs, durationMs, nowMs, expected) => {
    expect(warmupLeftMs({ durationMs, learningSinceMs }, nowMs)).toBe(expected);
  });
});

describe('modeInForce', () => {
  const warmup = { durationMs: HOUR_MS, learningSinceMs: 0 };

  it('enforce acts as monitor until warm-up is over', () => {
    expect(modeInForce('enforce', { durationMs: HOUR_MS, learningSinceMs: undefined }, 9e15)).toBe('monitor');
    expect(modeInForce('enforce', warmup, HOUR_MS - 1)).toBe('monitor');
    expect(modeInForce('enforce', warmup, HOUR_MS)).toBe('enforce');
    expect(modeInForce('enforce', { durationMs: 0, learningSinceMs: undefined }, 0)).toBe('enforce');
  });

  it('monitor stays monitor', () => {
    expect(modeInForce('monitor', warmup, 2 * HOUR_MS)).toBe('monitor');
    expect(modeInForce('monitor', { durationMs: 0, learningSinceMs: undefined }, 0)).toBe('monitor');
  });
});
