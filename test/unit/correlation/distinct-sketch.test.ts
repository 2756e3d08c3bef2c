import { describe, expect, it } from 'vitest';
import { DistinctSketch } from '../../../src/correlation/distinct-sketch.ts';
import { mixBits } from '../../../src/correlation/hashing.ts';

const WINDOW_MS = 1000;

describe('DistinctSketch', () => {
  it('counts different things about right, and the same one once', () => {
    const sketch = new DistinctSketch(256, WINDOW_MS);
    for (let repeat = 0; repeat < 5; repeat++) {
      for (let thing = 1; thing <= 100; thing++) sketch.add(3, mixBits(thing), 0);
    }
    expect(sketch.count(3)).toBeGreaterThan(85);
    expect(sketch.count(3)).toBeLessThan(115);
    expect(sketch.count(0)).toBe(0);
    expect(sketch.count(99)).toBe(0);
  });

  it('says what is new, and what was certainly not there', () => {
    const sketch = new DistinctSketch(64, WINDOW_MS);
    expect(sketch.has(0, 7)).toBe(false);
    expect(sketch.add(0, 7, 0)).toBe(true);
    expect(sketch.add(0, 7, 0)).toBe(false);
    expect(sketch.has(0, 7)).toBe(true);
    expect(sketch.has(0, 8)).toBe(false);
  });

  it('saturates for a million things', () => {
    const sketch = new DistinctSketch(256, WINDOW_MS);
    for (let thing = 0; thing < 1_000_000; thing++) sketch.add(0, mixBits(thing), 0);
    expect(sketch.count(0)).toBe(Math.round(256 * Math.log(256)));
  });

  it('keeps a thing for one window more, and not for two', () => {
    const sketch = new DistinctSketch(64, WINDOW_MS);
    sketch.add(0, 1, 10_000);
    expect(sketch.add(0, 2, 10_000 + WINDOW_MS)).toBe(true);
    expect(sketch.count(0)).toBe(2);
    sketch.add(0, 3, 10_000 + 2 * WINDOW_MS);
    expect([1, 2, 3].map((thing) => sketch.has(0, thing))).toEqual([false, true, true]);
    sketch.add(0, 4, 10_000 + 9 * WINDOW_MS);
    expect([2, 3, 4].map((thing) => sketch.has(0, thing))).toEqual([false, false, true]);
  });

  it('goes on turning after the clock went back by days', () => {
    const sketch = new DistinctSketch(64, WINDOW_MS);
    sketch.add(0, 1, 1e9);
    sketch.add(0, 2, 1e6);
    sketch.add(0, 3, 1e6 + 3 * WINDOW_MS);
    expect([1, 2, 3].map((thing) => sketch.has(0, thing))).toEqual([false, false, true]);
  });

  it('clears one row and no other', () => {
    const sketch = new DistinctSketch(64, WINDOW_MS);
    sketch.add(0, 1, 0);
    sketch.add(1, 1, 0);
    sketch.clear(0);
    sketch.clear(1000);
    expect([sketch.count(0), sketch.count(1)]).toEqual([0, 1]);
  });
});
