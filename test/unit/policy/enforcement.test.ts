import { describe, expect, it } from 'vitest';
import { Enforcement } from '../../../src/policy/enforcement.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const ENFORCED = { mode: 'enforce' } as const;

function setUp(warmupMs: number, fallbackMs: number) {
  const clock = new VirtualClock();
  const enforcement = new Enforcement(clock, { warmupMs, fallbackMs });
  /** All sources are there, or one is missing, for so long. */
  const pass = (durationMs: number, isLearning: boolean, hasSources = true) => {
    for (let left = durationMs; left > 0; left -= Math.min(left, 500)) {
      enforcement.tick(isLearning, hasSources);
      clock.advance(Math.min(left, 500));
    }
    enforcement.tick(isLearning, hasSources);
  };
  return { clock, enforcement, pass };
}

describe('Enforcement', () => {
  it('acts as monitor until warm-up is over, and time without a source is no learning', () => {
    const { enforcement, pass } = setUp(HOUR_MS, 0);
    pass(HOUR_MS - 500, true);
    pass(HOUR_MS, false);
    expect(enforcement.heldBack).toBe('warm-up');
    expect(enforcement.warmupEndsAtMs).toBe(Number.POSITIVE_INFINITY);
    expect(enforcement.modeOf(ENFORCED)).toBe('monitor');
    pass(1000, true);
    expect(enforcement.heldBack).toBeUndefined();
    expect(enforcement.modeOf(ENFORCED)).toBe('enforce');
    expect(enforcement.modeOf({ mode: 'monitor' })).toBe('monitor');
    expect(enforcement.warmupEndsAtMs).toBeUndefined();
  });

  it('falls back to monitor when a source has been gone for so long, and not before; and is back with it', () => {
    const { enforcement, pass } = setUp(0, HOUR_MS);
    pass(1000, true);
    pass(HOUR_MS - 500, false);
    expect(enforcement.modeOf(ENFORCED)).toBe('enforce');
    pass(500, false);
    expect(enforcement.heldBack).toBe('no source');
    expect(enforcement.modeOf(ENFORCED)).toBe('monitor');
    pass(500, true);
    expect(enforcement.modeOf(ENFORCED)).toBe('enforce');
    pass(HOUR_MS - 500, false);
    expect(enforcement.modeOf(ENFORCED)).toBe('enforce');
  });

  it('0 is never; and where there are no sources none can be gone', () => {
    const never = setUp(0, 0);
    never.pass(30 * HOUR_MS, false);
    expect(never.enforcement.heldBack).toBeUndefined();
    const none = setUp(0, HOUR_MS);
    none.pass(30 * HOUR_MS, false, false);
    expect(none.enforcement.heldBack).toBeUndefined();
  });

  it('a history from elsewhere ends warm-up, and so does a longer progress of an earlier run', () => {
    const { enforcement, clock } = setUp(HOUR_MS, 0);
    enforcement.resume({ learnedForMs: HOUR_MS - 1, lastLearnedAtMs: clock.nowMs() - 1 });
    expect(enforcement.heldBack).toBe('warm-up');
    enforcement.resume({ learnedForMs: HOUR_MS, lastLearnedAtMs: clock.nowMs() - 2 * HOUR_MS });
    expect(enforcement.heldBack).toBe('warm-up');
    enforcement.endWarmup();
    expect(enforcement.heldBack).toBeUndefined();
    expect(enforcement.progress).toEqual({ learnedForMs: Number.POSITIVE_INFINITY, lastLearnedAtMs: clock.nowMs() });
  });

  it('a reload changes what is asked of it', () => {
    const { enforcement, pass } = setUp(HOUR_MS, HOUR_MS);
    pass(1000, true);
    enforcement.configure({ warmupMs: 1000, fallbackMs: 500 });
    expect(enforcement.heldBack).toBeUndefined();
    pass(500, false);
    expect(enforcement.heldBack).toBe('no source');
  });
});
