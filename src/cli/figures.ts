/** The figures of a running gluewall: all of them for `status`, and its own losses for the log. */

import type { OpenFlowController } from '../controller/openflow-controller.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import type { EveFigures } from '../events/eve-file.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { Bypasses } from '../firewall/bypasses.ts';
import type { Firewall } from '../firewall/firewall.ts';
import { formatHost, type Quarantines } from '../firewall/quarantines.ts';
import type { Clients } from '../identity/clients.ts';
import type { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PackBook } from '../packs/pack-book.ts';
import type { Enforcement } from '../policy/enforcement.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { SourceFigures } from '../querylog/source-figures.ts';
import { formatInstant } from '../services/instant.ts';
import type { StatusView } from '../services/services.ts';
import type { StoreWriter } from '../storage/store-writer.ts';
import type { BehaviourHouse } from './behaviour/create-behaviour.ts';
import type { RunningConsole } from './console/create-console.ts';
import type { LearningSources } from './learning-sources.ts';
import type { NodeHost } from './node/node-host.ts';
import type { QueryLog } from './query-log/query-log.ts';
import type { QuarantineRules } from './response/quarantine-rules.ts';
import type { RpzHost } from './response/rpz-host.ts';

/** The parts that have figures. */
export interface CountedParts {
  readonly history: NsHistory;
  readonly policies: PolicyBook;
  readonly enforcement: Enforcement;
  readonly bypasses: Bypasses;
  readonly quarantines: Quarantines;
  readonly clients: Clients;
  readonly packs: PackBook;
  readonly learner: Learner;
  readonly sources: LearningSources;
  readonly firewall: Firewall;
  readonly feed: EventFeed<VerdictEvent>;
  readonly controller: OpenFlowController;
  readonly writer: StoreWriter;
  readonly eve: { readonly figures: EveFigures } | undefined;
  readonly queryLog: QueryLog | undefined;
  readonly node: Pick<NodeHost, 'figures'> | undefined;
  readonly behaviour: BehaviourHouse | undefined;
  readonly findings: Pick<FindingBook, 'figures'>;
  readonly rpz: RpzHost | undefined;
  readonly quarantineRules: QuarantineRules;
  readonly console: Pick<RunningConsole, 'figures' | 'url'> | undefined;
}

export function statusOf(parts: CountedParts): StatusView {
  const { clients, history, packs, policies, learner, firewall, feed, controller, writer, eve } = parts;
  const { capture, copies, dnstap } = parts.sources;
  return {
    ...modeView(parts),
    history: { triples: history.size, addresses: history.addressCount, refused: history.refused },
    learning: learner.statistics(),
    capture: capture?.statistics() ?? null,
    copies:
      copies === undefined ? null : { ...controller.queue.copies.counters.snapshot(), ...copies.counters.snapshot() },
    dnstap: dnstap?.statistics() ?? null,
    rules: policies.rules.size,
    openings: { ...firewall.tcp.openings.held, ...firewall.tcp.openings.counters.snapshot() },
    clients: clients.figures(),
    lists: packs.lists(),
    verdicts: firewall.counters.snapshot(),
    held: firewall.held,
    eventsLost: feed.lost,
    store: writer.figures(),
    eve: eve?.figures ?? null,
    querylog: queryLogView(parts),
    node: nodeView(parts),
    rpz: rpzView(parts),
    behaviour: behaviourView(parts),
    findings: parts.findings.figures,
    console: consoleView(parts),
    openflowErrors: controller.errors,
    packetIns: controller.queue.counters.snapshot(),
    connections: controller.connections.snapshot(),
    switches: controller.switches.map((session) => viewSwitch(session, firewall)),
  };
}

/** The sources one by one are in `gluewall log sources`. */
export function queryLogView({ queryLog }: Pick<CountedParts, 'queryLog'>) {
  if (queryLog === undefined) return null;
  const { isKept, handed, lost, sources } = queryLog.figures;
  const sum = (count: (source: SourceFigures) => number) => sources.reduce((total, one) => total + count(one), 0);
  const refused = sum((source) => Object.values(source.refused).reduce((total, count) => total + count, 0));
  const lostEntries = sum((source) => source.lost);
  const entries = sum((source) => source.entries);
  const problems = sources.filter(({ problem }) => problem !== undefined).length;
  return { isKept, sources: sources.length, problems, entries, refused, lostEntries, handed, lost };
}

