import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('VirtualClock', () => {
  it('runs timers in order of time, each at its own time, also those that timers add', () => {
    const clock = new VirtualClock(1000);
    const ran: [string, number][] = [];
    const note = (name: string) => () => ran.push([name, clock.nowMs()]);
    clock.after(30, note('c'));
    clock.after(10, () => {
      note('a')();
      clock.after(5, note('b'));
    });
    clock.after(30, note('d'));
    clock.after(100, note('late'));
    clock.after(20, note('called off'))();
    clock.advance(50);
    expect(ran).toEqual([
      ['a', 1010],
      ['b', 1015],
      ['c', 1030],
      ['d', 1030],
    ]);
    expect(clock.nowMs()).toBe(1050);
    expect(clock.pendingTimers).toBe(1);
  });

  it('runs a periodic timer once a period', () => {
    const clock = new VirtualClock();
    let rounds = 0;
    const round = () => {
      rounds++;
      clock.after(100, round);
    };
    clock.after(100, round);
    clock.advance(1000);
    expect(rounds).toBe(10);
  });
});
