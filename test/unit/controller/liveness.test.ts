import { describe, expect, it } from 'vitest';
import { Liveness } from '../../../src/controller/liveness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const state = { isCongested: false };
  const liveness = new Liveness(clock, {
    ask: () => told.push('ask'),
    isCongested: () => state.isCongested,
    dead: (reason) => {
      told.push(reason);
      liveness.stop();
    },
  });
  liveness.start();
  return { clock, told, state, liveness };
}

describe('liveness', () => {
  it('asks after 5 s of silence, again after 10 s, and ends after 15 s', () => {
    const { clock, told } = setUp();
    clock.advance(4999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['ask']);
    clock.advance(9999);
    expect(told).toEqual(['ask', 'ask']);
    clock.advance(1);
    expect(told.at(-1)).toBe('nothing heard for 15 s');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not ask a switch that is heard of anyhow', () => {
    const { clock, told, liveness } = setUp();
    for (let second = 0; second < 100; second++) {
      clock.advance(1000);
      liveness.heard();
      if (second % 14 === 0) liveness.answered();
    }
    expect(told).toEqual([]);
  });

  it('asks a switch that talks and answers nothing for 15 s, and ends it after 60 s', () => {
    const { clock, told, liveness } = setUp();
    for (let second = 0; second < 60; second++) {
      expect(told).toHaveLength(second < 15 ? 0 : Math.floor(second / 5) - 2);
      clock.advance(1000);
      liveness.heard();
    }
    expect(told.at(-1)).toBe('the switch talks and has answered nothing for 60 s');
  });

  it.each([100, 4000, 4999])('ends 15 to 20 s after the last word, whenever that came: at %d ms', (atMs) => {
    const { clock, told, liveness } = setUp();
    clock.advance(atMs);
    liveness.heard();
    clock.advance(14_999);
    expect(told.filter((one) => one !== 'ask')).toEqual([]);
    clock.advance(5001);
    expect(told.at(-1)).toMatch(/^nothing heard for \d+ s$/);
  });

  it('ends a switch that talks all the time and has not read for 15 s, 20 s at most', () => {
    const { clock, told, state, liveness } = setUp();
    state.isCongested = true;
    for (let second = 0; second < 20; second++) {
      expect(told).toEqual([]);
      clock.advance(1000);
      liveness.heard();
      liveness.answered();
    }
    expect(told).toEqual(['the switch has read nothing for 15 s']);
  });

  it('bears with one that reads slowly', () => {
    const { clock, told, state, liveness } = setUp();
    state.isCongested = true;
    for (let second = 0; second < 100; second++) {
      clock.advance(1000);
      liveness.heard();
      if (second % 9 === 0) liveness.read();
      liveness.answered();
    }
    expect(told).toEqual([]);
  });

  it('counts from the last moment in which nothing waited', () => {
    const { clock, told, state, liveness } = setUp();
    for (const isCongested of [false, true]) {
      state.isCongested = isCongested;
      for (let second = 0; second < 14; second++) {
        clock.advance(1000);
        liveness.heard();
        liveness.answered();
      }
    }
    expect(told).toEqual([]);
  });

  it('challenged, ends a switch that is silent for a second', () => {
    const { clock, told, liveness } = setUp();
    liveness.challenge();
    liveness.challenge();
    expect(told).toEqual(['ask']);
    clock.advance(999);
    liveness.challenge();
    expect(told).toEqual(['ask']);
    clock.advance(1);
    expect(told.at(-1)).toMatch(/^silent, and its datapath id has come back/);
  });

  it('challenged, keeps a switch that says anything, and can be challenged again', () => {
    const { clock, told, liveness } = setUp();
    liveness.challenge();
    clock.advance(999);
    liveness.heard();
    clock.advance(1000);
    expect(told).toEqual(['ask']);
    liveness.challenge();
    clock.advance(1000);
    expect(told).toHaveLength(3);
  });

  it('leaves no timer when it stops, twice without harm, also in a challenge', () => {
    const { clock, told, liveness } = setUp();
    liveness.challenge();
    liveness.stop();
    liveness.stop();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(60_000);
    expect(told).toEqual(['ask']);
  });
});
