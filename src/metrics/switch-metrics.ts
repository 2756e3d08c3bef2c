import { byWord, counter, counters, flag, gauge, gauges, type Metric, type Sample } from './metric.ts';
import type { MetricSources, SwitchFigures } from './metric-sources.ts';

/** Switches, their connections and the flows on them. */
export const SWITCH_METRICS: readonly Metric[] = [
  gauge(
    'gluewall_switches_connected',
    'Switches that are connected and whose flows stand.',
    (sources) => [...sources.controller().switches].length,
  ),
  gauge(
    'gluewall_switches_capacity',
    'The most switches at once (openflow.switches).',
    (sources) => sources.controller().capacity,
  ),
  counters('gluewall_connections_total', 'Connections of switches, by outcome.', ['outcome'], (sources) =>
    byWord('outcome', sources.controller().connections),
  ),
  counter(
    'gluewall_openflow_errors_total',
    'OpenFlow ERROR messages received.',
    (sources) => sources.controller().errors,
  ),
  gauges('gluewall_switch_info', 'A switch that is connected; always 1.', ['switch', 'peer', 'role'], (sources) =>
    ofEach(sources, ({ peer, role }) => [{ labels: { peer, role }, value: 1 }]),
  ),
  gauges('gluewall_switch_has_meters', 'Whether the switch has meters: 1, else 0.', ['switch'], (sources) =>
    ofEach(sources, ({ hasMeters }) => [{ labels: {}, value: flag(hasMeters) }]),
  ),
  counters(
    'gluewall_packet_ins_total',
    'Packet_ins received, in this connection of the switch.',
    ['switch'],
    (sources) => ofEach(sources, ({ packetIns }) => [{ labels: {}, value: packetIns }]),
  ),
  counters(
    'gluewall_switch_messages_total',
    'OpenFlow messages received, in this connection of the switch.',
    ['switch'],
    (sources) => ofEach(sources, ({ messages }) => [{ labels: {}, value: messages }]),
  ),
  counters(
    'gluewall_switch_errors_total',
    'OpenFlow ERROR messages received, in this connection of the switch.',
    ['switch'],
    (sources) => ofEach(sources, ({ errors }) => [{ labels: {}, value: errors }]),
  ),
  gauges('gluewall_switch_flows', 'Flows that verdicts made on the switch, by kind.', ['switch', 'kind'], (sources) =>
    ofEach(sources, ({ flows }) => Array.from(flows, ({ kind, count }) => ({ labels: { kind }, value: count }))),
  ),
  gauges(
    'gluewall_switch_flow_budget',
    'The most flows of this kind that verdicts may make on the switch.',
    ['switch', 'kind'],
    (sources) =>
      ofEach(sources, ({ flows }) => Array.from(flows, ({ kind, budget }) => ({ labels: { kind }, value: budget }))),
  ),
  counters(
    'gluewall_switch_flow_events_total',
    'What became of flows that verdicts made on the switch, by event.',
    ['switch', 'event'],
    (sources) => ofEach(sources, ({ flowEvents }) => byWord('event', flowEvents)),
  ),
];

function ofEach({ controller }: MetricSources, read: (one: SwitchFigures) => readonly Sample[]): readonly Sample[] {
  return Array.from(controller().switches).flatMap((one) =>
    read(one).map(({ labels, value }) => ({ labels: { switch: one.datapathId, ...labels }, value })),
  );
}
