import { Gauge, type Registry } from 'prom-client';
import type { DurationFigures } from '../core/duration-histogram.ts';

const NONE: DurationFigures = { boundsMs: [], counts: [0], count: 0, sumMs: 0 };

/**
 * A Prometheus histogram, in seconds, of durations that were counted elsewhere. That of prom-client takes nothing but single
 * observations, so this is a gauge that calls itself a histogram and gives samples as one has them.
 */
export class DurationHistogramMetric extends Gauge {
  readonly #name: string;
  readonly #read: () => DurationFigures | undefined;

  constructor(name: string, help: string, registry: Registry, read: () => DurationFigures | undefined) {
    super({ name, help, registers: [registry] });
    Object.assign(this, { type: 'histogram' });
    this.#name = name;
    this.#read = read;
  }

  override async get() {
    return { ...(await super.get()), values: this.#values() };
  }

  #values() {
    const { boundsMs, counts, count, sumMs } = this.#read() ?? NONE;
    const sample = (part: string, labels: Readonly<Record<string, string>>, value: number) => ({
      metricName: `${this.#name}_${part}`,
      labels,
      value,
    });
    let upTo = 0;
    const buckets = boundsMs.map((boundMs, index) => {
      upTo += counts[index] ?? 0;
      return sample('bucket', { le: String(boundMs / 1000) }, upTo);
    });
    const ends = [sample('bucket', { le: '+Inf' }, count), sample('sum', {}, sumMs / 1000), sample('count', {}, count)];
    return [...buckets, ...ends];
  }
}
