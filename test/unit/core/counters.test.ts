import { describe, expect, it } from 'vitest';
import { Counters } from '../../../src/core/counters.ts';

describe('Counters', () => {
  it('counts by one and by an amount, and reads 0 for what was never counted', () => {
    const counters = new Counters<'a' | 'b'>();
    counters.add('a');
    counters.add('a', 41);
    expect(counters.get('a')).toBe(42);
    expect(counters.get('b')).toBe(0);
  });

  it('gives a snapshot in alphabetical order that stays as it is', () => {
    const counters = new Counters<'a' | 'b' | 'c'>();
    counters.add('c');
    counters.add('a');
    const snapshot = counters.snapshot();
    counters.add('b');
    expect(Object.entries(snapshot)).toEqual([
      ['a', 1],
      ['c', 1],
    ]);
  });

  it('gives a count to add to, which shows once something was counted', () => {
    const counters = new Counters<'a' | 'b'>();
    const counter = counters.counter('a');
    counters.counter('b');
    expect(counters.snapshot()).toEqual({});
    counter.count++;
    counters.add('a');
    expect(counters.get('a')).toBe(2);
    expect(counters.snapshot()).toEqual({ a: 2 });
  });
});