/** `unseen`: what is not looked for. */
function behaviourView({ behaviour: house }: CountedParts) {
  if (house === undefined) return null;
  const { behaviour, clientSide, unseen } = house;
  return { ...behaviour.figures, clientSide: clientSide?.statistics() ?? null, unseen };
}

/** `url` and `port` are null while its thread is not there. */
function consoleView({ console: running }: CountedParts) {
  if (running === undefined) return null;
  const { port = null, ...figures } = running.figures;
  return { url: running.url ?? null, port, ...figures };
}

/** Times are in the metrics. */
export function nodeView({ node }: Pick<CountedParts, 'node'>) {
  if (node?.figures === undefined) return null;
  const { answerTimes: _, certificateExpiresAtMs, ...figures } = node.figures;
  return { ...figures, certificateExpires: formatInstant(certificateExpiresAtMs ?? Number.NaN) };
}

function rpzView({ rpz }: CountedParts) {
  return rpz === undefined ? null : { ...rpz.figures, requests: Object.fromEntries(rpz.figures.requests) };
}

/** `mode` is that of the clients of no group. */
function modeView({ policies, enforcement, bypasses, quarantines }: CountedParts) {
  const { groups, default: others } = policies.groups;
  const endsAtMs = enforcement.warmupEndsAtMs;
  return {
    mode: { configured: others.mode, inForce: enforcement.modeOf(others) },
    heldBack: enforcement.heldBack ?? null,
    groups: Object.fromEntries(groups.map((group) => [group.name, enforcement.modeOf(group)])),
    bypasses: bypasses.orders.map(({ group, datapathId, untilMs, reason }) => ({
      group: group?.name ?? null,
      datapathId: datapathId ?? null,
      until: formatInstant(untilMs),
      reason,
    })),
    quarantines: quarantines.orders.map(({ host, scope, untilMs, reason }) => ({
      host: formatHost(host),
      scope,
      until: formatInstant(untilMs),
      reason,
    })),
    warmup: endsAtMs === undefined ? 'over' : (formatInstant(endsAtMs) ?? 'waits for the capture'),
  };
}

function viewSwitch(session: SwitchSession, firewall: Firewall) {
  const gate = firewall.gate(session.datapathId);
  return {
    datapathId: session.datapathId,
    peer: session.peer,
    allowFlows: gate?.allowFlowCount ?? 0,
    dropFlows: gate?.dropFlowCount ?? 0,
    gate: gate?.counters.snapshot() ?? {},
    copiesDropped: session.limits.copiesDropped,
    asksDropped: session.limits.asksDropped,
    role: session.role,
    hasMeters: session.hasMeters,
    hasBundles: session.hasBundles,
    session: session.counters.snapshot(),
  };
}

function refusedTls({ connections }: OpenFlowController): number {
  return connections.get('refused: TLS') + connections.get('refused: slow TLS');
}

/** Something lost, refused or unreadable, since the start. */
export interface Loss {
  readonly place: string;
  /** Where it is one switch's. */
  readonly datapathId: string | undefined;
  readonly count: number;
}

/** What was lost, refused or could not be read since the start, by name. */
export function lossesOf(parts: CountedParts): ReadonlyMap<string, number> {
  return new Map(
    lossList(parts).map(({ place, datapathId, count }) => [
      datapathId === undefined ? place : `${place}, switch ${datapathId}`,
      count,
    ]),
  );
}

/** The same by place and switch. */
export function lossList(parts: CountedParts): readonly Loss[] {
  const ofSwitches = parts.controller.switches.flatMap((session) => switchLosses(session));
  return [...ownLosses(parts), ...captureLosses(parts.sources), ...ofSwitches];
}

