import { describe, expect, it } from 'vitest';
import { ClockShift } from '../../../src/capture/clock-shift.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('ClockShift', () => {
  it('begins with what it sees first, and keeps to it while the way takes a little more or less', () => {
    const clock = new VirtualClock(1_000_000);
    const shift = new ClockShift(clock);
    expect(shift.at(400_000)).toBe(600_000);
    clock.advance(500);
    expect(shift.at(400_450)).toBe(600_000);
    expect(shift.at(400_550)).toBe(600_000);
  });

  it('takes what was long on its way for no jump of the clock', () => {
    const clock = new VirtualClock(1_000_000);
    const shift = new ClockShift(clock);
    shift.at(400_000);
    clock.advance(9000);
    expect(shift.at(401_000)).toBe(600_000);
    clock.advance(9000);
    expect(shift.at(402_000)).toBe(600_000);
  });

  it('follows at once when the way was shorter, and within two windows when the sender stood still', () => {
    const clock = new VirtualClock(1_000_000);
    const shift = new ClockShift(clock);
    shift.at(400_000);
    expect(shift.at(400_300)).toBe(599_700);
    for (let second = 1; second <= 21; second++) {
      clock.advance(1000);
      shift.at(300_000 + second * 1000);
    }
    expect(shift.at(321_000)).toBe(700_000);
  });
});
