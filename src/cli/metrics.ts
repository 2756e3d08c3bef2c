import type { Registry } from 'prom-client';
import { isLoopback } from '../config/plain-places.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { PacedLog } from '../core/paced-log.ts';
import { MetricsServer } from '../metrics/metrics-server.ts';

/** The metrics of a running gluewall, and their door where the configuration asks for one. */
export class Metrics {
  readonly #log: Log;
  readonly #problems: PacedLog;
  readonly #host: string | undefined;
  readonly #server: MetricsServer | undefined;

  /** `register` is called at once where there is to be a door; it tells the metrics that cannot be read. */
  constructor(
    { listen }: Config['metrics'],
    register: (onProblem: (metric: string, problem: string) => void) => Registry,
    clock: Clock,
    log: Log,
  ) {
    this.#log = log;
    this.#problems = new PacedLog(clock, log, 'warn');
    this.#host = listen?.host;
    if (listen === undefined) return;
    const registry = register((metric, problem) =>
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
