/** Builds the parts of gluewall from a configuration and joins them: the only place where that happens. */
import { configHash } from '../config/config-hash.ts';
import { liveConfig } from '../config/difference.ts';
import type { Config } from '../config/schema.ts';
import { ControlServer } from '../control/control-server.ts';
import type { Address } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { EveFile } from '../events/eve-file.ts';
import { EventFeed } from '../events/event-feed.ts';
import { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import { AllowedSampler } from '../firewall/allowed-sampler.ts';
import { Bypasses } from '../firewall/bypasses.ts';
import { Firewall } from '../firewall/firewall.ts';
import type { Clients } from '../identity/clients.ts';
import { metricList } from '../metrics/metric-list.ts';
import { createRegistry } from '../metrics/metrics-registry.ts';
import { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PackBook } from '../packs/pack-book.ts';
import { Enforcement, type HeldBack } from '../policy/enforcement.ts';
import { GroupNumbers } from '../policy/group-numbers.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import { createServices, type Services, type StatusView } from '../services/services.ts';
import type { Journal } from '../storage/journal.ts';
import type { Store } from '../storage/store.ts';
import { StoreWriter } from '../storage/store-writer.ts';
import { buildClients } from './build-clients.ts';
import { buildPackBook, packSettings } from './build-packs.ts';
import { buildHistory, buildPolicies, enforcementOptions, learnerOptions } from './build-parts.ts';
import { takeSightings } from './client-sightings.ts';
import { configuredGroups } from './configured-groups.ts';
import { configuredRules } from './configured-rules.ts';
import { describeMode } from './describe-mode.ts';
import { type CountedParts, lossesOf, statusOf } from './figures.ts';
import { LearningSources } from './learning-sources.ts';
import { logVerdict } from './log-verdict.ts';
import { LossReport } from './loss-report.ts';
import { type JoinedFigures, metricSources } from './metric-sources.ts';
import { Metrics } from './metrics.ts';
import { createNode } from './node/create-node.ts';
import { describeNode } from './node/describe-node.ts';
import type { NodeHost } from './node/node-host.ts';
import { nodeSettings } from './node/node-order.ts';
import { logSettings } from './query-log/log-order.ts';
import type { QueryLog } from './query-log/query-log.ts';
import type { Reloader } from './reloader.ts';
import { StoreLoader } from './store-loader.ts';
import { Switchboard } from './switchboard.ts';

const TICK_MS = 500;
const LOSS_REPORT_MS = 60_000;
const EVENT_BACKLOG = 8192;
const EVENT_ROUND_MS = 20;
/** Events that wait for one who follows them. */
const FOLLOWER_BACKLOG = 8192;

/** Connections whose first messages are waited for, over all switches. */
const TCP_OPENINGS = { connections: 8192, bytes: 16 * 1024 * 1024, timeMs: 5000 };

/** Where what is learned and seen outlives the process; the journal is for a store that may be away. */
export interface KeptParts {
  readonly store: Store;
  readonly journal: Journal | undefined;
  readonly queryLog?: QueryLog;
}

/** Who reads the configuration file anew, and has it applied. */
export type ReloadDoor = Pick<Reloader, 'reload' | 'figures'>;

/** A running gluewall. */
export class Application {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #policies: PolicyBook;
  readonly #groupNumbers = new GroupNumbers();
  readonly #enforcement: Enforcement;
  readonly #store: Store;
  readonly #loader: StoreLoader;
  readonly #writer: StoreWriter;
  readonly #queryLog: QueryLog | undefined;
  readonly #node: NodeHost | undefined;
  readonly #tap = new EventTap<VerdictEvent>(FOLLOWER_BACKLOG);
  readonly #eve: EveFile | undefined;
  readonly #feed: EventFeed<VerdictEvent>;
  readonly #learner: Learner;
  readonly #firewall: Firewall;
  readonly #bypasses: Bypasses;
  readonly #switchboard: Switchboard;
  readonly #control: ControlServer;
  readonly #sources: LearningSources;
  readonly #losses: LossReport;
  readonly #reloader: ReloadDoor | undefined;
  readonly #version: string | undefined;
  readonly #packs: PackBook;
  readonly #clients: Clients;
  readonly #metrics: Metrics;
  readonly #teachers: Set<Address>;
  #config: Config;
  #savingProgress: Promise<void> | undefined;
  #heldBack: HeldBack | undefined;
  #cancelTimers: readonly (() => void)[] = [];

  /** What keeps is closed with the application. */
  constructor(
    config: Config,
    socketPath: string,
    { store, journal, queryLog }: KeptParts,
    clock: Clock,
    log: Log,
    reloader?: ReloadDoor,
    version?: string,
  ) {
    this.#config = config;
    this.#reloader = reloader;
    this.#version = version;
    this.#packs = buildPackBook(config, clock, log);
    this.#clients = buildClients(config, clock, log);
    this.#teachers = new Set(config.trusted_resolvers);
    this.#store = store;
    this.#queryLog = queryLog;
    this.#node = createNode(config, queryLog, this.#clients, clock, log);
    this.#clock = clock;
    this.#log = log;
    this.#history = buildHistory(config, clock, log);
    this.#policies = buildPolicies(config, clock, this.#history, this.#packs, this.#groupNumbers);
    this.#packs.subscribe(() => this.#policies.packsChanged());
    this.#enforcement = new Enforcement(clock, enforcementOptions(config));
    this.#heldBack = this.#enforcement.heldBack;
    const loaded = { history: this.#history, rules: this.#policies.rules, enforcement: this.#enforcement };
    this.#loader = new StoreLoader(store, loaded, config.store.kind === 'mariadb', clock, log);
    const perRound = Math.ceil((config.log.rate * EVENT_ROUND_MS) / 1000);
    const pace = { size: EVENT_BACKLOG, perRound, roundMs: EVENT_ROUND_MS };
    this.#feed = new EventFeed(clock, pace, (event) => this.#publish(event));
    this.#writer = new StoreWriter(clock, log, store, this.#history, {
      flushMs: config.store.flush,
      keepMs: config.history.keep,
      journal,
    });
    this.#eve = config.eve.file === undefined ? undefined : new EveFile(config.eve.file, log);
    this.#learner = new Learner(clock, this.#history, learnerOptions(config, this.#teachers));
    this.#sources = new LearningSources(config, this.#learner, this.#queryLog, clock, log);
    this.#firewall = this.#createFirewall();
    this.#bypasses = new Bypasses(clock, log, this.#firewall);
    this.#switchboard = this.#createSwitchboard();
    const parts: CountedParts = {
      history: this.#history,
      policies: this.#policies,
      enforcement: this.#enforcement,
      bypasses: this.#bypasses,
      clients: this.#clients,
      packs: this.#packs,
      learner: this.#learner,
      sources: this.#sources,
      firewall: this.#firewall,
      feed: this.#feed,
      controller: this.#switchboard.controller,
      writer: this.#writer,
      eve: this.#eve,
      queryLog: this.#queryLog,
      node: this.#node,
    };
    const services = this.#createServices(() => statusOf(parts));
    this.#control = new ControlServer(socketPath, services, log);
    this.#losses = new LossReport(() => lossesOf(parts), log);
    // Before the history is loaded: what it learns and forgets is counted from here on.
    const sources = metricSources(clock, parts, this.#joinedFigures());
    this.#metrics = new Metrics(config.metrics, (tell) => createRegistry(metricList(), sources, tell), clock, log);
  }

  /**
   * Takes up what the store holds, then listens. Resolves with the port switches connect to. Rejects with a GluewallError
   * when a listener or a file cannot be had.
   */
  async start(): Promise<number> {
    await this.#loader.start();
    this.#heldBack = this.#enforcement.heldBack;
    this.#history.subscribe({ changed: () => this.#writer.changed() });
    this.#queryLog?.start();
    await this.#eve?.start();
    await this.#clients.start();
    await this.#packs.load();
    await this.#control.start();
    await this.#metrics.start();
    await this.#startNode();
    const port = await this.#switchboard.controller.start();
    await this.#sources.start();
    this.#packs.start();
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

  /** Takes up what can change while gluewall runs; of the rest `config` says the same as before. */
  configure(config: Config): void {
    this.#config = liveConfig(this.#config, config);
    this.#enforcement.configure(enforcementOptions(this.#config));
    this.#heldBack = this.#enforcement.heldBack;
    this.#teachers.clear();
    for (const resolver of this.#config.trusted_resolvers) this.#teachers.add(resolver);
    this.#policies.rules.configure(configuredRules(this.#config, this.#clock.nowMs()));
    this.#policies.regroup(configuredGroups(this.#config, this.#groupNumbers));
    this.#bypasses.regrouped(this.#policies.groups);
    this.#switchboard.configure(this.#config);
    void this.#packs.reload(packSettings(this.#config));
    this.#sources.configure(this.#config);
    this.#queryLog?.configure(logSettings(this.#config), this.#config.trusted_resolvers);
    const node = nodeSettings(this.#config);
    if (node !== undefined) this.#node?.configure(node);
  }

  /** Opens the files that are written to anew, after a log rotation. */
  reopenFiles(): void {
    this.#eve?.reopen();
  }

  /** Drains and closes; the flows stay on the switches. Safe twice. */
  async stop(): Promise<void> {
    this.#loader.stop();
    for (const cancel of this.#cancelTimers) cancel();
    this.#losses.report();
    await this.#sources.stop();
    await this.#switchboard.controller.stop();
    await this.#control.stop();
    await this.#metrics.stop();
    await this.#packs.stop();
    await this.#clients.stop();
    this.#firewall.stop();
    this.#feed.stop();
    await this.#saveProgress();
    await this.#writer.stop();
    await this.#store.close();
    await this.#node?.stop();
    await this.#queryLog?.stop();
    await this.#eve?.stop();
  }

  async #startNode(): Promise<void> {
    if (this.#node === undefined) return;
    const port = await this.#node.start();
    for (const line of describeNode(this.#config, port)) this.#log.info({}, line);
  }

  /** Written after the history that it stands for: a crash in between must not leave warm-up over without it. */
  async #saveProgress(): Promise<void> {
    // What was not loaded yet must not be written over.
    const { progress } = this.#enforcement;
    if (progress === undefined || !this.#loader.isLoaded) return;
    await this.#writer.flush();
    if (this.#writer.figures().failing !== undefined) return;
    // What is not kept in time is learned again: a failure is the writer's to tell.
    await this.#store.saveWarmup(progress).catch((error: Error) => this.#log.debug({}, error.message));
  }

  #publish(told: VerdictEvent): void {
    const clientName = this.#clients.describe(told.client)?.name;
    this.#clients.cameUp(told.client);
    const event = clientName === undefined ? told : { ...told, clientName };
    logVerdict(this.#log, event);
    this.#writer.eventHappened(event);
    this.#queryLog?.takeEvent(event);
    this.#tap.push(event);
    this.#eve?.push(event);
  }

  #createServices(status: () => StatusView): Services {
    return createServices({
      clock: this.#clock,
      history: this.#history,
      policies: this.#policies,
      store: this.#store,
      insideNetworks: () => this.#config.inside.networks,
      trustedResolvers: () => this.#config.trusted_resolvers,
      modeOf: (group) => this.#enforcement.modeOf(group),
      bypasses: this.#bypasses,
      reload: this.#reloader === undefined ? undefined : (isTrial) => this.#reloader!.reload(isTrial),
      clients: this.#clients.directory,
      packs: this.#packs,
      queryLog: this.#queryLog,
      node: this.#node,
      flush: () => this.#writer.flush(),
      warmupMs: () => this.#config.warmup,
      tap: this.#tap,
      endWarmup: () => this.#enforcement.endWarmup(),
      status,
    });
  }

  #joinedFigures(): JoinedFigures {
    const atStart = {
      hash: configHash(this.#config),
      appliedAtMs: this.#clock.nowMs(),
      last: undefined,
      applied: 0,
      refused: 0,
    };
    return {
      version: this.#version,
      config: () => this.#config,
      reloads: () => this.#reloader?.figures ?? atStart,
      verdicts: this.#firewall.verdicts,
      verdictTimes: this.#switchboard.verdictTimes,
      holdTimes: this.#firewall.holdTimes,
      packs: this.#packs,
    };
  }

  #createFirewall(): Firewall {
    const { hold, events } = this.#config;
    return new Firewall({
      clock: this.#clock,
      log: this.#log,
      history: this.#history,
      policies: this.#policies,
      modeOf: (group) => this.#enforcement.modeOf(group),
      feed: this.#feed,
      sampler: new AllowedSampler(this.#clock, events.allowed_every),
      hold: { timeMs: hold.time, packets: hold.packets, bytes: hold.bytes },
      openings: TCP_OPENINGS,
      onLeft: (octets, start, end) => this.#sources.takeLeft(octets, start, end),
      onSeen: takeSightings(this.#clients.directory, () => this.#clock.nowMs()),
    });
  }

  #createSwitchboard(): Switchboard {
    return new Switchboard(this.#config, {
      clock: this.#clock,
      log: this.#log,
      firewall: this.#firewall,
      modeOf: (group) => this.#enforcement.modeOf(group),
      takeCopy: (packet) => this.#sources.takeCopy(packet),
      describeMode: () => this.#modeText(),
      groups: () => this.#policies.groups.groups,
      bypassFound: (gate, bypass) => this.#bypasses.found(gate, bypass, this.#policies.groups),
      gateAdded: (gate) => this.#bypasses.applyTo(gate),
    });
  }

  #tick(): void {
    this.#enforcement.tick(this.#sources.areComplete(this.#switchboard.controller.switches), !this.#sources.areNone);
    this.#sources.tick();
    this.#policies.rules.expire(this.#clock.nowMs());
    this.#bypasses.tick();
    this.#followEnforcement();
    this.#firewall.tick();
  }

  /** Warm-up ends, and a source of the history may go and come back, while switches are connected. */
  #followEnforcement(): void {
    const { heldBack } = this.#enforcement;
    if (heldBack === this.#heldBack) return;
    const before = this.#heldBack;
    this.#heldBack = heldBack;
    if (!this.#enforcesSome) return;
    if (heldBack === 'no source') {
      const why = 'a source of the history has been gone for capture.fallback: what the history knows grows old';
      this.#log.error({ alarm: 'fallback' }, `${why}; enforce falls back to monitor until it is back`);
    } else if (heldBack === undefined) {
      const why = before === 'no source' ? 'the sources of the history are back' : 'warm-up is over';
      this.#log.info({ mode: 'enforce' }, `${why}: verdicts are enforced from now on`);
    }
    this.#switchboard.configure(this.#config);
    this.#firewall.review();
  }

  get #enforcesSome(): boolean {
    return this.#policies.groups.groups.some(({ mode }) => mode === 'enforce');
  }

  #sayMode(): void {
    this.#log.info({ mode: this.#config.mode }, this.#modeText());
    if (this.#switchboard.judgesNothing) {
      this.#log.warn({}, 'nothing is judged: inside.networks or outside.ports is empty');
    }
    if (this.#sources.areNone) {
      const problem = 'nothing is captured and so nothing learned: outside.ports names no interface';
      this.#log.warn({}, `${problem}; name one there or in capture.interfaces, or set openflow.learn or dnstap.listen`);
    }
  }

  #modeText(): string {
    return describeMode(this.#policies.groups.groups, this.#enforcement);
  }
}
