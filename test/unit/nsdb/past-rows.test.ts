import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PastRows } from '../../../src/nsdb/past-rows.ts';
import { plainRows } from '../../support/plain-rows.ts';

describe('PastRows', () => {
  it('behaves as a list from which any row may be taken', () => {
    const step = fc.record({ isAdded: fc.boolean(), row: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const past = new PastRows(plainRows(12));
        const model = new Set<number>();
        for (const { isAdded, row } of steps) {
          if (isAdded === model.has(row)) continue;
          if (isAdded) past.add(row);
          else past.delete(row);
          if (isAdded) model.add(row);
          else model.delete(row);
          expect(past.size).toBe(model.size);
          expect(past.oldest).toBe([...model][0] ?? 0);
        }
        for (const row of [...model]) {
          expect(past.oldest).toBe(row);
          past.delete(row);
        }
        expect([past.oldest, past.size]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
