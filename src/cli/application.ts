/** Builds the parts of gluewall from a configuration and joins them: the only place where that happens. */
import type { AccountBook } from '../accounts/account-book.ts';
import { liveConfig } from '../config/difference.ts';
import type { Config } from '../config/schema.ts';
import { ControlServer } from '../control/control-server.ts';
import type { Address } from '../core/address.ts';
import { type Clock, every } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { EveFile } from '../events/eve-file.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { FindingBook, FindingNews } from '../findings/finding-book.ts';
import { AllowedSampler } from '../firewall/allowed-sampler.ts';
import { Bypasses } from '../firewall/bypasses.ts';
import { Firewall } from '../firewall/firewall.ts';
import { Quarantines } from '../firewall/quarantines.ts';
import type { Clients } from '../identity/clients.ts';
import { metricList } from '../metrics/metric-list.ts';
import { createRegistry } from '../metrics/metrics-registry.ts';
import { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PackBook } from '../packs/pack-book.ts';
import { Enforcement } from '../policy/enforcement.ts';
import { GroupNumbers } from '../policy/group-numbers.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import { takeNamed } from '../services/case-evidence.ts';
import { createServices, type Services, type StatusView } from '../services/services.ts';
import type { Store } from '../storage/store.ts';
import { StoreWriter } from '../storage/store-writer.ts';
import { type BehaviourHouse, createBehaviour } from './behaviour/create-behaviour.ts';
import { buildAccounts } from './build-accounts.ts';
import { buildClients } from './build-clients.ts';
import { buildPackBook, packSettings } from './build-packs.ts';
import { buildHistory, buildPolicies, enforcementOptions, learnerOptions, TCP_OPENINGS } from './build-parts.ts';
import { takeSightings } from './client-sightings.ts';
import { configuredGroups } from './configured-groups.ts';
import { configuredRules } from './configured-rules.ts';
import { connectAnyBridge } from './connect-command.ts';
import type { RunningConsole } from './console/create-console.ts';
import { EnforcementWatch } from './enforcement-watch.ts';
import { EventDesk } from './event-desk.ts';
import { type CountedParts, lossesOf, statusOf } from './figures.ts';
import { buildFindings, createEve, isOwnHost } from './findings/build-findings.ts';
import type { KeptParts } from './kept-parts.ts';
import { LearningSources } from './learning-sources.ts';
import { LossReport } from './loss-report.ts';
import { type JoinedFigures, metricSources } from './metric-sources.ts';
import { Metrics } from './metrics.ts';
import { createNode } from './node/create-node.ts';
import { describeNode } from './node/describe-node.ts';
import type { NodeHost } from './node/node-host.ts';
import { nodeSettings } from './node/node-order.ts';
import { PageHouse } from './page-house.ts';
import { logSettings } from './query-log/log-order.ts';
import type { QueryLog } from './query-log/query-log.ts';
import { neverReloaded, type ReloadDoor } from './reloader.ts';
import { createResponse, type ResponseHouse } from './response/create-response.ts';
import { sayMode } from './say-mode.ts';
import { StoreLoader } from './store-loader.ts';
import { Switchboard } from './switchboard.ts';
import { WarmupSaver } from './warmup-saver.ts';

const TICK_MS = 500;
const LOSS_REPORT_MS = 60_000;

/** A running gluewall. */
export class Application {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: NsHistory;
  readonly #policies: PolicyBook;
  readonly #groupNumbers = new GroupNumbers();
  readonly #enforcement: Enforcement;
  readonly #watch: EnforcementWatch;
  readonly #store: Store;
  readonly #loader: StoreLoader;
  readonly #writer: StoreWriter;
  readonly #warmup: WarmupSaver;
  readonly #queryLog: QueryLog | undefined;
  readonly #node: NodeHost | undefined;
  readonly #behaviour: BehaviourHouse | undefined;
  readonly #findings: FindingBook;
  readonly #accounts: AccountBook;
  readonly #eve: EveFile<VerdictEvent | FindingNews> | undefined;
  readonly #events: EventDesk;
  readonly #learner: Learner;
  readonly #firewall: Firewall;
  readonly #bypasses: Bypasses;
  readonly #quarantines: Quarantines;
  readonly #response: ResponseHouse;
  readonly #switchboard: Switchboard;
  readonly #pages: PageHouse;
  readonly #control: ControlServer;
  readonly #console: RunningConsole | undefined;
  readonly #sources: LearningSources;
  readonly #losses: LossReport;
  readonly #reloader: ReloadDoor | undefined;
  readonly #version: string | undefined;
  readonly #packs: PackBook;
  readonly #clients: Clients;
  readonly #metrics: Metrics;
  readonly #teachers: Set<Address>;
  #config: Config;
  /** What connects a bridge; undefined until switches can connect. */
  #connect: string | undefined;
  #cancelTimers: readonly (() => void)[] = [];

