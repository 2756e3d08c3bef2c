/** The figures of a running gluewall as metrics take them. */

import type { Config } from '../config/schema.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import type { TimeSource } from '../core/clock.ts';
import type { CountTable } from '../core/count-table.ts';
import type { DurationHistogram } from '../core/duration-histogram.ts';
import type { Gate } from '../firewall/gate.ts';
import type {
  BehaviourMetricFigures,
  ConfigFigures,
  ControllerFigures,
  HistoryFigures,
  LearningFigures,
  MetricSources,
  ModeFigures,
  NodeMetricSources,
  PackFigures,
  QueryLogFigures,
  QueryLogSourceFigures,
  RuleFigures,
  SwitchFigures,
  WalkFigures,
} from '../metrics/metric-sources.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { PackBook } from '../packs/pack-book.ts';
import type { Mode } from '../policy/mode.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { VerdictReason } from '../policy/verdict.ts';
import { type CountedParts, lossList } from './figures.ts';
import { nodeMetrics } from './node/node-metrics.ts';

/** What the parts do not know of themselves. */
export interface JoinedFigures {
  /** Undefined where nobody knows it. */
  readonly version: string | undefined;
  /** The configuration in force, and how it came to be. */
  config(): Config;
  reloads(): ConfigFigures;
  /** By verdict, reason, and mode of the client's group. */
  readonly verdicts: CountTable<'allow' | 'block', VerdictReason, Mode>;
  readonly verdictTimes: DurationHistogram;
  readonly holdTimes: DurationHistogram;
  readonly packs: PackBook | undefined;
}

/** To be made before the history is loaded: it counts from then on. */
export function metricSources(clock: TimeSource, parts: CountedParts, joined: JoinedFigures): MetricSources {
  const changes = countChanges(parts.history);
  const { packs } = joined;
  return {
    mode: () => modeOf(parts, clock.nowMs()),
    walk: () => walkOf(parts, joined),
    history: () => historyOf(parts.history, changes, joined.config()),
    learning: () => learningOf(parts, joined.config()),
    controller: () => controllerOf(parts, joined.config()),
    losses: () => lossList(parts),
    store: () => parts.writer.figures(),
    ...nodeMetricSources(parts, joined),
    behaviour: () => behaviourOf(parts),
    openFindings: () => openFindingsOf(parts),
    rpz: () => parts.rpz?.figures,
    quarantineRules: () => parts.quarantineRules.figures,
    policy: () => ({ rules: rulesOf(parts.policies), packs: packs === undefined ? undefined : packsOf(packs) }),
  };
}

/** Of what a traceback node without a gate has, too. */
export function nodeMetricSources(
  parts: Pick<CountedParts, 'queryLog' | 'node'>,
  joined: Pick<JoinedFigures, 'version' | 'reloads'>,
): NodeMetricSources {
  return {
    version: joined.version,
    config: () => joined.reloads(),
    queryLog: () => queryLogOf(parts),
    node: () => nodeMetrics(parts.node?.figures),
  };
}

function modeOf({ policies, enforcement, bypasses, quarantines }: CountedParts, nowMs: number): ModeFigures {
  const { groups } = policies.groups;
  const { warmupEndsAtMs, heldBack } = enforcement;
  return {
    groups: groups.map((group) => ({ name: group.name, configured: group.mode, inForce: enforcement.modeOf(group) })),
    warmupLeftMs: warmupEndsAtMs === undefined ? 0 : Math.max(0, warmupEndsAtMs - nowMs),
    hasFallenBack: heldBack === 'no source' && groups.some(({ mode }) => mode === 'enforce'),
    bypasses: bypasses.orders.map(({ group, untilMs }) => ({ group: group?.name ?? ALL_CLIENTS, endsAtMs: untilMs })),
    quarantines: quarantines.orders.length,
  };
}

function behaviourOf({ behaviour: house }: CountedParts): BehaviourMetricFigures | undefined {
  if (house === undefined) return undefined;
  const { isLooking, lost, thread } = house.behaviour.figures;
  const { hosts = 0, pairs = 0, groups = 0, rounds = 0, roundsMs = 0, events = {}, lostEntries = 0 } = thread ?? {};
  return {
    isLooking,
    hosts,
    pairs,
    groups,
    events: Object.entries(events),
    lost: Object.entries({ ...lost, border: lost.border + (thread?.lostBatches ?? 0), log: lostEntries }),
    rounds,
    roundsSeconds: roundsMs / 1000,
  };
}

function openFindingsOf({ findings }: CountedParts): readonly (readonly [kind: string, count: number])[] {
  return Object.entries(findings.figures.counts).map(([kind, counts]) => {
    const { closed: _, ...open } = counts;
    return [kind, Object.values(open).reduce((sum, count) => sum + count, 0)];
  });
}

/** Hosts and writers of one source are put together: a label has no more values than are configured. */
function queryLogOf({ queryLog }: Pick<CountedParts, 'queryLog'>): QueryLogFigures | undefined {
  if (queryLog === undefined) return undefined;
  const { isKept, sources } = queryLog.figures;
  const merged = new Map<string, QueryLogSourceFigures>();
  for (const { source, entries, refused, lost, lastAtMs, problem } of sources) {
    const name = source.split('/', 1)[0]!;
    const before = merged.get(name);
    merged.set(name, {
      source: name,
      entries: entries + (before?.entries ?? 0),
      refused: Object.values(refused).reduce((sum, count) => sum + count, before?.refused ?? 0),
      lost: lost + (before?.lost ?? 0),
      lastAtMs: laterOf(lastAtMs, before?.lastAtMs),
      isFailing: problem !== undefined || before?.isFailing === true,
    });
  }
  return { isKept, sources: merged.values() };
}

function laterOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

/** Whom a bypass is for that is for no group. */
const ALL_CLIENTS = 'all';

function rulesOf({ rules }: PolicyBook): readonly RuleFigures[] {
  return Array.from(rules.all(), ({ rule: { id, action, origin }, hits }) => ({ id, action, origin, hits }));
}

function packsOf(packs: PackBook): readonly PackFigures[] {
  const sizeOf = ({ addresses, networks, names }: ReturnType<PackBook['packs']>[number]['counts']) =>
    addresses + networks + names;
  const fixed = packs
    .packs()
    .map(({ name, counts }) => ({ name, entries: sizeOf(counts), refreshedAtMs: undefined, isFailing: false }));
  const lists = packs.lists().map(({ name, counts, checkedAtMs, fetchedAtMs, error }) => ({
    name,
    entries: sizeOf(counts),
    refreshedAtMs: checkedAtMs ?? fetchedAtMs,
    isFailing: error !== undefined,
  }));
  return [...fixed, ...lists];
}

interface Changes {
  learned: number;
  expired: number;
}

function countChanges(history: NsHistory): Readonly<Changes> {
  const changes: Changes = { learned: 0, expired: 0 };
  history.subscribe({
    learned() {
      changes.learned++;
    },
    expired() {
      changes.expired++;
    },
  });
  return changes;
}

function walkOf(
  { firewall, controller }: CountedParts,
  { verdicts, verdictTimes, holdTimes }: JoinedFigures,
): WalkFigures {
  const { counters, held } = firewall;
  const { openings } = firewall.tcp;
  const { queue } = controller;
  return {
    verdicts: Array.from(verdicts.counts(), ({ words: [verdict, reason, mode], count }) => ({
      verdict,
      reason,
      mode,
      count,
    })),
    verdictTimes: verdictTimes.figures(),
    holdTimes: holdTimes.figures(),
    heldPackets: held.packets,
    heldBytes: held.bytes,
    holdsBegun: counters.get('held'),
    holdsAllowed: counters.get('held and allowed'),
    holdsMerged: counters.get('held: merged'),
    holdsRefused: counters.get('held: no room'),
    packetsReleased: counters.get('released'),
    ignored: [
      ['unreadable', counters.get('unreadable frames')],
      ['not asked for', counters.get('not asked for')],
      ['not outbound DNS', counters.get('not outbound DNS')],
    ],
    openings: {
      held: openings.held.connections,
      bytes: openings.held.bytes,
      events: Object.entries(openings.counters.snapshot()),
    },
    queued: queue.counters.get('packet_in queued'),
    dropped: queue.counters.get('packet_in dropped'),
    late: queue.counters.get('late verdicts'),
    queueBytes: queue.bytes,
  };
}

function historyOf(history: NsHistory, { learned, expired }: Changes, config: Config): HistoryFigures {
  return {
    triples: history.size,
    pastTriples: history.pastCount,
    capacity: config.history.size,
    addresses: history.addressCount,
    refused: history.refused,
    learnedAddresses: learned,
    expiredAddresses: expired,
    glueless: history.gluelessCount,
  };
}

const REFUSED = 'refused: ';

function learningOf({ learner, sources, enforcement, controller }: CountedParts, config: Config): LearningFigures {
  const { counters } = learner;
  const { capture, dnstap } = sources;
  const refused = Object.entries(counters.snapshot()).flatMap(([name, count]): [string, number][] =>
    name.startsWith(REFUSED) ? [[name.slice(REFUSED.length), count]] : [],
  );
  return {
    isComplete: sources.areComplete(controller.switches),
    lastLearnedAtMs: enforcement.progress?.lastLearnedAtMs,
    capture: capture === undefined ? undefined : { isCapturing: capture.isCapturing, ...capture.statistics() },
    isDnstapConnected: dnstap?.isConnected,
    queries: counters.get('queries'),
    responsesMatched: counters.get('responses matched'),
    responsesUnmatched: counters.get('responses unmatched'),
    lessons: counters.get('lessons'),
    refused,
    pendingQueries: learner.statistics().pending.size,
    pendingCapacity: config.pending.size,
  };
}

function controllerOf({ controller, firewall }: CountedParts, config: Config): ControllerFigures {
  return {
    switches: controller.switches.map((session) => switchOf(session, firewall.gate(session.datapathId), config)),
    capacity: config.openflow.switches,
    connections: Object.entries(controller.connections.snapshot()),
    errors: controller.errors,
  };
}

function switchOf(session: SwitchSession, gate: Gate | undefined, { allow_flow, drop_flow }: Config): SwitchFigures {
  const { datapathId, peer, role, hasMeters, counters } = session;
  return {
    datapathId,
    peer,
    role,
    hasMeters,
    flows: [
      { kind: 'allow', count: gate?.allowFlowCount ?? 0, budget: gate?.budgets.allow ?? allow_flow.total },
      { kind: 'drop', count: gate?.dropFlowCount ?? 0, budget: gate?.budgets.drop ?? drop_flow.total },
    ],
    flowEvents: Object.entries(gate?.counters.snapshot() ?? {}),
    packetIns: counters.get('packet_in'),
    messages: counters.get('messages'),
    errors: counters.get('errors'),
  };
}
