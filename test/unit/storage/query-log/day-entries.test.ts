import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntries } from '../../../../src/querylog/entry-batch.ts';
import { dayOf } from '../../../../src/querylog/query-log-store.ts';
import { splitByDay } from '../../../../src/storage/query-log/day-entries.ts';
import { anyEntry, anyLikelyEntry, batchOf, packEntries } from '../../../support/log-entries.ts';

describe('splitByDay', () => {
  it('gives each entry to its day, in order', () => {
    const property = fc.property(fc.array(fc.oneof(anyEntry, anyLikelyEntry), { maxLength: 20 }), (entries) => {
      const parts = splitByDay(batchOf(entries));
      const days = [...new Set(entries.map(({ atMs }) => dayOf(atMs)))];
      expect(parts.map(({ day }) => day)).toEqual(days);
      for (const { day, entries: packed } of parts) {
        expect([...readEntries(packed)]).toStrictEqual(entries.filter(({ atMs }) => dayOf(atMs) === day));
      }
    });
    fc.assert(property);
  });

  it('refuses entries that are cut, wherever that is', () => {
    const property = fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 3 }), (entries) => {
      const packed = packEntries(entries);
      const ends = new Set(entries.map((_, count) => packEntries(entries.slice(0, count)).length));
      for (let end = 0; end < packed.length; end += 7) {
        const split = () => splitByDay(batchOf([], { entries: packed.subarray(0, end) }));
        if (ends.has(end)) expect(split).not.toThrow();
        else expect(split).toThrow(expect.objectContaining({ code: 'store-batch' }));
      }
    });
    fc.assert(property, { numRuns: 30 });
  });

  it('takes or refuses any octets', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
      try {
        splitByDay(batchOf([], { entries: octets }));
      } catch (error) {
        expect(error).toMatchObject({ code: 'store-batch' });
      }
    });
    fc.assert(property);
  });
});
