import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryWheel } from '../../../src/nsdb/expiry-wheel.ts';
import { plainRows } from '../../support/plain-rows.ts';

/** 14 s: a wheel of 16 slots. */
const LONGEST_MS = 14_000;
const DAY_MS = 86_400_000;

function setUp(count = 100, startMs = 1_000_000) {
  const rows = plainRows(count);
  const wheel = new ExpiryWheel(rows, LONGEST_MS, startMs);
  const add = (row: number, atMs: number) => {
    rows.setExpiresMs(row, atMs);
    wheel.add(row);
  };
  const drain = (nowMs: number, most = 1000) => {
    const due: number[] = [];
    const isDone = wheel.drain(nowMs, most, (row) => due.push(row));
    return { isDone, due: due.sort((a, b) => a - b) };
  };
  return { rows, wheel, add, drain };
}

describe('ExpiryWheel', () => {
  it('gives a row in its millisecond, once', () => {
    const { add, drain } = setUp();
    add(1, 1_002_345);
    expect(drain(1_002_344)).toEqual({ isDone: true, due: [] });
    expect(drain(1_002_345)).toEqual({ isDone: true, due: [1] });
    expect(drain(1_002_345)).toEqual({ isDone: true, due: [] });
    expect(drain(1_900_000)).toEqual({ isDone: true, due: [] });
  });

  it('gives what was due already when it came', () => {
    const { add, drain } = setUp();
    drain(1_005_000);
    add(1, 1_000_000);
    expect(drain(1_005_000).due).toEqual([1]);
  });

  it('a row whose time moved to later is given at the later time alone', () => {
    const { rows, add, drain } = setUp();
    add(1, 1_001_000);
    rows.setExpiresMs(1, 1_009_500);
    expect(drain(1_008_000).due).toEqual([]);
    expect(drain(1_009_499).due).toEqual([]);
    expect(drain(1_009_500).due).toEqual([1]);
  });

  it('a row that was taken out is not given, wherever it stood in its second', () => {
    const { wheel, rows, add, drain } = setUp();
    for (const row of [1, 2, 3, 4]) add(row, 1_003_000);
    for (const row of [4, 2, 1]) wheel.delete(row);
    expect(drain(1_010_000).due).toEqual([3]);
    add(3, 1_011_000);
    // Its time is another by the time it is taken out.
    rows.setExpiresMs(3, 1_013_000);
    wheel.delete(3);
    expect(drain(1_020_000).due).toEqual([]);
  });

  it('is drained in portions', () => {
    const { add, drain } = setUp();
    for (let row = 1; row <= 10; row++) add(row, 1_001_000 + row);
    const first = drain(1_004_000, 4);
    const second = drain(1_004_000, 4);
    const third = drain(1_004_000, 4);
    expect([first, second, third].map(({ isDone, due }) => [isDone, due.length])).toEqual([
      [false, 4],
      [false, 4],
      [true, 2],
    ]);
    expect([...first.due, ...second.due, ...third.due].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('after a sleep of days gives all that is due, and keeps what was prolonged meanwhile', () => {
    const { rows, add, drain } = setUp();
    for (let row = 1; row <= 50; row++) add(row, 1_000_000 + row * 280);
    const nowMs = 1_000_000 + 3 * DAY_MS;
    for (let row = 1; row <= 15; row++) rows.setExpiresMs(row, nowMs + 1000 * (row - 1));
    expect(drain(nowMs).due).toEqual([1, ...Array.from({ length: 35 }, (_, index) => index + 16)]);
    for (let row = 2; row <= 15; row++) expect(drain(nowMs + 1000 * (row - 1)).due).toEqual([row]);
  });

  it('comes to an end although rows have moved by exactly its length', () => {
    for (let sleepSeconds = 0; sleepSeconds < 40; sleepSeconds++) {
      const { rows, add, drain } = setUp();
      const nowMs = 1_000_000 + sleepSeconds * 1000;
      for (let row = 1; row <= 16; row++) add(row, 1_000_000 + (row - 1) * 800);
      for (let row = 1; row <= 16; row++) rows.setExpiresMs(row, nowMs + 1 + (row - 1) * 900);
      expect(drain(nowMs, 64)).toEqual({ isDone: true, due: [] });
      expect(drain(nowMs + LONGEST_MS, 64).due).toHaveLength(16);
    }
  });

  it('behaves as a map of times, whatever the clock does', () => {
    const step = fc.record({
      do: fc.constantFrom('add', 'delete', 'prolong', 'drain', 'drainSome', 'wait', 'sleep'),
      row: fc.integer({ min: 1, max: 20 }),
      ms: fc.integer({ min: -2000, max: LONGEST_MS }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat({ max: 999 }), (steps, offsetMs) => {
        let nowMs = 1_000_000 + offsetMs;
        const { rows, wheel, add } = setUp(20, nowMs);
        const model = new Map<number, number>();
        const drain = (most: number) => {
          const isDone = wheel.drain(nowMs, most, (row) => {
            expect(model.get(row)).toBeLessThanOrEqual(nowMs);
            model.delete(row);
          });
          if (isDone) for (const atMs of model.values()) expect(atMs).toBeGreaterThan(nowMs);
          return isDone;
        };
        for (const { do: what, row, ms } of steps) {
          const held = model.get(row);
          if (what === 'add' && held === undefined) {
            model.set(row, nowMs + ms);
            add(row, nowMs + ms);
          }
          if (what === 'delete' && held !== undefined) {
            wheel.delete(row);
            model.delete(row);
          }
          if (what === 'prolong' && held !== undefined && held < nowMs + ms) {
            rows.setExpiresMs(row, nowMs + ms);
            model.set(row, nowMs + ms);
          }
          if (what === 'drain') expect(drain(100)).toBe(true);
          if (what === 'drainSome') drain(3);
          if (what === 'wait') nowMs += Math.abs(ms) % 2500;
          if (what === 'sleep') nowMs += Math.abs(ms) * 5;
        }
        nowMs += LONGEST_MS + 1000;
        expect(drain(1000)).toBe(true);
        expect(model.size).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
