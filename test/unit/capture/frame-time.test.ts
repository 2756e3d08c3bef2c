import { describe, expect, it } from 'vitest';
import { FrameTime } from '../../../src/capture/frame-time.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock(1_000_000);
  let aheadMs = 5_000_000;
  const time = new FrameTime(clock, { nowMs: () => clock.nowMs() + aheadMs });
  const jump = (ms: number) => {
    aheadMs += ms;
  };
  return { clock, time, wallMs: () => clock.nowMs() + aheadMs, jump };
}

describe('FrameTime', () => {
  it('leads from the wall clock to the other', () => {
    const { time, wallMs, clock } = setUp();
    expect(time.of(wallMs() - 3)).toBe(clock.nowMs() - 3);
    clock.advance(60_000);
    expect(time.of(wallMs())).toBe(clock.nowMs());
  });

  it.each([3_600_000, -3_600_000, 6000, -6000])('follows a jump of the wall clock by %d ms', (jumpMs) => {
    const { time, wallMs, clock, jump } = setUp();
    const beforeMs = wallMs();
    jump(jumpMs);
    expect(time.of(wallMs())).toBe(clock.nowMs());
    // Stamped before the jump, and read only now.
    expect(time.of(beforeMs - 7)).toBe(clock.nowMs() - 7);
    time.refresh();
    expect(time.of(beforeMs - 7)).toBe(clock.nowMs() - 7);
    expect(time.of(wallMs() - 1)).toBe(clock.nowMs() - 1);
  });

  it('takes a time that cannot be for now', () => {
    const { time, wallMs, clock } = setUp();
    for (const stampMs of [0, wallMs() + 1000, wallMs() - 60_000, Number.NaN]) {
      expect(time.of(stampMs)).toBe(clock.nowMs());
    }
  });

  it('heeds no small differences between the clocks', () => {
    const { time, wallMs, clock, jump } = setUp();
    jump(40);
    time.refresh();
    expect(time.of(wallMs())).toBe(clock.nowMs() + 40);
  });
});
