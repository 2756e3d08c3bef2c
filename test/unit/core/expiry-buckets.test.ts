import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryBuckets } from '../../../src/core/expiry-buckets.ts';

interface Item {
  readonly name: string;
  dueAtMs: number;
}

function drained(buckets: ExpiryBuckets<Item>, nowMs: number): string[] {
  const names: string[] = [];
  buckets.drain(nowMs, (item) => names.push(item.name));
  return names;
}

const bucketsOf = (...items: Item[]) => {
  const buckets = new ExpiryBuckets<Item>((item) => item.dueAtMs);
  for (const item of items) buckets.add(item);
  return buckets;
};

describe('ExpiryBuckets', () => {
  it('hands out an item at its millisecond, not before, and once', () => {
    const buckets = bucketsOf({ name: 'a', dueAtMs: 5_500 });
    expect(drained(buckets, 4_000)).toEqual([]);
    expect(drained(buckets, 5_499)).toEqual([]);
    expect(drained(buckets, 5_500)).toEqual(['a']);
    expect(drained(buckets, 50_000)).toEqual([]);
  });

  it('hands out older seconds first, also after a long sleep', () => {
    const buckets = bucketsOf(
      { name: 'c', dueAtMs: 9e9 },
      { name: 'a', dueAtMs: 1_000 },
      { name: 'b', dueAtMs: 90_000 },
    );
    expect(drained(buckets, 1e10)).toEqual(['a', 'b', 'c']);
  });

  it('never hands out what was taken out', () => {
    const item = { name: 'a', dueAtMs: 5_500 };
    const buckets = bucketsOf(item, { name: 'b', dueAtMs: 5_600 });
    buckets.delete(item);
    buckets.delete({ name: 'never there', dueAtMs: 9_000 });
    expect(drained(buckets, 50_000)).toEqual(['b']);
  });

  it('never hands out what is due at Infinity', () => {
    const buckets = bucketsOf({ name: 'kept', dueAtMs: Number.POSITIVE_INFINITY });
    expect(drained(buckets, Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it('keeps an item whose time moved on without being added again', () => {
    const item = { name: 'a', dueAtMs: 1_000 };
    const buckets = bucketsOf(item);
    item.dueAtMs = 61_000;
    expect(drained(buckets, 2_000)).toEqual([]);
    expect(drained(buckets, 60_999)).toEqual([]);
    expect(drained(buckets, 61_000)).toEqual(['a']);
  });

  it('hands out once an item that was added again at a later time, when both places are drained together', () => {
    const item = { name: 'a', dueAtMs: 1_000 };
    const buckets = bucketsOf(item);
    item.dueAtMs = 3_000;
    buckets.add(item);
    expect(drained(buckets, 10_000)).toEqual(['a']);
  });

  it('takes an item that its own hand-out adds again', () => {
    const item = { name: 'a', dueAtMs: 1_000 };
    const buckets = bucketsOf(item);
    buckets.drain(1_000, (due) => {
      due.dueAtMs = 1_400;
      buckets.add(due);
    });
    expect(drained(buckets, 1_399)).toEqual([]);
    expect(drained(buckets, 1_400)).toEqual(['a']);
  });

  it('bears items in very many different seconds', () => {
    const buckets = new ExpiryBuckets<Item>((item) => item.dueAtMs);
    for (let second = 0; second < 400_000; second++) buckets.add({ name: `${second}`, dueAtMs: second * 1000 });
    expect(drained(buckets, 2_000)).toEqual(['0', '1', '2']);
    expect(drained(buckets, 4_000)).toEqual(['3', '4']);
  });

  it('is a set of due times, whatever is added and drained when', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 20_000 }) }),
      fc.record({ waitMs: fc.integer({ min: 0, max: 4_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buckets = new ExpiryBuckets<Item>((item) => item.dueAtMs);
        let model: Item[] = [];
        let nowMs = 0;
        for (const [index, action] of steps.entries()) {
          if ('add' in action) {
            const item = { name: `${index}`, dueAtMs: nowMs + action.add };
            buckets.add(item);
            model.push(item);
            continue;
          }
          nowMs += action.waitMs;
          const due = model.filter((item) => item.dueAtMs <= nowMs);
          model = model.filter((item) => item.dueAtMs > nowMs);
          expect(drained(buckets, nowMs).sort()).toEqual(due.map(({ name }) => name).sort());
        }
      }),
    );
  });
});
