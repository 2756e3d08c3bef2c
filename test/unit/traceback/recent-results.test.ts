import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RecentResults } from '../../../src/traceback/recent-results.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;

/** Results that a test gives when it wants to. */
function makers() {
  const made: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const make = () => new Promise<string>((resolve, reject) => made.push({ resolve, reject }));
  return { made, make };
}

describe('RecentResults', () => {
  it('works a result out once, for all who ask while it is worked out and for a while after', async () => {
    const clock = new VirtualClock();
    const results = new RecentResults<string>(8, 1000, clock);
    const { made, make } = makers();
    const both = Promise.all([results.get('a', make, never), results.get('a', make, never)]);
    made[0]!.resolve('first');
    expect(await both).toEqual(['first', 'first']);
    clock.advance(999);
    expect(await results.get('a', make, never)).toBe('first');
    expect(made).toHaveLength(1);
    clock.advance(1);
    const later = results.get('a', make, never);
    made[1]!.resolve('second');
    expect(await later).toBe('second');
  });

  it('keeps so many, the newest', async () => {
    const results = new RecentResults<string>(2, 1000, new VirtualClock());
    let count = 0;
    const make = async () => `${++count}`;
    for (const key of ['a', 'b', 'c']) await results.get(key, make, never);
    expect(await results.get('b', make, never)).toBe('2');
    expect(await results.get('c', make, never)).toBe('3');
    expect(await results.get('a', make, never)).toBe('4');
    results.forget('a');
    expect(await results.get('a', make, never)).toBe('5');
  });

  it('tries anew when it failed for who asked first, once for all who wait', async () => {
    const results = new RecentResults<string>(8, 1000, new VirtualClock());
    const { made, make } = makers();
    const first = expect(results.get('a', make, never)).rejects.toThrow('failed');
    const others = Promise.all([results.get('a', make, never), results.get('a', make, never)]);
    made[0]!.reject(new Error('failed'));
    await first;
    await turn();
    expect(made).toHaveLength(2);
    made[1]!.resolve('second');
    expect(await others).toEqual(['second', 'second']);
  });

  it('lets go who waits no more, and goes on for others', async () => {
    const results = new RecentResults<string>(8, 1000, new VirtualClock());
    const { made, make } = makers();
    const controller = new AbortController();
    const first = results.get('a', make, never);
    const second = expect(results.get('a', make, controller.signal)).rejects.toThrow('gone');
    controller.abort(new Error('gone'));
    await second;
    made[0]!.resolve('first');
    expect(await first).toBe('first');
  });
});
