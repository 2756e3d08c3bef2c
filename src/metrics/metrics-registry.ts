import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { DurationHistogramMetric } from './duration-histogram-metric.ts';
import type { Metric, NumberMetric, Sample } from './metric.ts';

/** Series of one metric, whatever a source says. */
const MAX_SERIES = 10_000;
const MAX_LABEL_LENGTH = 128;

/** Gauges of prom-client with `_total` in their name, which is for counters; `nodejs_active_handles` and its like say the same. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * The metrics, each read from `sources` when it is asked for, and those of prom-client about the process. A source that fails
 * or gives what is no number costs its own metric and is counted; `onProblem` is told. With `hasProcess` false those about the
 * process are left out.
 */
export function createRegistry<S>(
  metrics: readonly Metric<S>[],
  sources: S,
  onProblem: (metric: string, problem: string) => void,
  hasProcess = true,
): Registry {
  const registry = new Registry();
  const problems = new Counter({
    name: 'gluewall_metrics_problems_total',
    help: 'Metrics that could not be read, and series that were left out, since the start.',
    registers: [registry],
  });
  const tell = (metric: string, problem: string) => {
    problems.inc();
    onProblem(metric, problem);
  };
  for (const metric of metrics) {
    if (metric.type !== 'histogram') registerNumbers(registry, metric, sources, tell);
    else {
      const read = () =>
        attempt(
          () => metric.read(sources),
          undefined,
          (problem) => tell(metric.name, problem),
        );
      new DurationHistogramMetric(metric.name, metric.help, registry, read);
    }
  }
  if (hasProcess) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  return registry;
}

type Tell = (metric: string, problem: string) => void;

function registerNumbers<S>(registry: Registry, metric: NumberMetric<S>, sources: S, tell: Tell): void {
  const { name, help, labels } = metric;
  const samples = () =>
    attempt(
      () => samplesOf(metric, sources),
      [],
      (problem) => tell(name, problem),
    );
  const config = { name, help, labelNames: labels, registers: [registry] };
  if (metric.type === 'counter') {
    new Counter({
      ...config,
      collect() {
        this.reset();
        this.remove({});
        for (const sample of usable(samples(), true, (problem) => tell(name, problem))) {
          this.inc({ ...sample.labels }, sample.value);
        }
      },
    });
  } else {
    new Gauge({
      ...config,
      collect() {
        this.reset();
        this.remove({});
        for (const sample of usable(samples(), false, (problem) => tell(name, problem))) {
          this.set({ ...sample.labels }, sample.value);
        }
      },
    });
  }
}

function samplesOf<S>(metric: NumberMetric<S>, sources: S): readonly Sample[] {
  const read = metric.read(sources);
  if (read === undefined) return [];
  return typeof read === 'number' ? [{ labels: {}, value: read }] : [...read];
}

/** What Prometheus can be given: a counter has no negative and no infinite values, and no metric NaN or without end. */
function usable(samples: readonly Sample[], isCounter: boolean, tell: (problem: string) => void): readonly Sample[] {
  const taken: Sample[] = [];
  for (const { labels, value } of samples.slice(0, MAX_SERIES)) {
    const isUsable = isCounter ? Number.isFinite(value) && value >= 0 : !Number.isNaN(value);
    if (isUsable) taken.push({ labels: shortened(labels), value });
    else tell(`${value} is no value of it`);
  }
  if (samples.length > MAX_SERIES) tell(`${samples.length - MAX_SERIES} series were left out`);
  return taken;
}

function shortened(labels: Sample['labels']): Sample['labels'] {
  const entries = Object.entries(labels);
  if (entries.every(([, text]) => text.length <= MAX_LABEL_LENGTH)) return labels;
  return Object.fromEntries(entries.map(([label, text]) => [label, text.slice(0, MAX_LABEL_LENGTH)]));
}

function attempt<T>(read: () => T, otherwise: T, tell: (problem: string) => void): T {
  try {
    return read();
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return otherwise;
  }
}
