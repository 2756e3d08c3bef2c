import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangedRows } from '../../../src/nsdb/changed-rows.ts';
import { plainRows } from '../../support/plain-rows.ts';

const ROWS = 6;

describe('ChangedRows', () => {
  it('tells which is the first that waits, and gives each once', () => {
    const changed = new ChangedRows(plainRows(ROWS));
    expect([changed.add(3), changed.add(1), changed.add(3)]).toEqual([true, false, false]);
    expect(changed.size).toBe(2);
    expect([changed.shift(), changed.shift(), changed.shift()]).toEqual([3, 1, 0]);
    expect(changed.add(3)).toBe(true);
  });

  it('behaves as a set in the order of its making, also when rows go and their numbers come again', () => {
    const step = fc.record({
      do: fc.constantFrom('add', 'add', 'add', 'add', 'add', 'add', 'shift', 'replace'),
      row: fc.integer({ min: 1, max: ROWS }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 150 }), (steps) => {
        const rows = plainRows(ROWS);
        const changed = new ChangedRows(rows);
        const model = new Set<number>();
        for (const { do: what, row } of steps) {
          if (what === 'add') {
            changed.add(row);
            model.add(row);
          }
          if (what === 'shift') {
            const shifted = changed.shift();
            // A row that came again under an old number may be given in the place of the old one: it is given once.
            expect(shifted === 0).toBe(model.size === 0);
            expect(shifted === 0 || model.delete(shifted)).toBe(true);
          }
          if (what === 'replace') {
            const zone = rows.zone(row);
            rows.names.retain(zone);
            rows.remove(row);
            expect(rows.insert(zone, zone, 0)).toBe(row);
            model.delete(row);
          }
          expect(changed.size).toBeGreaterThanOrEqual(model.size);
          expect(changed.size).toBeLessThanOrEqual(ROWS);
        }
        const left: number[] = [];
        for (let row = changed.shift(); row !== 0; row = changed.shift()) left.push(row);
        expect(left.sort()).toEqual([...model].sort());
        expect(changed.size).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('has room for all when a row comes again under a number that still waits', () => {
    const rows = plainRows(2);
    const changed = new ChangedRows(rows);
    const replaceFirst = () => {
      const zone = rows.zone(1);
      rows.remove(1);
      rows.insert(zone, zone, 0);
    };
    changed.add(1);
    changed.add(2);
    replaceFirst();
    changed.add(1);
    expect(changed.size).toBe(2);
    replaceFirst();
    changed.add(1);
    expect([changed.shift(), changed.shift(), changed.shift()]).toEqual([2, 1, 0]);
  });

  it('never gives a row that was taken out', () => {
    const rows = plainRows(2);
    const changed = new ChangedRows(rows);
    changed.add(1);
    changed.add(2);
    rows.remove(1);
    expect([changed.shift(), changed.shift()]).toEqual([2, 0]);
  });
});
