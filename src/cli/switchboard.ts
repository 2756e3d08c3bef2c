import { isJudging } from '../config/effective.ts';
import type { Config } from '../config/schema.ts';
import { baseFlows } from '../controller/base-flows.ts';
import { OpenFlowController } from '../controller/openflow-controller.ts';
import { type Flow, PIPELINE } from '../controller/pipeline.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import { readVerdictFlow } from '../controller/verdict-flows.ts';
import type { Clock } from '../core/clock.ts';
import { DurationHistogram } from '../core/duration-histogram.ts';
import type { Log } from '../core/log.ts';
import { FlowAllowance } from '../firewall/allow-book.ts';
import type { Bypass } from '../firewall/bypass-book.ts';
import { DropProofs } from '../firewall/drop-proofs.ts';
import type { Firewall } from '../firewall/firewall.ts';
import { Gate } from '../firewall/gate.ts';
import type { Quarantines } from '../firewall/quarantines.ts';
import type { PacketInView } from '../openflow/packet-in.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import type { ClientGroup } from '../policy/client-group.ts';
import { quarantineProblem } from '../services/quarantine-services.ts';
import type { SwitchSight } from '../services/switch-list.ts';
import { baseSettings, isEnforcing, type ModeOf, meterRates, outsidePortProblems } from './bridge-settings.ts';
import { switchSights } from './switch-sights.ts';

/** Gates of switches that are away are kept, for their return, until there are this many for each connection allowed. */
const GATES_PER_SWITCH = 2;
/** Reading the clock twice takes about as long as a tenth of a verdict. */
const MEASURED_EVERY = 16;
/** Of packet_ins, over all switches. */
const WAITING_BYTES = 64 * 1024 * 1024;
/** Switches of which it is known since when they are as they are. */
const MAX_KNOWN_SINCE = 4096;

export interface SwitchboardParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly firewall: Firewall;
  readonly modeOf: ModeOf;
  readonly quarantines: Quarantines;
  /** The client groups in force, by the numbers that flows carry. */
  readonly groups: () => readonly ClientGroup[];
  /** Takes a packet_in that is a copy to learn from; false for any other. */
  readonly takeCopy: (packet: PacketInView) => boolean;
  /** Says what becomes of direct queries, for the log. */
  readonly describeMode: () => string;
  /** A switch that is connected had a bypass that nobody here knew of. */
  readonly bypassFound: (gate: Gate, bypass: Bypass) => void;
  /** A switch is new here: what is in force elsewhere is to be in force on it too. */
  readonly gateAdded: (gate: Gate) => void;
}

/** Joins the controller, which knows flows, with the firewall, which knows verdicts: a gate for each switch. */
export class Switchboard {
  readonly controller: OpenFlowController;
  /** From a packet_in whose turn it is to its verdict, of one packet_in in MEASURED_EVERY. */
  readonly verdictTimes = new DurationHistogram();
  /** What switches have counted of drop flows. */
  readonly dropProofs: DropProofs;
  readonly #parts: SwitchboardParts;
  readonly #allowance: FlowAllowance;
  /** What sessions have said of their ports, and the firewall has been told. */
  readonly #namedPorts = new WeakSet<SwitchSession['ports']>();
  /** Since when a switch is in step, on its way there, or away. */
  readonly #sinceMs = new Map<string, number>();
  #config: Config;
  #packetIns = 0;

  constructor(config: Config, parts: SwitchboardParts) {
    this.#config = config;
    this.#parts = parts;
    this.#allowance = new FlowAllowance(config.allow_flow.all_switches);
    this.controller = this.#createController();
    this.dropProofs = new DropProofs({
      clock: parts.clock,
      ask: (datapathId, client, destination) =>
        this.controller.switches
          .find((session) => session.datapathId === datapathId)
          ?.readings.drops(client, destination),
      groupNumber: (name) => parts.groups().find((group) => group.name === name)?.id,
    });
  }

  /** Packet_ins of all switches since the start, those among them that found no room. */
  get packetInCount(): number {
    return this.#packetIns + this.controller.queue.counters.get('packet_in dropped');
  }

