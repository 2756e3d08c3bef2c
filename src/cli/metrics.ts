import { isLoopback } from '../config/plain-places.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { createRegistry } from '../metrics/metrics-registry.ts';
import { MetricsServer } from '../metrics/metrics-server.ts';
import type { CountedParts } from './figures.ts';
import { type JoinedFigures, metricSources } from './metric-sources.ts';

/** The metrics of a running gluewall, and their door where the configuration asks for one. */
export class Metrics {
  readonly #log: Log;
  readonly #problems: PacedLog;
  readonly #host: string | undefined;
  readonly #server: MetricsServer | undefined;

  /** To be made before the history is loaded: what it learns and forgets is counted from then on. */
  constructor(parts: CountedParts, joined: JoinedFigures, clock: Clock, log: Log) {
    this.#log = log;
    this.#problems = new PacedLog(clock, log, 'warn');
    const { listen } = joined.config().metrics;
    this.#host = listen?.host;
    if (listen === undefined) return;
    const registry = createRegistry(metricSources(clock, parts, joined), (metric, problem) =>
      this.#problems.say({ metric }, `metric ${metric} cannot be read: ${problem}`),
    );
    this.#server = new MetricsServer(registry, listen, clock, log);
  }

  /** Rejects with GluewallError `metrics-listen` when the address cannot be had. */
  async start(): Promise<void> {
    await this.#server?.start();
    if (this.#host === undefined || isLoopback(this.#host)) return;
    this.#log.warn({}, `metrics.listen on ${this.#host}: plain HTTP; whoever reaches it may read the metrics`);
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#problems.stop();
  }
}
