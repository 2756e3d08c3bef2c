import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { EventFeed } from '../../../src/events/event-feed.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp(options = { size: 5, perRound: 2, roundMs: 100 }) {
  const clock = new VirtualClock();
  const told: number[] = [];
  const feed = new EventFeed<number>(clock, options, (event) => told.push(event));
  return { clock, feed, told };
}

describe('EventFeed', () => {
  it('delivers in order, so many per round, never in the turn of the push', () => {
    const { clock, feed, told } = setUp();
    for (const event of [1, 2, 3, 4, 5]) feed.push(event);
    expect(told).toEqual([]);
    clock.advance(99);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([1, 2]);
    clock.advance(100);
    expect(told).toEqual([1, 2, 3, 4]);
    clock.advance(100);
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts again after it was idle', () => {
    const { clock, feed, told } = setUp();
    feed.push(1);
    clock.advance(1000);
    feed.push(2);
    clock.advance(100);
    expect(told).toEqual([1, 2]);
  });

  it('loses and counts what finds no room', () => {
    const { clock, feed, told } = setUp();
    for (let event = 1; event <= 8; event++) feed.push(event);
    expect(feed.hasRoom()).toBe(false);
    expect(feed.lost).toBe(3);
    feed.lose();
    expect(feed.lost).toBe(4);
    clock.advance(100);
    expect(feed.hasRoom()).toBe(true);
    clock.advance(1000);
    expect(told).toEqual([1, 2, 3, 4, 5]);
  });

  it('hands on all at stop; safe twice', () => {
    const { clock, feed, told } = setUp();
    for (const event of [1, 2, 3]) feed.push(event);
    feed.stop();
    feed.stop();
    expect(told).toEqual([1, 2, 3]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('an event that its reader pushes is delivered too', () => {
    const clock = new VirtualClock();
    const told: number[] = [];
    const feed: EventFeed<number> = new EventFeed(clock, { size: 5, perRound: 10, roundMs: 100 }, (event) => {
      told.push(event);
      if (event < 3) feed.push(event + 1);
    });
    feed.push(1);
    clock.advance(300);
    expect(told).toEqual([1, 2, 3]);
  });

  it('keeps its pace when its rounds come late, and after a long stall does not hand on all at once', () => {
    const clock = new VirtualClock();
    const late: Clock = { nowMs: () => clock.nowMs(), after: (delayMs, action) => clock.after(delayMs * 2.5, action) };
    const told: number[] = [];
    const feed = new EventFeed<number>(late, { size: 1000, perRound: 2, roundMs: 20 }, (event) => told.push(event));
    for (let event = 0; event < 1000; event++) feed.push(event);
    clock.advance(1000);
    // Two for each 20 ms, but for what the round under way has not handed on yet.
    expect(told.length).toBeGreaterThanOrEqual(94);
    expect(told.length).toBeLessThanOrEqual(100);
  });

  it('hands on one second of events at most after a stall', () => {
    const clock = new VirtualClock();
    const stalled: Clock = { nowMs: () => clock.nowMs(), after: (_delayMs, action) => clock.after(60_000, action) };
    const told: number[] = [];
    const feed = new EventFeed<number>(stalled, { size: 1000, perRound: 2, roundMs: 20 }, (event) => told.push(event));
    for (let event = 0; event < 1000; event++) feed.push(event);
    clock.advance(60_000);
    expect(told.length).toBe(100);
  });
});
