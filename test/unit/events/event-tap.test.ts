import { describe, expect, it } from 'vitest';
import { EventTap } from '../../../src/events/event-tap.ts';

function setUp(backlog = 3) {
  const tap = new EventTap<number>(backlog);
  const stop = new AbortController();
  return { tap, stop, follow: () => tap.follow(stop.signal) };
}

describe('EventTap', () => {
  it('gives each follower what happens from its call on', async () => {
    const { tap, follow } = setUp();
    tap.push(1);
    const early = follow();
    tap.push(2);
    const late = follow();
    tap.push(3);
    expect((await early.next()).value).toEqual({ events: [2, 3], lost: 0 });
    expect((await late.next()).value).toEqual({ events: [3], lost: 0 });
  });

  it('wakes a follower that waits', async () => {
    const { tap, follow } = setUp();
    const portions = follow();
    const waiting = portions.next();
    await Promise.resolve();
    tap.push(1);
    expect((await waiting).value).toEqual({ events: [1], lost: 0 });
  });

  it('keeps no more than its backlog for one who does not read, and counts the rest', async () => {
    const { tap, follow } = setUp(3);
    const portions = follow();
    for (let event = 1; event <= 10; event++) tap.push(event);
    expect((await portions.next()).value).toEqual({ events: [1, 2, 3], lost: 7 });
    tap.push(11);
    expect((await portions.next()).value).toEqual({ events: [11], lost: 0 });
  });

  it('ends when it is called off, waiting or not yet begun', async () => {
    const { tap, stop, follow } = setUp();
    const waiting = follow().next();
    const begun = follow();
    await Promise.resolve();
    stop.abort();
    expect((await waiting).done).toBe(true);
    expect((await begun.next()).done).toBe(true);
    tap.push(1);
    expect((await follow().next()).done).toBe(true);
  });
});
