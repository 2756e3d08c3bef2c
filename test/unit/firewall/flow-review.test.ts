import { describe, expect, it } from 'vitest';
import type { AllowRecord } from '../../../src/firewall/allow-book.ts';
import type { DropRecord } from '../../../src/firewall/drop-book.ts';
import { FlowReview } from '../../../src/firewall/flow-review.ts';

/** A review of which each flow takes `costMs`, and how many flows each of its turns looks at. */
function turnsOf(allows: number, drops: number, costMs: number): number[] {
  let spentMs = 0;
  let seen = 0;
  const review = new FlowReview(() => spentMs);
  // What the records say is no matter of the review.
  review.begin(
    Array.from({ length: allows }, () => ({}) as AllowRecord),
    Array.from({ length: drops }, () => ({}) as DropRecord),
  );
  const visit = () => {
    seen++;
    spentMs += costMs;
  };
  const turns: number[] = [];
  while (!review.isDone && turns.length < 10_000) {
    seen = 0;
    review.turn(visit, visit);
    turns.push(seen);
  }
  return turns;
}

describe('a turn of a review', () => {
  it('ends after a number of flows', () => {
    expect(turnsOf(1500, 700, 0)).toEqual([1000, 1000, 200]);
  });

  it('ends after 5 ms where looking takes long, drop flows as well', () => {
    const turns = turnsOf(100, 100, 0.5);
    expect(turns).toEqual(Array.from({ length: 20 }, () => 10));
  });

  it('looks at one flow at the least', () => {
    expect(turnsOf(2, 1, 60)).toEqual([1, 1, 1]);
  });

  it('has nothing to show when there is nothing', () => {
    expect(turnsOf(0, 0, 1)).toEqual([]);
  });
});
