import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeHeap } from '../../../../src/correlation/events/time-heap.ts';

describe('a heap by time', () => {
  it('is empty at first', () => {
    const heap = new TimeHeap();
    expect(heap.firstMs).toBe(Number.POSITIVE_INFINITY);
    expect(heap.take()).toBeUndefined();
    expect(heap.size).toBe(0);
  });

  it('gives what a stable sort gives, with takes between', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(undefined))), (steps) => {
        const heap = new TimeHeap<{ readonly atMs: number; readonly number: number }>();
        let model: { readonly atMs: number; readonly number: number }[] = [];
        for (const [number, atMs] of steps.entries()) {
          if (atMs === undefined) {
            expect(heap.take()).toEqual(model[0]);
            model = model.slice(1);
          } else {
            heap.add({ atMs, number });
            model = [...model, { atMs, number }].sort((a, b) => a.atMs - b.atMs || a.number - b.number);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.firstMs).toBe(model[0]?.atMs ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });
});
