import { byWord, counter, counters, durations, flag, gauge, gauges, type Metric, seconds } from './metric.ts';
import type { NodeMetricSources } from './metric-sources.ts';

/** The traceback node: who asks it what, and what becomes of it. */
export const TRACEBACK_METRICS: readonly Metric<NodeMetricSources>[] = [
  gauge('gluewall_node_up', 'Whether the traceback node answers its peers: 1, else 0.', (sources) => {
    const node = sources.node();
    return node === undefined ? undefined : flag(node.isUp);
  }),
  counter(
    'gluewall_node_restarts_total',
    'How often the thread of the traceback node ended by itself and began anew.',
    (sources) => sources.node()?.restarts,
  ),
  counters(
    'gluewall_node_requests_total',
    'Requests of peers, by kind and outcome: granted, or refused, which is not told by kind.',
    ['kind', 'outcome'],
    (sources) =>
      Array.from(sources.node()?.requests ?? [], ({ kind, outcome, count }) => ({
        labels: { kind, outcome },
        value: count,
      })),
  ),
  counters(
    'gluewall_node_problems_total',
    'Requests of peers that were refused, by type of problem (docs/errors.md).',
    ['problem'],
    (sources) => byWord('problem', sources.node()?.problems ?? []),
  ),
  counters(
    'gluewall_node_peer_failures_total',
    'Requests to peers without a good answer, by peer and reason.',
    ['peer', 'reason'],
    (sources) =>
      Array.from(sources.node()?.peerFailures ?? [], ({ peer, reason, count }) => ({
        labels: { peer, reason },
        value: count,
      })),
  ),
  durations(
    'gluewall_node_answer_seconds',
    'From the arrival of a request of a peer to its answer, those that wait for other peers among them.',
    (sources) => sources.node()?.answerTimes,
  ),
  gauges('gluewall_node_cases', 'Cases of this node, by state (gluewall traceback list).', ['state'], (sources) =>
    byWord('state', sources.node()?.cases ?? []),
  ),
  gauge(
    'gluewall_node_audit_records',
    'Records of the audit log, all parts of it together.',
    (sources) => sources.node()?.auditRecords,
  ),
  counter(
    'gluewall_node_unaudited_total',
    'Requests that were refused because the audit log could not be written.',
    (sources) => sources.node()?.unaudited,
  ),
  gauge(
    'gluewall_node_certificate_expiry_timestamp_seconds',
    'When the certificate of the traceback node ends, seconds since the epoch.',
    (sources) => seconds(sources.node()?.certificateExpiresAtMs),
  ),
];
