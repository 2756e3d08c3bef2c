import type { DurationFigures } from '../core/duration-histogram.ts';
import type { MetricSources } from './metric-sources.ts';

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface MetricText {
  /** By the conventions of Prometheus: base units, `_total` for what only grows. */
  readonly name: string;
  readonly help: string;
}

/** A metric whose value is read when it is asked for. */
export interface NumberMetric<S = MetricSources> extends MetricText {
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  /** A metric without labels gives its value, undefined for none; one with labels gives samples. */
  read(sources: S): number | undefined | Iterable<Sample>;
}

/** A metric of durations, exported in seconds. */
export interface DurationMetric<S = MetricSources> extends MetricText {
  readonly type: 'histogram';
  readonly labels: readonly [];
  read(sources: S): DurationFigures | undefined;
}

/** `S`: the sources that it is read from. */
export type Metric<S = MetricSources> = NumberMetric<S> | DurationMetric<S>;

type Read<S> = (sources: S) => number | undefined;
type ReadSamples<S> = (sources: S) => Iterable<Sample>;

/** What only grows. */
export function counter<S = MetricSources>(name: string, help: string, read: Read<S>): NumberMetric<S> {
  return { type: 'counter', name, help, labels: [], read };
}

export function gauge<S = MetricSources>(name: string, help: string, read: Read<S>): NumberMetric<S> {
  return { type: 'gauge', name, help, labels: [], read };
}

export function counters<S = MetricSources>(
  name: string,
  help: string,
  labels: readonly string[],
  read: ReadSamples<S>,
): NumberMetric<S> {
  return { type: 'counter', name, help, labels, read };
}

export function gauges<S = MetricSources>(
  name: string,
  help: string,
  labels: readonly string[],
  read: ReadSamples<S>,
): NumberMetric<S> {
  return { type: 'gauge', name, help, labels, read };
}

export function durations<S = MetricSources>(
  name: string,
  help: string,
  read: (sources: S) => DurationFigures | undefined,
): DurationMetric<S> {
  return { type: 'histogram', name, help, labels: [], read };
}

/** Samples of counts by a word, under one label. */
export function byWord(label: string, counts: Iterable<readonly [word: string, count: number]>): readonly Sample[] {
  return Array.from(counts, ([word, value]) => ({ labels: { [label]: word }, value }));
}

/** Seconds since the epoch; undefined for never. */
export function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

export function flag(isTrue: boolean): number {
  return isTrue ? 1 : 0;
}
