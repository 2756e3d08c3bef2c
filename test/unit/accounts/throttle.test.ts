import { beforeEach, describe, expect, it } from 'vitest';
import { Throttle } from '../../../src/accounts/throttle.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE_MS = 60_000;
let clock: VirtualClock;
let throttle: Throttle;

beforeEach(() => {
  clock = new VirtualClock();
  throttle = new Throttle(clock);
});

const fail = (times: number, user: string, from: string) => {
  for (let count = 0; count < times; count++) throttle.began(user, from);
};

describe('who fails to sign in', () => {
  it('waits after the fifth time, twice as long each time, a quarter of an hour at most', () => {
    fail(4, 'ann', '192.0.2.1');
    expect(throttle.waitMs('ann', '192.0.2.1', false)).toBe(0);
    const waits = Array.from({ length: 14 }, () => {
      throttle.began('ann', '192.0.2.1');
      const waitMs = throttle.waitMs('ann', '192.0.2.1', false);
      clock.advance(waitMs);
      expect(throttle.waitMs('ann', '192.0.2.1', false)).toBe(0);
      return waitMs / 1000;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
  });

  it('is forgotten after an hour, and when he gets in', () => {
    fail(8, 'ann', '192.0.2.1');
    throttle.succeeded('ann', '192.0.2.1');
    expect(throttle.waitMs('ann', '192.0.2.1', false)).toBe(0);
    fail(30, 'ben', '192.0.2.1');
    clock.advance(60 * MINUTE_MS);
    expect(throttle.waitMs('ben', '192.0.2.1', false)).toBe(0);
  });

  it('in many names is slowed down by the address, of IPv6 by its /64', () => {
    for (let user = 0; user < 24; user++) throttle.began(`user${user}`, `2001:db8::${user + 1}`);
    expect(throttle.waitMs('ann', '2001:db8::ffff', true)).toBe(16_000);
    expect(throttle.waitMs('ann', '2001:db8:0:1::1', true)).toBe(0);
  });

  it('from many addresses keeps the user out of strange places for a minute at most, and of his own not at all', () => {
    for (let host = 1; host <= 200; host++) throttle.began('ann', `192.0.2.${host}`);
    expect(throttle.waitMs('ann', '198.51.100.7', false)).toBe(MINUTE_MS);
    expect(throttle.waitMs('ann', '198.51.100.7', true)).toBe(0);
    expect(throttle.waitMs('ben', '198.51.100.7', false)).toBe(0);
    expect(throttle.isSlowed('ann')).toBe(true);
    clock.advance(MINUTE_MS);
    expect(throttle.isSlowed('ann')).toBe(false);
  });

  it('does not get others in by getting in himself', () => {
    fail(30, 'ben', '192.0.2.66');
    const before = throttle.waitMs('ann', '192.0.2.66', true);
    throttle.began('mallory', '192.0.2.66');
    throttle.succeeded('mallory', '192.0.2.66');
    expect(throttle.waitMs('ann', '192.0.2.66', true)).toBe(before);
  });

  it('takes no more memory than there is for it', () => {
    for (let count = 0; count < 25_000; count++) throttle.began(`user${count}`, `10.${count >> 8}.${count & 255}.1`);
    expect(throttle.size).toBe(30_000);
  });
});
