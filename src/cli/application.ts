/** Builds the parts of gluewall from a configuration and joins them: the only place where that happens. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LiveCapture } from '../capture/live-capture.ts';
import type { Config } from '../config/schema.ts';
import { ControlServer } from '../control/control-server.ts';
import { baseFlows, COPY_METERS, type Treatment } from '../controller/base-flows.ts';
import { OpenFlowController } from '../controller/openflow-controller.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import { formatAddress } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import { EventFeed } from '../events/event-feed.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { Firewall } from '../firewall/firewall.ts';
import { Gate } from '../firewall/gate.ts';
import { Learner } from '../nsdb/learner.ts';
import { NsHistory } from '../nsdb/ns-history.ts';
import { BUILT_IN_ROOT_HINTS_DATE, builtInRootHints, keepRootHints, parseRootHints } from '../nsdb/root-hints.ts';
import { keepSeed } from '../nsdb/seed.ts';
import { AllowList } from '../policy/allow-list.ts';
import { type Mode, modeInForce, warmupLeftMs } from '../policy/mode.ts';
import { createServices, formatInstant } from '../services/services.ts';
import { type CountedParts, lossesOf, type ModeFigures, statusOf } from './figures.ts';
import { LossReport } from './loss-report.ts';

const TICK_MS = 500;
const LOSS_REPORT_MS = 60_000;
/** Gates of switches that are away are kept, for their return, until there are this many for each connection allowed. */
const GATES_PER_SWITCH = 2;
const ALLOW_LIST_SIZE = 65_536;
const EVENT_BACKLOG = 8192;
const EVENT_ROUND_MS = 20;

/** A running gluewall. */
export class Application {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #allowList: AllowList;
  readonly #feed: EventFeed<VerdictEvent>;
  readonly #learner: Learner;
  readonly #firewall: Firewall;
  readonly #controller: OpenFlowController;
  readonly #control: ControlServer;
  readonly #capture: LiveCapture | undefined;
  /** Time in which all interfaces were captured. */
  #learnedForMs = 0;
  #lastTickMs: number;
  #modeInForce: Mode;
  readonly #losses: LossReport;
  #cancelTimers: readonly (() => void)[] = [];

  /** `configFile` is where relative paths of the configuration start. */
  constructor(config: Config, configFile: string, socketPath: string, clock: Clock, log: Log) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#lastTickMs = clock.nowMs();
    this.#modeInForce = modeInForce(config.mode, config.warmup, 0);
    this.#history = createHistory(config, configFile, clock, log);
    this.#allowList = new AllowList(config.allow, ALLOW_LIST_SIZE);
    const perRound = Math.ceil((config.log.rate * EVENT_ROUND_MS) / 1000);
    const pace = { size: EVENT_BACKLOG, perRound, roundMs: EVENT_ROUND_MS };
    this.#feed = new EventFeed(clock, pace, (event) => logVerdict(log, event));
    this.#learner = createLearner(config, clock, this.#history);
    const hold = { timeMs: config.hold.time, packets: config.hold.packets, bytes: config.hold.bytes };
    this.#firewall = new Firewall(clock, log, this.#history, this.#allowList, this.#feed, hold);
    this.#controller = this.#createController();
    this.#capture = this.#createCapture();
    const parts: CountedParts = {
      history: this.#history,
      allowList: this.#allowList,
      learner: this.#learner,
      capture: this.#capture,
      firewall: this.#firewall,
      feed: this.#feed,
      controller: this.#controller,
    };
    const services = createServices({
      history: this.#history,
      allowList: this.#allowList,
      insideNetworks: config.inside.networks,
      trustedResolvers: config.trusted_resolvers,
      isEnforcing: () => this.#modeInForce === 'enforce',
      status: () => statusOf(parts, this.#modeFigures()),
    });
    this.#control = new ControlServer(socketPath, services, log);
    this.#losses = new LossReport(() => lossesOf(parts), log);
  }

