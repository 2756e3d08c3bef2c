/** Builds the parts of gluewall from a configuration and joins them: the only place where that happens. */
import { LiveCapture } from '../capture/live-capture.ts';
import { captureInterfaces } from '../config/effective.ts';
import type { Config } from '../config/schema.ts';
import { ControlServer } from '../control/control-server.ts';
import { baseFlows, type Treatment } from '../controller/base-flows.ts';
import { OpenFlowController } from '../controller/openflow-controller.ts';
import { type Flow, PIPELINE } from '../controller/pipeline.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import { readVerdictFlow } from '../controller/verdict-flows.ts';
import { formatAddress } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import { EveFile } from '../events/eve-file.ts';
import { EventFeed } from '../events/event-feed.ts';
import { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { FlowAllowance } from '../firewall/allow-book.ts';
import { Firewall } from '../firewall/firewall.ts';
import { Gate } from '../firewall/gate.ts';
import { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { type Mode, modeInForce, warmupLeftMs } from '../policy/mode.ts';
import { formatInstant } from '../services/instant.ts';
import { createServices, type Services, type StatusView } from '../services/services.ts';
import type { Store } from '../storage/store.ts';
import { StoreWriter } from '../storage/store-writer.ts';
import { meterRates, treatmentOf } from './bridge-settings.ts';
import { buildAllowList, buildHistory, learnerOptions } from './build-parts.ts';
import { type CountedParts, lossesOf, type ModeFigures, statusOf } from './figures.ts';
import { LossReport } from './loss-report.ts';
import { loadLearnedForMs, loadStore } from './open-store.ts';

const TICK_MS = 500;
const LOSS_REPORT_MS = 60_000;
/** Gates of switches that are away are kept, for their return, until there are this many for each connection allowed. */
const GATES_PER_SWITCH = 2;
/** Packet_ins that wait, over all switches. */
const WAITING_BYTES = 64 * 1024 * 1024;
const EVENT_BACKLOG = 8192;
const EVENT_ROUND_MS = 20;
/** Events that wait for one who follows them. */
const FOLLOWER_BACKLOG = 8192;

/** A running gluewall. */
export class Application {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #allowList: AllowList;
  readonly #store: Store;
  readonly #writer: StoreWriter;
  readonly #tap = new EventTap<VerdictEvent>(FOLLOWER_BACKLOG);
  readonly #eve: EveFile | undefined;
  readonly #feed: EventFeed<VerdictEvent>;
  readonly #learner: Learner;
  readonly #firewall: Firewall;
  readonly #allowance: FlowAllowance;
  readonly #controller: OpenFlowController;
  readonly #control: ControlServer;
  readonly #capture: LiveCapture | undefined;
  /** Time in which all interfaces were captured. */
  #learnedForMs = 0;
  /** Undefined when it never did. */
  #lastLearnedAtMs: number | undefined;
  #savingProgress: Promise<void> | undefined;
  #lastTickMs: number;
  #modeInForce: Mode;
  readonly #losses: LossReport;
  #cancelTimers: readonly (() => void)[] = [];

  /** The store is closed with the application. */
  constructor(config: Config, socketPath: string, store: Store, clock: Clock, log: Log) {
    this.#config = config;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#lastTickMs = clock.nowMs();
    this.#modeInForce = modeInForce(config.mode, config.warmup, 0);
    this.#history = buildHistory(config, clock, log);
    this.#allowList = buildAllowList(config, clock);
    const perRound = Math.ceil((config.log.rate * EVENT_ROUND_MS) / 1000);
    const pace = { size: EVENT_BACKLOG, perRound, roundMs: EVENT_ROUND_MS };
    this.#feed = new EventFeed(clock, pace, (event) => this.#publish(event));
    this.#writer = new StoreWriter(clock, log, store, { flushMs: config.store.flush, triples: config.history.size });
    this.#eve = config.eve.file === undefined ? undefined : new EveFile(config.eve.file, log);
    this.#learner = new Learner(clock, this.#history, learnerOptions(config));
    const hold = { timeMs: config.hold.time, packets: config.hold.packets, bytes: config.hold.bytes };
    this.#allowance = new FlowAllowance(config.allow_flow.all_switches);
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
      writer: this.#writer,
      eve: this.#eve,
    };
    const services = this.#createServices(() => statusOf(parts, this.#modeFigures()));
    this.#control = new ControlServer(socketPath, services, log);
    this.#losses = new LossReport(() => lossesOf(parts), log);
  }

  /**
   * Takes up what the store holds, then listens. Resolves with the port switches connect to. Rejects with a GluewallError
   * when a listener or a file cannot be had.
   */
  async start(): Promise<number> {
    await this.#resume();
    await this.#eve?.start();
    await this.#control.start();
    const port = await this.#controller.start();
    this.#capture?.start();
    this.#sayMode();
    this.#cancelTimers = [
      every(this.#clock, TICK_MS, () => this.#tick()),
      every(this.#clock, LOSS_REPORT_MS, () => this.#losses.report()),
      every(this.#clock, this.#config.store.flush, () => {
        this.#savingProgress ??= this.#saveProgress().finally(() => {
          this.#savingProgress = undefined;
        });
      }),
    ];
    return port;
  }

  /** Opens the files that are written to anew, after a log rotation. */
  reopenFiles(): void {
    this.#eve?.reopen();
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
    await this.#saveProgress();
    await this.#writer.stop();
    await this.#store.close();
    await this.#eve?.stop();
  }

  async #resume(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    await loadStore(this.#store, this.#history, this.#allowList, nowMs);
    this.#learnedForMs = await loadLearnedForMs(this.#store, this.#config.warmup, nowMs);
    if (this.#store.unreadableRows > 0) {
      const rows = this.#store.unreadableRows;
      this.#log.warn({ rows }, `${rows} rows of the store make no sense and are left out`);
    }
    this.#modeInForce = modeInForce(this.#config.mode, this.#config.warmup, this.#learnedForMs);
    const { size, addressCount } = this.#history;
    this.#log.info({ triples: size, addresses: addressCount }, `the history begins with ${addressCount} addresses`);
    this.#history.subscribe({ changed: (triple) => this.#writer.tripleChanged(triple) });
  }

  /** Written after the history that it stands for: a crash in between must not leave warm-up over without it. */
  async #saveProgress(): Promise<void> {
    if (this.#lastLearnedAtMs === undefined) return;
    const progress = { learnedForMs: this.#learnedForMs, lastLearnedAtMs: this.#lastLearnedAtMs };
    await this.#writer.flush();
    if (this.#writer.figures().failing !== undefined) return;
    // What is not kept in time is learned again: a failure is the writer's to tell.
    await this.#store.saveWarmup(progress).catch((error: Error) => this.#log.debug({}, error.message));
  }

  #publish(event: VerdictEvent): void {
    logVerdict(this.#log, event);
    this.#writer.eventHappened(event);
    this.#tap.push(event);
    this.#eve?.push(event);
  }

  #createServices(status: () => StatusView): Services {
    const { inside, trusted_resolvers } = this.#config;
    return createServices({
      clock: this.#clock,
      history: this.#history,
      allowList: this.#allowList,
      store: this.#store,
      insideNetworks: inside.networks,
      trustedResolvers: trusted_resolvers,
      isEnforcing: () => this.#modeInForce === 'enforce',
      flush: () => this.#writer.flush(),
      tap: this.#tap,
      endWarmup: () => this.#endWarmup(),
      status,
    });
  }

  #endWarmup(): void {
    this.#learnedForMs = Number.POSITIVE_INFINITY;
    this.#lastLearnedAtMs = this.#clock.nowMs();
  }

  #createController(): OpenFlowController {
    const { listen, switches, connection_rate: connectionRate, connect, tls } = this.#config.openflow;
    const connections = { listen, switches, connectionRate, connect, ...(tls === undefined ? {} : { tls }) };
    const packetIns = { perPort: this.#config.ask.waiting, bytes: WAITING_BYTES };
    return new OpenFlowController(
      this.#clock,
      this.#log,
      { ...connections, packetIns },
      {
        role: () => undefined,
        meterRates: () => meterRates(this.#config),
        baseFlows: (session) => this.#baseFlows(session),
        verdictFlows: (session, present) => this.#verdictFlows(session, present),
        ready: (session) => this.#switchReady(session),
        standby: (session) => this.#gate(session.datapathId).disconnect(),
        packetIn: (session, packet) => this.#firewall.packetIn(this.#connectedGate(session), packet),
        tableFull: (session, rule) => this.#tableFull(session, rule),
        wantsUse: (session) => this.#gate(session.datapathId).wantsUse,
        used: (session, flows) => this.#used(session, flows),
        gone: (session) => this.#gate(session.datapathId).disconnect(),
      },
    );
  }

  #createCapture(): LiveCapture | undefined {
    const { capture, inside } = this.#config;
    const interfaces = captureInterfaces(this.#config);
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
      allowance: this.#allowance,
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
    if (!gate.isConnected && session.role !== 'slave') gate.connect(session.verdicts, this.#treatment() === 'ask');
    return gate;
  }

  #baseFlows(session: SwitchSession): readonly Flow[] {
    return baseFlows({
      treatment: this.#treatment(),
      onFailure: this.#config.on_failure,
      insideNetworks: this.#config.inside.networks,
      trustedResolvers: this.#config.trusted_resolvers,
      outsidePorts: this.#outsidePorts(session),
      meters: session.hasMeters,
    });
  }

  #verdictFlows(session: SwitchSession, present: readonly FlowStats[]): readonly Flow[] {
    const gate = this.#gate(session.datapathId);
    gate.connect(session.verdicts, this.#treatment() === 'ask');
    this.#firewall.adopt(
      gate,
      present.flatMap((flow) => readVerdictFlow(flow) ?? []),
    );
    return gate.desiredFlows();
  }

  /** One alarm for each connection. What the switch refused is sent again now that there is room. */
  #tableFull(session: SwitchSession, rule: number): void {
    const { datapathId } = session;
    const kind = rule === PIPELINE.verdict.entries.allow.rule ? 'allow' : 'drop';
    const gate = this.#gate(datapathId);
    const answer = gate.tableFull(kind);
    if (answer === 'known') return;
    session.desireChanged();
    if (answer === 'lowered') return;
    const { allowFlowCount, dropFlowCount } = gate;
    this.#log.error(
      { datapathId, alarm: 'table-full', allowFlowCount, dropFlowCount },
      `switch ${datapathId} has no room for more ${kind} flows: it keeps those used last, and asks about the rest; ` +
        'raise its flow limit (ovs-vsctl flow_table) or lower allow_flow.total and drop_flow.total',
    );
  }

  #used(session: SwitchSession, flows: readonly FlowStats[]): void {
    const gate = this.#gate(session.datapathId);
    for (const stats of flows) {
      const flow = readVerdictFlow(stats);
      if (flow?.kind === 'allow') gate.used(flow.destination, stats.packetCount);
    }
  }

  #treatment(): Treatment {
    return treatmentOf(this.#config, this.#modeInForce);
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
    if (this.#capture?.isCapturing) {
      this.#learnedForMs += nowMs - this.#lastTickMs;
      this.#lastLearnedAtMs = nowMs;
    }
    this.#allowList.expire(nowMs);
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
