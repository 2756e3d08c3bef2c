import { beforeEach, describe, expect, it } from 'vitest';
import { PacedLog } from '../../../src/core/paced-log.ts';
import { keepingLog } from '../../support/session-rig.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('PacedLog', () => {
  const lines: string[] = [];
  let clock: VirtualClock;
  let paced: PacedLog;

  beforeEach(() => {
    lines.length = 0;
    clock = new VirtualClock();
    paced = new PacedLog(clock, keepingLog(lines), 'warn');
  });

  it('says the first at once', () => {
    paced.say({}, 'a');
    expect(lines).toEqual(['warn: a']);
  });

  it('says the last of a second at its end, with how often', () => {
    for (const what of ['a', 'b', 'c', 'd']) paced.say({}, what);
    clock.advance(999);
    expect(lines).toEqual(['warn: a']);
    clock.advance(1);
    expect(lines).toEqual(['warn: a', 'warn: d (3 times since the last such line)']);
  });

  it('keeps to one a second for as long as it lasts, and is at rest after', () => {
    for (let round = 0; round < 50; round++) {
      paced.say({}, 'a');
      clock.advance(100);
    }
    expect(lines).toHaveLength(6);
    clock.advance(2000);
    expect(clock.pendingTimers).toBe(0);
    paced.say({}, 'b');
    expect(lines.at(-1)).toBe('warn: b');
  });

  it('says what is left when it stops, and leaves no timer', () => {
    paced.say({}, 'a');
    paced.say({}, 'b');
    paced.stop();
    paced.stop();
    expect(lines).toEqual(['warn: a', 'warn: b']);
    expect(clock.pendingTimers).toBe(0);
  });
});