  /** Resolves with the port switches connect to. Rejects with a GluewallError when a listener cannot be had. */
  async start(): Promise<number> {
    await this.#control.start();
    const port = await this.#controller.start();
    this.#capture?.start();
    this.#sayMode();
    this.#cancelTimers = [
      every(this.#clock, TICK_MS, () => this.#tick()),
      every(this.#clock, LOSS_REPORT_MS, () => this.#losses.report()),
    ];
    return port;
  }

  /** Drains and closes; the flows stay on the switches. Safe twice. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancelTimers) cancel();
    this.#losses.report();
    await this.#capture?.stop();
    await this.#controller.stop();
    await this.#control.stop();
    this.#firewall.stop();
    this.#feed.stop();
  }

  #createController(): OpenFlowController {
    const { listen, switches } = this.#config.openflow;
    const { observed_rate, blocked_rate } = this.#config.copy;
    const rates = { observed: observed_rate, blocked: blocked_rate };
    return new OpenFlowController(
      this.#clock,
      this.#log,
      { listen, switches },
      {
        meterRates: () => new Map(COPY_METERS.map(({ meterId, reason }) => [meterId, rates[reason]])),
        desiredFlows: (session) => this.#desiredFlows(session),
        ready: (session) => this.#switchReady(session),
        packetIn: (session, packet) => this.#firewall.packetIn(this.#connectedGate(session), packet),
        gone: (session) => this.#gate(session.datapathId).disconnect(),
      },
    );
  }

  #createCapture(): LiveCapture | undefined {
    const { capture, outside, inside } = this.#config;
    const named = outside.ports.filter((port) => typeof port === 'string');
    const interfaces = [...new Set(capture.interfaces ?? named)];
    if (interfaces.length === 0) return undefined;
    const options = { interfaces, direction: capture.direction, insideNetworks: inside.networks };
    return new LiveCapture(options, (observation) => this.#learner.observe(observation), this.#clock, this.#log);
  }

  #gate(datapathId: string): Gate {
    const held = this.#firewall.gate(datapathId);
    if (held !== undefined) return held;
    const { allow_flow, drop_flow } = this.#config;
    const gate = new Gate(datapathId, this.#clock, {
      allowFlows: allow_flow.total,
      dropFlowSeconds: drop_flow.life / 1000,
      dropFlowsPerClient: drop_flow.per_client,
      dropFlows: drop_flow.total,
    });
    this.#firewall.addGate(gate, GATES_PER_SWITCH * this.#config.openflow.switches);
    return gate;
  }

  /** Entries of an earlier controller may send packets before ours are in place. */
  #connectedGate(session: SwitchSession): Gate {
    const gate = this.#gate(session.datapathId);
    if (!gate.isConnected) gate.connect(session.verdicts, this.#treatment() === 'ask');
    return gate;
  }

  #desiredFlows(session: SwitchSession) {
    const treatment = this.#treatment();
    const base = baseFlows({
      treatment,
      onFailure: this.#config.on_failure,
      insideNetworks: this.#config.inside.networks,
      trustedResolvers: this.#config.trusted_resolvers,
      outsidePorts: this.#outsidePorts(session),
      meters: session.hasMeters,
    });
    const gate = this.#gate(session.datapathId);
    gate.connect(session.verdicts, treatment === 'ask');
    return { base, verdicts: gate.desiredFlows() };
  }

