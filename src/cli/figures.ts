/** The figures of a running gluewall: all of them for `status`, and its own losses for the log. */

import type { OpenFlowController } from '../controller/openflow-controller.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import type { EveFile } from '../events/eve-file.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Firewall } from '../firewall/firewall.ts';
import type { Learner } from '../nsdb/learner.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { AllowList } from '../policy/allow-list.ts';
import type { Mode } from '../policy/mode.ts';
import { formatInstant } from '../services/instant.ts';
import type { StatusView } from '../services/services.ts';
import type { StoreWriter } from '../storage/store-writer.ts';
import type { LearningSources } from './learning-sources.ts';

/** The parts that have figures. */
export interface CountedParts {
  readonly history: NsHistory;
  readonly allowList: AllowList;
  readonly learner: Learner;
  readonly sources: LearningSources;
  readonly firewall: Firewall;
  readonly feed: EventFeed<VerdictEvent>;
  readonly controller: OpenFlowController;
  readonly writer: StoreWriter;
  readonly eve: EveFile | undefined;
}

export interface ModeFigures {
  readonly configured: Mode;
  readonly inForce: Mode;
  /** When warm-up is over; Infinity while nothing is captured, undefined when it is over. */
  readonly warmupEndsAtMs: number | undefined;
}

export function statusOf(parts: CountedParts, mode: ModeFigures): StatusView {
  const { history, allowList, learner, firewall, feed, controller, writer, eve } = parts;
  const { capture, copies, dnstap } = parts.sources;
  return {
    mode: { configured: mode.configured, inForce: mode.inForce },
    warmup:
      mode.warmupEndsAtMs === undefined ? 'over' : (formatInstant(mode.warmupEndsAtMs) ?? 'waits for the capture'),
    history: { triples: history.size, addresses: history.addressCount, refused: history.refused },
    learning: learner.statistics(),
    capture: capture?.statistics() ?? null,
    copies:
      copies === undefined ? null : { ...controller.queue.copies.counters.snapshot(), ...copies.counters.snapshot() },
    dnstap: dnstap?.statistics() ?? null,
    allowList: { entries: allowList.size },
    verdicts: firewall.counters.snapshot(),
    held: firewall.held,
    eventsLost: feed.lost,
    store: writer.figures(),
    eve: eve?.figures ?? null,
    openflowErrors: controller.errors,
    packetIns: controller.queue.counters.snapshot(),
    connections: controller.connections.snapshot(),
    switches: controller.switches.map((session) => viewSwitch(session, firewall)),
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

/** What was lost, refused or could not be read since the start, by name. */
export function lossesOf(parts: CountedParts): ReadonlyMap<string, number> {
  const { history, learner, firewall, feed, controller, writer, eve } = parts;
  const { capture } = parts.sources;
  const losses = new Map<string, number>([
    ['connections refused for their rate', controller.connections.get('refused: rate')],
    ['connections refused for want of room', controller.connections.get('refused: no room')],
    ['connections refused for a datapath id in use', controller.connections.get('refused: duplicate datapath id')],
    ['TLS handshakes failed', refusedTls(controller)],
    ['frames from switches unreadable', firewall.counters.get('unreadable frames')],
    ['queries not judged for want of room', controller.queue.counters.get('packet_in dropped')],
    ['copies to learn from dropped for want of room', controller.queue.copies.counters.get('copies dropped')],
    ['queries judged late', controller.queue.counters.get('late verdicts')],
    ['queries not held for want of room', firewall.counters.get('held: no room')],
    ['verdicts not logged', feed.lost],
    ['events not kept in the store', writer.figures().lostEvents],
    ['triples not kept in the store', writer.figures().lostTriples],
    ['events not written to eve.file', eve?.figures.lost ?? 0],
    ['pending queries pushed out', learner.statistics().pending.evicted],
    ['triples refused, history full', history.refused],
  ]);
  const { droppedByKernel = 0, droppedByBackpressure = 0, counters = {} } = capture?.statistics() ?? {};
  losses.set('captured packets dropped', droppedByKernel + droppedByBackpressure);
  for (const [name, count] of Object.entries(counters)) {
    if (/^(dns|frame)-/.test(name)) losses.set(`captured ${name}`, count);
  }
  for (const session of controller.switches) {
    const { copiesDropped, asksDropped } = session.limits;
    losses.set(
      `copies of ${session.datapathId} dropped for their number`,
      Object.values(copiesDropped).reduce((sum, count) => sum + count, 0),
    );
    losses.set(`queries dropped by the meter of ${session.datapathId}`, asksDropped);
    losses.set(`messages of ${session.datapathId} unreadable`, session.counters.get('malformed'));
  }
  return losses;
}
