import { MAX_SAMPLES } from '../findings/finding.ts';
import type { DistinctSketch } from './distinct-sketch.ts';
import { EventSamples } from './event-samples.ts';
import type { ToldEvent } from './event-text.ts';
import { grown } from './grown.ts';
import type { HostEvent } from './host-event.ts';
import { leftAfter } from './weights.ts';

const LAST = 0;
const FIRST = 1;
const TOTAL = 2;
const SAMPLED = 3;
const COUNTERS = 4;
/** With less than this left of all that was noted, the next event begins anew. */
const FORGOTTEN = 0.5;

/** How often something was noted, less what has decayed. */
export const HEAT = 0;

/**
 * What a detector keeps of each host that ever gave it cause: from when to when, how often, counters that decay, plain figures that
 * do not, and the newest events. Rows of numbers, and only for hosts that need one, so that memory follows the suspicious.
 */
export class HostTrails {
  readonly #halfLifeMs: number;
  readonly #counters: number;
  readonly #width: number;
  readonly #sketches: readonly DistinctSketch[];
  readonly #free: number[] = [];
  readonly #samples = new EventSamples();
  /** The row and 1; 0: none. */
  #rowOfHost = new Int32Array(0);
  #values = new Float64Array(0);
  #rows = 0;

  /** `counters` beside HEAT, numbered from 1; `figures` numbered from 0; `sketches` of the owner are by row, too. */
  constructor(halfLifeMs: number, counters: number, figures: number, sketches: readonly DistinctSketch[]) {
    this.#halfLifeMs = halfLifeMs;
    this.#counters = counters + 1;
    this.#width = COUNTERS + this.#counters + figures;
    this.#sketches = sketches;
  }

  /** The row of a host; -1: none. */
  rowOf(host: number): number {
    return (this.#rowOfHost[host] ?? 0) - 1;
  }

  /** Notes an event against a host; returns its row. */
  note(host: number, event: HostEvent, amount = 1): number {
    const known = this.rowOf(host);
    const row = known < 0 ? this.#open(host) : known;
    this.#decay(row, event.atMs);
    const values = this.#values;
    const at = row * this.#width;
    values[at + FIRST] = values[at + TOTAL] === 0 ? event.atMs : Math.min(values[at + FIRST]!, event.atMs);
    values[at + TOTAL]! += amount;
    values[at + COUNTERS]! += amount;
    return row;
  }

  /** Keeps an event as a sample, in place of the oldest of them. */
  sample(row: number, event: HostEvent): void {
    const at = row * this.#width + SAMPLED;
    const sampled = this.#values[at]!;
    this.#samples.put(row * MAX_SAMPLES + (sampled % MAX_SAMPLES), event);
    this.#values[at] = sampled + 1;
  }

  /** The newest events, the newest first. */
  samples(row: number): readonly ToldEvent[] {
    const sampled = this.#values[row * this.#width + SAMPLED]!;
    const events: ToldEvent[] = [];
    for (let back = 1; back <= Math.min(sampled, MAX_SAMPLES); back++) {
      events.push(this.#samples.at(row * MAX_SAMPLES + ((sampled - back) % MAX_SAMPLES)));
    }
    return events;
  }

  add(row: number, counter: number, amount = 1): void {
    this.#values[row * this.#width + COUNTERS + counter]! += amount;
  }

  /** Lifts a counter to a value that it is below. */
  raise(row: number, counter: number, value: number): void {
    const at = row * this.#width + COUNTERS + counter;
    if (this.#values[at]! < value) this.#values[at] = value;
  }

  /** A counter as it was when the last event was noted. */
  counter(row: number, counter: number): number {
    return this.#values[row * this.#width + COUNTERS + counter]!;
  }

  figure(row: number, figure: number): number {
    return this.#values[row * this.#width + COUNTERS + this.#counters + figure]!;
  }

  setFigure(row: number, figure: number, value: number): void {
    this.#values[row * this.#width + COUNTERS + this.#counters + figure] = value;
  }

  /** All events noted since the first. */
  total(row: number): number {
    return this.#values[row * this.#width + TOTAL]!;
  }

  firstAtMs(row: number): number {
    return this.#values[row * this.#width + FIRST]!;
  }

  lastAtMs(row: number): number {
    return this.#values[row * this.#width + LAST]!;
  }

  /** What time has left of a weight that stood when the last event was noted, 0 to 1. */
  left(row: number, nowMs: number): number {
    return leftAfter(nowMs - this.lastAtMs(row), this.#halfLifeMs);
  }

  forget(host: number): void {
    const row = this.rowOf(host);
    if (row < 0) return;
    this.#clear(row);
    this.#rowOfHost[host] = 0;
    this.#free.push(row);
  }

  #decay(row: number, atMs: number): void {
    const at = row * this.#width;
    const lastMs = this.#values[at + LAST]!;
    if (lastMs === atMs) return;
    const left = leftAfter(atMs - lastMs, this.#halfLifeMs);
    if (this.#values[at + COUNTERS]! * left < FORGOTTEN) this.#clear(row);
    const end = at + COUNTERS + this.#counters;
    if (left < 1) for (let index = at + COUNTERS; index < end; index++) this.#values[index]! *= left;
    this.#values[at + LAST] = atMs;
  }

  #open(host: number): number {
    const row = this.#free.pop() ?? this.#rows++;
    this.#rowOfHost = grown(this.#rowOfHost, host + 1);
    this.#rowOfHost[host] = row + 1;
    this.#values = grown(this.#values, (row + 1) * this.#width);
    return row;
  }

  #clear(row: number): void {
    for (let place = row * MAX_SAMPLES; place < (row + 1) * MAX_SAMPLES; place++) this.#samples.clear(place);
    this.#values.fill(0, row * this.#width, (row + 1) * this.#width);
    for (const sketch of this.#sketches) sketch.clear(row);
  }
}
