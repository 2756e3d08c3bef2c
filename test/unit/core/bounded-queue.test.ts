import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../../src/core/bounded-queue.ts';

describe('BoundedQueue', () => {
  it('does what a list with a maximum does', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.option(fc.nat(), { nil: undefined })), (capacity, steps) => {
        const queue = new BoundedQueue<number>(capacity);
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) expect(queue.shift()).toBe(model.shift());
          else {
            const fits = model.length < capacity;
            expect(queue.push(step)).toBe(fits);
            if (fits) model.push(step);
          }
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });
});