function ownLosses({
  history,
  learner,
  firewall,
  feed,
  controller,
  writer,
  eve,
  queryLog,
  behaviour,
}: CountedParts): readonly Loss[] {
  const { lostEvents, lostTriples } = writer.figures();
  return losses([
    ['connections refused for their rate', controller.connections.get('refused: rate')],
    ['connections refused for want of room', controller.connections.get('refused: no room')],
    ['connections refused for a datapath id in use', controller.connections.get('refused: duplicate datapath id')],
    ['TLS handshakes failed', refusedTls(controller)],
    ['frames from switches unreadable', firewall.counters.get('unreadable frames')],
    ['queries not judged for want of room', controller.queue.counters.get('packet_in dropped')],
    ['copies to learn from dropped for want of room', controller.queue.copies.counters.get('copies dropped')],
    ['queries judged late', controller.queue.counters.get('late verdicts')],
    ['queries not held for want of room', firewall.counters.get('held: no room')],
    ['connections not judged for want of room', firewall.tcp.openings.counters.get('no room')],
    ['verdicts not logged', feed.lost],
    ['events not kept in the store', lostEvents],
    ['triples not kept in the store', lostTriples],
    ['events not written to eve.file', eve?.figures.lost ?? 0],
    ...queryLogLosses(queryLog),
    ...behaviourLosses(behaviour),
    ['pending queries pushed out', learner.statistics().pending.evicted],
    ['triples refused, history full', history.refused],
  ]);
}

function queryLogLosses(queryLog: QueryLog | undefined): readonly (readonly [place: string, count: number])[] {
  if (queryLog === undefined) return [];
  const { lost, sources } = queryLog.figures;
  return [
    ['blocked queries not entered into the query log', lost.gate],
    ['batches of the capture not entered into the query log', lost.capture],
    ['frames of dnstap not entered into the query log', lost.dnstap],
    ['entries of the query log lost while it could not be written', sources.reduce((sum, one) => sum + one.lost, 0)],
  ];
}

function behaviourLosses(house: BehaviourHouse | undefined): readonly (readonly [place: string, count: number])[] {
  if (house === undefined) return [];
  const { lost, thread } = house.behaviour.figures;
  const { droppedByKernel = 0, droppedByBackpressure = 0 } = house.clientSide?.statistics() ?? {};
  return [
    ['packets captured on the side of the clients dropped', droppedByKernel + droppedByBackpressure],
    ['batches of captures not looked at for what hosts do', lost.border + lost.client + (thread?.lostBatches ?? 0)],
    ['frames of dnstap not looked at for what hosts do', lost.dnstap],
    ['verdicts not looked at for what hosts do', lost.gate],
    ['entries of logs not looked at for what hosts do', thread?.lostEntries ?? 0],
    ['hosts forgotten for want of room', thread?.forgotten ?? 0],
    ['contacts of hosts forgotten for want of room', thread?.forgottenPairs ?? 0],
    ['contacts of hosts left out for want of room', thread?.leftOut ?? 0],
    ['answers left out that no host had asked for', thread?.unasked ?? 0],
    ['findings of rounds left out, the least sure', thread?.foundBeyond ?? 0],
  ];
}

function captureLosses({ capture }: LearningSources): readonly Loss[] {
  const { droppedByKernel = 0, droppedByBackpressure = 0, counters = {} } = capture?.statistics() ?? {};
  const unreadable = Object.entries(counters).filter(([name]) => /^(dns|frame)-/.test(name));
  return losses([
    ['captured packets dropped', droppedByKernel + droppedByBackpressure],
    ...unreadable.map(([name, count]) => [`captured ${name}`, count] as const),
  ]);
}

function switchLosses({ datapathId, limits, counters }: SwitchSession): readonly Loss[] {
  const copiesDropped = Object.values(limits.copiesDropped).reduce((sum, count) => sum + count, 0);
  return losses(
    [
      ['copies dropped for their number', copiesDropped],
      ['queries dropped by the meter', limits.asksDropped],
      ['messages unreadable', counters.get('malformed')],
    ],
    datapathId,
  );
}

function losses(counts: readonly (readonly [place: string, count: number])[], datapathId?: string): readonly Loss[] {
  return counts.map(([place, count]) => ({ place, datapathId, count }));
}
