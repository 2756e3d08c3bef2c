import { describe, expect, it } from 'vitest';
import { every, systemClock, turnClock } from '../../../src/core/clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('systemClock', () => {
  it('tells the time of the wall and never runs backwards', () => {
    let last = systemClock.nowMs();
    expect(Math.abs(last - Date.now())).toBeLessThan(5000);
    for (let round = 0; round < 1000; round++) {
      const now = systemClock.nowMs();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  it('runs an action once after the delay, and not when it was called off', async () => {
    const ran: string[] = [];
    const startedAtMs = systemClock.nowMs();
    const cancel = systemClock.after(1, () => ran.push('called off'));
    cancel();
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.after(20, () => {
        ran.push('ran');
        resolve();
      });
    });
    expect(ran).toEqual(['ran']);
    // Timers count whole milliseconds and may come up to one too early.
    expect(systemClock.nowMs() - startedAtMs).toBeGreaterThanOrEqual(19);
  });
});

describe('every', () => {
  it('runs the action once a period until it is called off, also from within the action', () => {
    const clock = new VirtualClock();
    const atMs: number[] = [];
    const startMs = clock.nowMs();
    const cancel = every(clock, 100, () => {
      atMs.push(clock.nowMs() - startMs);
      if (atMs.length === 3) cancel();
    });
    clock.advance(1000);
    expect(atMs).toEqual([100, 200, 300]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('turnClock', () => {
  it('reads the time once for all that happens in one go', async () => {
    const inner = new VirtualClock();
    const clock = turnClock(inner);
    const first = clock.nowMs();
    inner.advance(5);
    expect(clock.nowMs()).toBe(first);
    await Promise.resolve();
    expect(clock.nowMs()).toBe(first + 5);
  });

  it('has the timers of the clock inside', () => {
    const inner = new VirtualClock();
    let rang = 0;
    const cancel = turnClock(inner).after(10, () => rang++);
    turnClock(inner).after(20, () => rang++);
    cancel();
    inner.advance(20);
    expect(rang).toBe(1);
  });
});
