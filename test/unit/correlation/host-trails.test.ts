import { describe, expect, it } from 'vitest';
import { DistinctSketch } from '../../../src/correlation/distinct-sketch.ts';
import { eventText } from '../../../src/correlation/event-text.ts';
import { HEAT, HostTrails } from '../../../src/correlation/host-trails.ts';
import { BEGIN_MS, query } from '../../support/host-events.ts';

const HALF_MS = 1000;
const COUNTER = 1;

describe('HostTrails', () => {
  it('halves counters in the half-life, and keeps totals and figures', () => {
    const trails = new HostTrails(HALF_MS, 1, 1, []);
    const row = trails.note(5, query(0), 8);
    trails.add(row, COUNTER, 4);
    trails.setFigure(row, 0, 42);
    expect(trails.note(5, query(HALF_MS))).toBe(row);
    expect(trails.counter(row, HEAT)).toBeCloseTo(5);
    expect(trails.counter(row, COUNTER)).toBeCloseTo(2);
    expect(trails.figure(row, 0)).toBe(42);
    expect(trails.total(row)).toBe(9);
    expect([trails.firstAtMs(row), trails.lastAtMs(row)]).toEqual([BEGIN_MS, BEGIN_MS + HALF_MS]);
    expect(trails.left(row, BEGIN_MS + 3 * HALF_MS)).toBeCloseTo(0.25);
    expect(trails.left(row, BEGIN_MS)).toBe(1);
  });

  it('begins anew when all has decayed', () => {
    const sketch = new DistinctSketch(64, 1e12);
    const trails = new HostTrails(HALF_MS, 0, 0, [sketch]);
    const row = trails.note(0, query(0), 3);
    trails.sample(row, query(0));
    sketch.add(row, 1, BEGIN_MS);
    trails.note(0, query(60 * HALF_MS));
    expect(trails.total(row)).toBe(1);
    expect(trails.firstAtMs(row)).toBe(BEGIN_MS + 60 * HALF_MS);
    expect(trails.samples(row)).toEqual([]);
    expect(sketch.count(row)).toBe(0);
  });

  it('keeps the five newest samples, the newest first', () => {
    const trails = new HostTrails(HALF_MS, 0, 0, []);
    const events = [0, 1, 2, 3, 4, 5, 6].map((atMs) => query(atMs));
    for (const event of events) trails.sample(trails.note(0, event), event);
    const kept = trails.samples(trails.rowOf(0)).map((event) => [event.atMs, eventText(event)]);
    expect(kept).toEqual(
      events
        .slice(2)
        .reverse()
        .map((event) => [event.atMs, eventText(event)]),
    );
  });

  it('forgets a host and gives its row to another, clean', () => {
    const trails = new HostTrails(HALF_MS, 1, 1, []);
    const row = trails.note(7, query(0), 5);
    trails.raise(row, COUNTER, 9);
    trails.sample(row, query(0));
    trails.forget(7);
    trails.forget(7);
    trails.forget(1000);
    expect(trails.rowOf(7)).toBe(-1);
    expect(trails.note(2, query(1))).toBe(row);
    expect([trails.total(row), trails.counter(row, COUNTER), trails.samples(row).length]).toEqual([1, 0, 0]);
    expect(trails.note(3, query(1))).not.toBe(row);
  });

  it('raises a counter and never lowers it', () => {
    const trails = new HostTrails(HALF_MS, 1, 0, []);
    const row = trails.note(0, query(0));
    trails.raise(row, COUNTER, 3);
    trails.raise(row, COUNTER, 2);
    expect(trails.counter(row, COUNTER)).toBe(3);
  });

  it('takes a clock that goes back as no time gone by', () => {
    const trails = new HostTrails(HALF_MS, 0, 0, []);
    const row = trails.note(0, query(0), 4);
    trails.note(0, query(-1e9));
    expect(trails.counter(row, HEAT)).toBe(5);
    expect(trails.firstAtMs(row)).toBe(BEGIN_MS - 1e9);
  });
});
