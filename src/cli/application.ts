/** Builds the parts of gluewall from a configuration and joins them: the only place where that happens. */
import type { Config } from '../config/schema.ts';
import { ControlServer } from '../control/control-server.ts';
import { baseFlows, type Treatment } from '../controller/base-flows.ts';
import { OpenFlowController } from '../controller/openflow-controller.ts';
import { type Flow, PIPELINE } from '../controller/pipeline.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import { readVerdictFlow } from '../controller/verdict-flows.ts';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { EveFile } from '../events/eve-file.ts';
import { EventFeed } from '../events/event-feed.ts';
import { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { FlowAllowance } from '../firewall/allow-book.ts';
import { Firewall } from '../firewall/firewall.ts';
import { Gate } from '../firewall/gate.ts';
import { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import type { AllowList } from '../policy/allow-list.ts';
import { type Mode, modeInForce, warmupLeftMs } from '../policy/mode.ts';
import { formatInstant } from '../services/instant.ts';
import { createServices, type Services, type StatusView } from '../services/services.ts';
import type { Journal } from '../storage/journal.ts';
import type { Store } from '../storage/store.ts';
import { StoreWriter } from '../storage/store-writer.ts';
import { baseSettings, meterRates, outsidePortProblems, treatmentOf } from './bridge-settings.ts';
import { buildAllowList, buildHistory, learnerOptions } from './build-parts.ts';
import { type CountedParts, lossesOf, type ModeFigures, statusOf } from './figures.ts';
import { LearningSources } from './learning-sources.ts';
import { logVerdict } from './log-verdict.ts';
import { LossReport } from './loss-report.ts';
import { loadLearnedForMs, loadStore, tellLoaded } from './open-store.ts';

const TICK_MS = 500;
const LOSS_REPORT_MS = 60_000;
const LOAD_RETRY_MS = 5000;
/** Gates of switches that are away are kept, for their return, until there are this many for each connection allowed. */
const GATES_PER_SWITCH = 2;
/** Of packet_ins, over all switches. */
const WAITING_BYTES = 64 * 1024 * 1024;
const EVENT_BACKLOG = 8192;
const EVENT_ROUND_MS = 20;
/** Events that wait for one who follows them. */
const FOLLOWER_BACKLOG = 8192;

/** Where what is learned outlives the process; the journal is for a store that may be away. */
export interface KeptParts {
  readonly store: Store;
  readonly journal: Journal | undefined;
}

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
  readonly #sources: LearningSources;
  /** Time in which all sources of the history were there. */
  #learnedForMs = 0;
  /** Undefined when it never did. */
  #lastLearnedAtMs: number | undefined;
  #savingProgress: Promise<void> | undefined;
  #lastTickMs: number;
  #modeInForce: Mode;
  readonly #losses: LossReport;
  /** Whether what the store holds was taken up. */
  #isLoaded = false;
  #cancelLoad: (() => void) | undefined;
  #isStopped = false;
  #cancelTimers: readonly (() => void)[] = [];

  /** Store and journal are closed with the application. */
  constructor(config: Config, socketPath: string, { store, journal }: KeptParts, clock: Clock, log: Log) {
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
    this.#writer = new StoreWriter(clock, log, store, this.#history, {
      flushMs: config.store.flush,
      keepMs: config.history.keep,
      journal,
    });
    this.#eve = config.eve.file === undefined ? undefined : new EveFile(config.eve.file, log);
    this.#learner = new Learner(clock, this.#history, learnerOptions(config));
    this.#sources = new LearningSources(config, this.#learner, clock, log);
    const hold = { timeMs: config.hold.time, packets: config.hold.packets, bytes: config.hold.bytes };
    this.#allowance = new FlowAllowance(config.allow_flow.all_switches);
    this.#firewall = new Firewall(clock, log, this.#history, this.#allowList, this.#feed, hold, (octets, start, end) =>
      this.#sources.takeLeft(octets, start, end),
    );
    this.#controller = this.#createController();
    const parts: CountedParts = {
      history: this.#history,
      allowList: this.#allowList,
      learner: this.#learner,
      sources: this.#sources,
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
    await this.#sources.start();
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
    this.#isStopped = true;
    this.#cancelLoad?.();
    for (const cancel of this.#cancelTimers) cancel();
    this.#losses.report();
    await this.#sources.stop();
    await this.#controller.stop();
    await this.#control.stop();
    this.#firewall.stop();
    this.#feed.stop();
    await this.#saveProgress();
    await this.#writer.stop();
    await this.#store.close();
    await this.#eve?.stop();
  }

  /** Without a database that is away it goes on from memory, and takes up what that holds when it is back. */
  async #resume(): Promise<void> {
    try {
      await this.#load();
    } catch (cause) {
      if (this.#config.store.kind !== 'mariadb' || !(cause instanceof GluewallError)) throw cause;
      this.#log.error({ code: cause.code }, `${cause.message}; gluewall begins without it, and loads it later`);
      this.#loadLater();
    }
    this.#modeInForce = modeInForce(this.#config.mode, this.#config.warmup, this.#learnedForMs);
    this.#history.subscribe({ changed: () => this.#writer.changed() });
  }

  async #load(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    await loadStore(this.#store, this.#history, this.#allowList, nowMs);
    const learnedForMs = await loadLearnedForMs(this.#store, this.#config.warmup, nowMs);
    this.#learnedForMs = Math.max(this.#learnedForMs, learnedForMs);
    this.#isLoaded = true;
    tellLoaded(this.#store, this.#history, this.#log);
  }

  #loadLater(): void {
    this.#cancelLoad = this.#clock.after(LOAD_RETRY_MS, () => {
      this.#load().catch((error: Error) => {
        this.#log.debug({}, error.message);
        if (!this.#isStopped) this.#loadLater();
      });
    });
  }

  /** Written after the history that it stands for: a crash in between must not leave warm-up over without it. */
  async #saveProgress(): Promise<void> {
    // What was not loaded yet must not be written over.
    if (this.#lastLearnedAtMs === undefined || !this.#isLoaded) return;
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
        packetIn: (session, packet) => this.#packetIn(session, packet),
        tableFull: (session, rule) => this.#tableFull(session, rule),
        wantsUse: (session) => this.#gate(session.datapathId).wantsUse,
        used: (session, flows) => this.#used(session, flows),
        gone: (session) => this.#gate(session.datapathId).disconnect(),
      },
    );
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

  #packetIn(session: SwitchSession, packet: PacketInView): void {
    if (!this.#sources.takeCopy(packet)) this.#firewall.packetIn(this.#connectedGate(session), packet);
  }

  /** Entries of an earlier controller may send packets before ours are in place. */
  #connectedGate(session: SwitchSession): Gate {
    const gate = this.#gate(session.datapathId);
    if (!gate.isConnected && session.role !== 'slave') gate.connect(session.verdicts, this.#treatment() === 'ask');
    return gate;
  }

  #baseFlows(session: SwitchSession): readonly Flow[] {
    return baseFlows(baseSettings(this.#config, this.#treatment(), session));
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

  #switchReady(session: SwitchSession): void {
    const { datapathId, peer, ports } = session;
    this.#log.info({ datapathId, peer }, `switch ${datapathId} connected: ${this.#modeText()}`);
    for (const problem of outsidePortProblems(this.#config, ports)) this.#log.warn({ datapathId }, problem);
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#isLearning()) {
      this.#learnedForMs += nowMs - this.#lastTickMs;
      this.#lastLearnedAtMs = nowMs;
    }
    this.#sources.tick();
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
    if (this.#sources.areNone) {
      const problem = 'nothing is captured and so nothing learned: outside.ports names no interface';
      this.#log.warn({}, `${problem}; name one there or in capture.interfaces, or set openflow.learn or dnstap.listen`);
    }
  }

  #modeText(): string {
    if (this.#config.mode === 'monitor') return 'monitor mode, every query passes';
    const endsAtMs = this.#warmupEndsAtMs();
    if (endsAtMs === undefined) return 'enforce mode, unknown destinations are blocked';
    return `enforce acts as monitor until warm-up is over (${formatInstant(endsAtMs) ?? 'it waits for the capture'})`;
  }

  /** Undefined when it is over, Infinity while a source is missing. */
  #warmupEndsAtMs(): number | undefined {
    const leftMs = warmupLeftMs(this.#config.warmup, this.#learnedForMs);
    if (leftMs === 0) return undefined;
    return this.#isLearning() ? this.#clock.nowMs() + leftMs : Number.POSITIVE_INFINITY;
  }

  #isLearning(): boolean {
    return this.#sources.areComplete(this.#controller.switches);
  }

  #modeFigures(): ModeFigures {
    return {
      configured: this.#config.mode,
      inForce: this.#modeInForce,
      warmupEndsAtMs: this.#warmupEndsAtMs(),
    };
  }
}