  /** What keeps is closed with the application. */
  constructor(
    config: Config,
    socketPath: string,
    { store, journal, queryLog, console: door }: KeptParts,
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
    this.#node = createNode(config, queryLog, this.#clients, clock, log, (named) =>
      takeNamed(named, { findings: this.#findings, isOwnHost: (address) => isOwnHost(this.#config, address) }),
    );
    this.#clock = clock;
    this.#log = log;
    this.#history = buildHistory(config, clock, log);
    this.#policies = buildPolicies(config, clock, this.#history, this.#packs, this.#groupNumbers);
    this.#packs.subscribe(() => this.#policies.packsChanged());
    this.#enforcement = new Enforcement(clock, enforcementOptions(config));
    this.#watch = new EnforcementWatch({
      enforcement: this.#enforcement,
      groups: () => this.#policies.groups.groups,
      log,
      follow: () => this.#followEnforcement(),
    });
    this.#eve = createEve(config, log);
    this.#findings = buildFindings({ clock, log, store }, this.#eve);
    this.#accounts = buildAccounts(() => this.#config, store, clock, log);
    const { rules } = this.#policies;
    const books = { findings: this.#findings, accounts: this.#accounts };
    const loaded = { history: this.#history, rules, enforcement: this.#enforcement, ...books };
    this.#loader = new StoreLoader(store, loaded, config.store.kind === 'mariadb', clock, log);
    this.#writer = new StoreWriter(clock, log, store, this.#history, {
      flushMs: config.store.flush,
      keepMs: config.history.keep,
      journal,
    });
    const kept = { enforcement: this.#enforcement, store, writer: this.#writer, log };
    this.#warmup = new WarmupSaver({ ...kept, isLoaded: () => this.#loader.isLoaded });
    this.#learner = new Learner(clock, this.#history, learnerOptions(config, this.#teachers));
    this.#behaviour = createBehaviour(config, queryLog, (found) => void this.#findings.takeInTurns(found), clock, log);
    const takers = { queryLog, behaviour: this.#behaviour?.behaviour };
    this.#sources = new LearningSources(config, this.#learner, takers, clock, log);
    const { rate } = config.log;
    const told = { ...takers, clients: this.#clients, writer: this.#writer, eve: this.#eve };
    this.#events = new EventDesk(rate, told, clock, log);
    this.#firewall = this.#createFirewall();
    this.#bypasses = new Bypasses(clock, log, this.#firewall);
    this.#quarantines = new Quarantines(clock, log, () => this.#switchboard.controller.reconcileAll());
    this.#switchboard = this.#createSwitchboard();
    this.#response = createResponse(config, {
      findings: this.#findings,
      quarantines: this.#quarantines,
      policies: this.#policies,
      history: this.#history,
      isReady: () => this.#loader.isLoaded,
      clock,
      log,
    });
    const parts: CountedParts = {
      history: this.#history,
      policies: this.#policies,
      enforcement: this.#enforcement,
      bypasses: this.#bypasses,
      quarantines: this.#quarantines,
      clients: this.#clients,
      packs: this.#packs,
      learner: this.#learner,
      sources: this.#sources,
      firewall: this.#firewall,
      feed: this.#events.feed,
      controller: this.#switchboard.controller,
      writer: this.#writer,
      findings: this.#findings,
      eve: this.#eve,
      queryLog: this.#queryLog,
      node: this.#node,
      behaviour: this.#behaviour,
      rpz: this.#response.rpz,
      quarantineRules: this.#response.quarantineRules,
      console: door,
    };
    const switchboard = this.#switchboard;
    this.#pages = new PageHouse({ clock, store, counted: parts, switchboard, config: () => this.#config });
    const services = this.#createServices(() => ({ ...statusOf(parts), connect: this.#connect ?? null }));
    this.#control = new ControlServer(socketPath, services, log);
    this.#console = door;
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
    this.#watch.settle();
    this.#history.subscribe({ changed: () => this.#writer.changed() });
    this.#pages.start(this.#history);
    this.#queryLog?.start();
    this.#behaviour?.start(this.#findings.list({ kind: 'bot-group' }));
    await this.#eve?.start();
    await this.#clients.start();
    await this.#packs.load();
    await this.#control.start();
    await this.#metrics.start();
    await this.#startNode();
    await this.#response.start();
    const port = await this.#switchboard.controller.start();
    this.#connect = connectAnyBridge(this.#config.openflow, port);
    await this.#sources.start();
    this.#packs.start();
    this.#sayMode();
    this.#cancelTimers = [
      every(this.#clock, TICK_MS, () => this.#tick()),
      every(this.#clock, LOSS_REPORT_MS, () => this.#losses.report()),
      every(this.#clock, this.#config.store.flush, () => this.#warmup.tick()),
    ];
    await this.#console?.start();
    return port;
  }

  /** Takes up what can change while gluewall runs; of the rest `config` says the same as before. */
  configure(config: Config): void {
    this.#config = liveConfig(this.#config, config);
    this.#enforcement.configure(enforcementOptions(this.#config));
    this.#watch.settle();
    this.#teachers.clear();
    for (const resolver of this.#config.trusted_resolvers) this.#teachers.add(resolver);
    this.#policies.rules.configure(configuredRules(this.#config, this.#clock.nowMs()));
    this.#policies.regroup(configuredGroups(this.#config, this.#groupNumbers));
    this.#bypasses.regrouped(this.#policies.groups);
    this.#switchboard.configure(this.#config);
    void this.#packs.reload(packSettings(this.#config));
    this.#sources.configure(this.#config);
    this.#behaviour?.configure(this.#config);
    this.#response.configure(this.#config);
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
    await this.#console?.stop();
    await this.#control.stop();
    await this.#metrics.stop();
    await this.#packs.stop();
    await this.#clients.stop();
    this.#firewall.stop();
    this.#events.feed.stop();
    await this.#warmup.save();
    await this.#pages.stop();
    await this.#writer.stop();
    await this.#behaviour?.stop();
    await this.#response.stop();
    await this.#findings.stop();
    await this.#accounts.stop();
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
      quarantines: this.#quarantines,
      switches: () => this.#switchboard.controller.switches.length,
      reload: this.#reloader === undefined ? undefined : (isTrial) => this.#reloader!.reload(isTrial),
      clients: this.#clients.directory,
      packs: this.#packs,
      queryLog: this.#queryLog,
      node: this.#node,
      behaviour: this.#behaviour?.behaviour,
      rpz: this.#response.rpz,
      findings: this.#findings,
      accounts: this.#accounts,
      consoleUrl: () => this.#console?.url,
      isOwnHost: (address) => isOwnHost(this.#config, address),
      flush: () => this.#writer.flush(),
      warmupMs: () => this.#config.warmup,
      tap: this.#events.tap,
      endWarmup: () => this.#enforcement.endWarmup(),
      ...this.#pages.parts,
      status,
    });
  }

  #joinedFigures(): JoinedFigures {
    const atStart = neverReloaded(this.#config, this.#clock.nowMs());
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
      feed: this.#events.feed,
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
      quarantines: this.#quarantines,
      modeOf: (group) => this.#enforcement.modeOf(group),
      takeCopy: (packet) => this.#sources.takeCopy(packet),
      describeMode: () => this.#watch.text,
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
    this.#quarantines.tick();
    this.#watch.tick();
    this.#firewall.tick();
  }

  #followEnforcement(): void {
    this.#switchboard.configure(this.#config);
    this.#firewall.review();
  }

  #sayMode(): void {
    const { mode } = this.#config;
    const learnsNothing = this.#sources.areNone;
    const { judgesNothing } = this.#switchboard;
    sayMode({ mode, modeText: this.#watch.text, judgesNothing, learnsNothing }, this.#log);
  }
}
