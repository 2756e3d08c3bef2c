/** Builds and joins the parts of a traceback node that has no gate. */
import { liveConfig } from '../../config/difference.ts';
import type { Config } from '../../config/schema.ts';
import { ControlServer } from '../../control/control-server.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { DnstapReceiver } from '../../dnstap/dnstap-receiver.ts';
import type { Clients } from '../../identity/clients.ts';
import { NODE_METRICS } from '../../metrics/metric-list.ts';
import type { ConfigFigures } from '../../metrics/metric-sources.ts';
import { createRegistry } from '../../metrics/metrics-registry.ts';
import { logServices } from '../../services/log-services.ts';
import type { NodeServices } from '../../services/services.ts';
import { tracebackServices } from '../../services/traceback-services.ts';
import { buildClients } from '../build-clients.ts';
import { nodeView, queryLogView } from '../figures.ts';
import { nodeMetricSources } from '../metric-sources.ts';
import { Metrics } from '../metrics.ts';
import { createQueryLog } from '../query-log/create-query-log.ts';
import { logSettings } from '../query-log/log-order.ts';
import type { QueryLog } from '../query-log/query-log.ts';
import type { ReloadDoor } from '../reloader.ts';
import { createNode } from './create-node.ts';
import type { NodeHost } from './node-host.ts';
import { nodeSettings } from './node-order.ts';

/** A running traceback node: the query log with its sources, the node, the control socket and metrics. */
export class NodeApplication {
  readonly #queryLog: QueryLog;
  readonly #node: NodeHost | undefined;
  readonly #clients: Clients;
  readonly #dnstap: DnstapReceiver | undefined;
  readonly #control: ControlServer;
  readonly #metrics: Metrics;
  #config: Config;

  /** Throws GluewallError as `createQueryLog` does. */
  constructor(
    config: Config,
    socketPath: string,
    clock: Clock,
    log: Log,
    reloader: ReloadDoor,
    version: string | undefined,
  ) {
    this.#config = config;
    this.#queryLog = createQueryLog(config, clock, log);
    this.#clients = buildClients(config, clock, log);
    this.#node = createNode(config, this.#queryLog, this.#clients, clock, log);
    this.#dnstap = this.#createDnstap(clock, log);
    const parts = { queryLog: this.#queryLog, node: this.#node };
    const services: NodeServices = {
      hasGate: false,
      log: logServices(this.#queryLog),
      traceback: tracebackServices(this.#node),
      status: () => ({
        node: nodeView(parts),
        querylog: queryLogView(parts),
        dnstap: this.#dnstap?.statistics() ?? null,
        clients: this.#clients.figures(),
      }),
      reload: (isTrial) => reloader.reload(isTrial),
    };
    this.#control = new ControlServer(socketPath, services, log);
    const reloads = (): ConfigFigures => reloader.figures;
    const sources = nodeMetricSources(parts, { version, reloads });
    this.#metrics = new Metrics(config.metrics, (tell) => createRegistry(NODE_METRICS, sources, tell), clock, log);
  }

  /**
   * Resolves with the port that peers connect to. Rejects with a GluewallError when a listener, a key or a folder cannot be
   * had.
   */
  async start(): Promise<number | undefined> {
    this.#queryLog.start();
    await this.#clients.start();
    await this.#metrics.start();
    await this.#dnstap?.start();
    const port = await this.#node?.start();
    // Last: who is answered finds all of it.
    await this.#control.start();
    return port;
  }

  /** Takes up what can change while the node runs. */
  configure(config: Config): void {
    this.#config = liveConfig(this.#config, config);
    this.#queryLog.configure(logSettings(this.#config), this.#config.trusted_resolvers);
    const settings = nodeSettings(this.#config);
    if (settings !== undefined) this.#node?.configure(settings);
  }

  /** Resolves when all that was taken is kept. Safe twice. */
  async stop(): Promise<void> {
    await this.#dnstap?.stop();
    await this.#control.stop();
    await this.#metrics.stop();
    await this.#node?.stop();
    await this.#clients.stop();
    await this.#queryLog.stop();
  }

  /** What servers write enters the query log; nothing is learned from it here. */
  #createDnstap(clock: Clock, log: Log): DnstapReceiver | undefined {
    const { listen, access } = this.#config.dnstap;
    if (listen === undefined) return undefined;
    const onFrames = (frames: Buffer, count: number, writer: string) => {
      if (this.#config.querylog.dnstap) this.#queryLog.takeDnstap(frames, count, writer);
    };
    const options = { listen, isForGroup: access === 'group', resolvers: this.#config.trusted_resolvers, onFrames };
    return new DnstapReceiver(options, () => undefined, clock, log);
  }
}