  /** Without a configured direction nobody can tell what is outbound, and so nothing is judged. */
  #treatment(): Treatment {
    const { inside, outside } = this.#config;
    if (inside.networks.length === 0 || outside.ports.length === 0) return 'forward';
    return this.#modeInForce === 'enforce' ? 'ask' : 'observe';
  }

  #outsidePorts(session: SwitchSession): number[] {
    return this.#config.outside.ports.flatMap((port) => {
      if (typeof port === 'number') return [port];
      const number = session.ports.get(port);
      return number === undefined ? [] : [number];
    });
  }

  #switchReady(session: SwitchSession): void {
    const { datapathId, peer, ports } = session;
    this.#log.info({ datapathId, peer }, `switch ${datapathId} connected: ${this.#modeText()}`);
    if (this.#outsidePorts(session).length > 0 || this.#config.outside.ports.length === 0) return;
    const wanted = this.#config.outside.ports.join(', ');
    const offered = [...ports.keys()].join(', ');
    this.#log.warn(
      { datapathId },
      `no outside port on this switch: outside.ports says ${wanted}, the switch has ${offered}`,
    );
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#capture?.isCapturing) this.#learnedForMs += nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    const mode = modeInForce(this.#config.mode, this.#config.warmup, this.#learnedForMs);
    if (mode !== this.#modeInForce) {
      this.#modeInForce = mode;
      this.#log.info({ mode }, 'warm-up is over: verdicts are enforced from now on');
      this.#controller.reconcileAll();
    }
    this.#firewall.tick();
  }

  #sayMode(): void {
    this.#log.info({ mode: this.#config.mode }, this.#modeText());
    if (this.#treatment() === 'forward') {
      this.#log.warn({}, 'nothing is judged: inside.networks or outside.ports is empty');
    }
    if (this.#capture === undefined) {
      const problem = 'nothing is captured and so nothing learned: outside.ports names no interface';
      this.#log.warn({}, `${problem}; name one there or in capture.interfaces`);
    }
  }

  #modeText(): string {
    if (this.#config.mode === 'monitor') return 'monitor mode, every query passes';
    const endsAtMs = this.#warmupEndsAtMs();
    if (endsAtMs === undefined) return 'enforce mode, unknown destinations are blocked';
    return `enforce acts as monitor until warm-up is over (${formatInstant(endsAtMs) ?? 'it waits for the capture'})`;
  }

  /** Undefined when it is over, Infinity while nothing is captured. */
  #warmupEndsAtMs(): number | undefined {
    const leftMs = warmupLeftMs(this.#config.warmup, this.#learnedForMs);
    if (leftMs === 0) return undefined;
    return this.#capture?.isCapturing ? this.#clock.nowMs() + leftMs : Number.POSITIVE_INFINITY;
  }

  #modeFigures(): ModeFigures {
    return {
      configured: this.#config.mode,
      inForce: this.#modeInForce,
      warmupEndsAtMs: this.#warmupEndsAtMs(),
    };
  }
}

function createHistory(config: Config, configFile: string, clock: Clock, log: Log): NsHistory {
  const { ttl, history: limits } = config;
  const history = new NsHistory(clock, {
    ttlFloorSeconds: ttl.floor / 1000,
    ttlCapSeconds: ttl.cap / 1000,
    size: limits.size,
  });
  keepRootHints(history, readRootHints(config, configFile, log));
  keepSeed(history, config.seed);
  if (history.refused > 0)
    log.warn({ refused: history.refused }, 'history.size is too small for the root hints and the seed');
  return history;
}

function readRootHints(config: Config, configFile: string, log: Log) {
  if (config.root_hints === undefined) {
    log.info({}, `root servers: the built-in list, as of ${BUILT_IN_ROOT_HINTS_DATE}`);
    return builtInRootHints();
  }
  const file = resolve(dirname(configFile), config.root_hints);
  try {
    return parseRootHints(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    throw new GluewallError('config', `root_hints: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}

function createLearner(config: Config, clock: Clock, history: NsHistory): Learner {
  return new Learner(clock, history, {
    teach: config.teach ?? (config.trusted_resolvers.length > 0 ? 'resolvers' : 'matched'),
    trustedResolvers: new Set(config.trusted_resolvers),
    pending: { timeMs: config.pending.time, size: config.pending.size },
    awaitingGlue: { timeMs: config.glue.wait, size: config.glue.size },
  });
}

function logVerdict(log: Log, event: VerdictEvent): void {
  const { message, atMs, client, destination, queryName, queryType, ...rest } = event;
  const fields = {
    event: 'dns_verdict',
    at: formatInstant(atMs),
    client: formatAddress(client),
    destination: formatAddress(destination),
    queryName: queryName === undefined ? null : formatName(queryName),
    queryType: queryType === undefined ? null : formatRecordType(queryType),
    ...rest,
  };
  if (event.verdict === 'block') log.warn(fields, message);
  else log.info(fields, message);
}
