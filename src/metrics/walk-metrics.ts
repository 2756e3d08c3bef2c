import { byWord, counter, counters, durations, gauge, type Metric, type Sample } from './metric.ts';
import type { WalkFigures } from './metric-sources.ts';

/** What became of queries. */
export const WALK_METRICS: readonly Metric[] = [
  counters(
    'gluewall_verdicts_total',
    'Verdicts on direct outbound queries, by verdict, reason, and the mode of the client group at the time; in monitor mode a block was only told.',
    ['verdict', 'reason', 'mode'],
    (sources) =>
      Array.from(sources.walk().verdicts, ({ verdict, reason, mode, count }) => ({
        labels: { verdict, reason, mode },
        value: count,
      })),
  ),
  durations(
    'gluewall_verdict_duration_seconds',
    'Time that a packet_in took to its verdict, or to its hold, once its turn had come; one in some of them is measured.',
    (sources) => sources.walk().verdictTimes,
  ),
  durations(
    'gluewall_hold_duration_seconds',
    'Time for which the verdict on an unknown destination was held.',
    (sources) => sources.walk().holdTimes,
  ),
  counters(
    'gluewall_holds_total',
    'Holds that ended, by outcome: allowed (the destination became known), blocked; merged (a retransmission of what was held) and no_room were never held by themselves.',
    ['outcome'],
    (sources) => holdOutcomes(sources.walk()),
  ),
  gauge('gluewall_held_packets', 'Packets held now.', (sources) => sources.walk().heldPackets),
  gauge('gluewall_held_bytes', 'Octets of packets held now.', (sources) => sources.walk().heldBytes),
  gauge(
    'gluewall_tcp_openings_held',
    'TCP connections whose first message is waited for, because verdicts on them read names.',
    (sources) => sources.walk().openings.held,
  ),
  gauge(
    'gluewall_tcp_openings_held_bytes',
    'Octets of first messages that are not whole yet.',
    (sources) => sources.walk().openings.bytes,
  ),
  counters('gluewall_tcp_openings_total', 'What became of such connections, by event.', ['event'], (sources) =>
    byWord('event', sources.walk().openings.events),
  ),
  counter(
    'gluewall_packets_released_total',
    'Packets that waited for their verdict and were let through.',
    (sources) => sources.walk().packetsReleased,
  ),
  counters('gluewall_packet_ins_ignored_total', 'Packet_ins that got no verdict, by why.', ['reason'], (sources) =>
    byWord('reason', sources.walk().ignored),
  ),
  counter(
    'gluewall_packet_ins_queued_total',
    'Packet_ins that waited because their port sent more than its share.',
    (sources) => sources.walk().queued,
  ),
  counter(
    'gluewall_packet_ins_dropped_total',
    'Packet_ins that found no room to wait: queries that were not judged.',
    (sources) => sources.walk().dropped,
  ),
  counter(
    'gluewall_packet_ins_late_total',
    'Packet_ins that waited for more than a second.',
    (sources) => sources.walk().late,
  ),
  gauge(
    'gluewall_packet_in_queue_bytes',
    'Octets of packet_ins that wait now.',
    (sources) => sources.walk().queueBytes,
  ),
];

/** Of those begun, what is neither held any more nor was allowed was blocked. */
function holdOutcomes(walk: WalkFigures): readonly Sample[] {
  const { holdsBegun, holdsAllowed, holdsMerged, holdsRefused, heldPackets } = walk;
  return byWord('outcome', [
    ['allowed', holdsAllowed],
    ['blocked', Math.max(0, holdsBegun - holdsAllowed - heldPackets)],
    ['merged', holdsMerged],
    ['no_room', holdsRefused],
  ]);
}