  /** The switches that are connected, and those that may come back. */
  sights(): readonly SwitchSight[] {
    const { firewall } = this.#parts;
    return switchSights({ config: this.#config, controller: this.controller, firewall, sinceMs: this.#sinceMs });
  }

  /** Brings every switch in step with this configuration; what cannot change while running is as it was. */
  configure(config: Config): void {
    this.#config = config;
    this.controller.reconcileAll();
  }

  /** No direct query is judged: nobody said which side is inside. */
  get judgesNothing(): boolean {
    return !isJudging(this.#config);
  }

  #createController(): OpenFlowController {
    const { listen, switches, connection_rate: connectionRate, connect, tls } = this.#config.openflow;
    const connections = { listen, switches, connectionRate, connect, ...(tls === undefined ? {} : { tls }) };
    const packetIns = { perPort: this.#config.ask.waiting, bytes: WAITING_BYTES };
    const { clock, log } = this.#parts;
    return new OpenFlowController(
      clock,
      log,
      { ...connections, packetIns },
      {
        role: () => undefined,
        meterRates: () => meterRates(this.#config),
        baseFlows: (session) => this.#baseFlows(session),
        verdictFlows: (session, present) => this.#verdictFlows(session, present),
        ready: (session) => this.#switchReady(session),
        standby: (session) => this.#lost(session),
        packetIn: (session, packet) => this.#packetIn(session, packet),
        tableFull: (session, rule) => this.#tableFull(session, rule),
        wantsUse: (session) => this.#gate(session.datapathId).wantsUse,
        used: (session, flows) => this.#used(session, flows),
        flowRemoved: ({ datapathId }, removed) => this.dropProofs.flowRemoved(datapathId, removed),
        gone: (session) => this.#lost(session),
      },
    );
  }

  #baseFlows(session: SwitchSession): readonly Flow[] {
    const { groups, modeOf } = this.#parts;
    return baseFlows(baseSettings(this.#config, groups(), modeOf, session));
  }

  #gate(datapathId: string): Gate {
    const { clock, firewall } = this.#parts;
    const held = firewall.gate(datapathId);
    if (held !== undefined) return held;
    const { allow_flow, drop_flow, openflow } = this.#config;
    const gate = new Gate(datapathId, clock, {
      allowFlows: allow_flow.total,
      allowance: this.#allowance,
      dropFlowSeconds: drop_flow.life / 1000,
      dropFlowsPerClient: drop_flow.per_client,
      dropFlows: drop_flow.total,
      install: installOf(this.#config, datapathId),
    });
    firewall.addGate(gate, GATES_PER_SWITCH * openflow.switches);
    this.#parts.gateAdded(gate);
    return gate;
  }

  #packetIn(session: SwitchSession, packet: PacketInView): void {
    this.#packetIns++;
    if (this.#parts.takeCopy(packet)) return;
    const gate = this.#connectedGate(session);
    if (this.#packetIns % MEASURED_EVERY !== 0) {
      this.#parts.firewall.packetIn(gate, packet);
      return;
    }
    const startMs = performance.now();
    this.#parts.firewall.packetIn(gate, packet);
    this.verdictTimes.observe(performance.now() - startMs);
  }

  /** Entries of an earlier controller may send packets before ours are in place. */
  #connectedGate(session: SwitchSession): Gate {
    const gate = this.#gate(session.datapathId);
    if (!gate.isConnected && session.role !== 'slave') this.#connect(gate, session);
    else this.#namePorts(gate, session);
    return gate;
  }

  #connect(gate: Gate, session: SwitchSession): void {
    this.#namePorts(gate, session);
    gate.connect(session.verdicts, isEnforcing(this.#config, this.#parts.modeOf));
  }

  /** The ports have been read since the last time: what flows say of a number may have been said of another port. */
  #namePorts({ datapathId, allowFlowCount, dropFlowCount }: Gate, { ports }: SwitchSession): void {
    if (this.#namedPorts.has(ports)) return;
    this.#namedPorts.add(ports);
    const { firewall } = this.#parts;
    const names = new Map([...ports].map(([name, number]): [number, string] => [number, name]));
    const areOther = firewall.permissions.namePorts(datapathId, names);
    if (areOther && allowFlowCount + dropFlowCount > 0) firewall.review();
  }

  #verdictFlows(session: SwitchSession, present: readonly FlowStats[]): readonly Flow[] {
    const { firewall, quarantines } = this.#parts;
    const gate = this.#gate(session.datapathId);
    this.#connect(gate, session);
    const flows = present.flatMap((flow) => readVerdictFlow(flow) ?? []);
    for (const bypass of firewall.adopt(gate, flows)) this.#parts.bypassFound(gate, bypass);
    if (gate.isProactive) gate.anticipateAll(firewall.foreseeAll(gate));
    const { inside, trusted_resolvers } = this.#config;
    const site = { insideNetworks: () => inside.networks, trustedResolvers: () => trusted_resolvers };
    quarantines.adopt(session.datapathId, present, (host) => quarantineProblem(host, site) === undefined);
    return [...quarantines.desiredFlows(session.datapathId), ...gate.desiredFlows()];
  }

  /** One alarm for each connection. What the switch refused is sent again now that there is room. */
  #tableFull(session: SwitchSession, rule: number): void {
    const { datapathId } = session;
    const { drop, dropClient } = PIPELINE.verdict.entries;
    const kind = rule === drop.rule || rule === dropClient.rule ? 'drop' : 'allow';
    const gate = this.#gate(datapathId);
    const answer = gate.tableFull(kind);
    if (answer === 'known') return;
    session.desireChanged();
    if (answer === 'lowered') return;
    const { allowFlowCount, dropFlowCount } = gate;
    this.#parts.log.error(
      { datapathId, alarm: 'table-full', allowFlowCount, dropFlowCount },
      `switch ${datapathId} has no room for more ${kind} flows: it keeps those used last, and asks about the rest; ` +
        'raise its flow limit (ovs-vsctl flow_table) or lower allow_flow.total and drop_flow.total',
    );
  }

  #used(session: SwitchSession, flows: readonly FlowStats[]): void {
    const gate = this.#gate(session.datapathId);
    for (const stats of flows) {
      const flow = readVerdictFlow(stats);
      if (flow?.kind === 'allow') gate.used(flow.scope, stats.packetCount);
    }
  }

  #lost({ datapathId }: SwitchSession): void {
    this.#changedNow(datapathId);
    this.#gate(datapathId).disconnect();
  }

  #changedNow(datapathId: string): void {
    this.#sinceMs.delete(datapathId);
    this.#sinceMs.set(datapathId, this.#parts.clock.nowMs());
    if (this.#sinceMs.size > MAX_KNOWN_SINCE) this.#sinceMs.delete(this.#sinceMs.keys().next().value!);
  }

  #switchReady(session: SwitchSession): void {
    this.#changedNow(session.datapathId);
    const { log, describeMode } = this.#parts;
    const { datapathId, peer, ports } = session;
    log.info({ datapathId, peer }, `switch ${datapathId} connected: ${describeMode()}`);
    for (const problem of outsidePortProblems(this.#config, ports)) log.warn({ datapathId }, problem);
  }
}

function installOf({ install }: Config, datapathId: string): 'reactive' | 'proactive' {
  if (install.proactive.includes(datapathId)) return 'proactive';
  return install.reactive.includes(datapathId) ? 'reactive' : install.default;
}
