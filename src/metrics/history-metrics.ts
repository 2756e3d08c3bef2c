import { byWord, counter, counters, flag, gauge, type Metric, seconds } from './metric.ts';

/** What the history holds. */
export const HISTORY_METRICS: readonly Metric[] = [
  gauge(
    'gluewall_history_triples',
    'Triples (zone, name server, address) in the history that have not expired.',
    (sources) => sources.history().triples,
  ),
  gauge(
    'gluewall_history_past_triples',
    'Triples that have expired and are remembered; they make room for new ones.',
    (sources) => sources.history().pastTriples,
  ),
  gauge(
    'gluewall_history_capacity_triples',
    'The most triples that the history holds (history.size).',
    (sources) => sources.history().capacity,
  ),
  gauge(
    'gluewall_history_addresses',
    'Name-server addresses that are known now.',
    (sources) => sources.history().addresses,
  ),
  gauge(
    'gluewall_history_glueless_records',
    'NS records that wait for the address of their name server.',
    (sources) => sources.history().glueless,
  ),
  counter(
    'gluewall_history_refused_total',
    'Triples that were not taken because the history was full.',
    (sources) => sources.history().refused,
  ),
  counter(
    'gluewall_history_addresses_learned_total',
    'Addresses that became known, those read from the store among them.',
    (sources) => sources.history().learnedAddresses,
  ),
  counter(
    'gluewall_history_addresses_expired_total',
    'Addresses that are known no more.',
    (sources) => sources.history().expiredAddresses,
  ),
];

/** What the history learns from. */
export const LEARNING_METRICS: readonly Metric[] = [
  gauge(
    'gluewall_learning_sources_complete',
    'Whether every source of the history that is configured works: 1, else 0.',
    (sources) => flag(sources.learning().isComplete),
  ),
  gauge(
    'gluewall_learning_last_timestamp_seconds',
    'When all sources of the history were last there, seconds since the epoch.',
    (sources) => seconds(sources.learning().lastLearnedAtMs),
  ),
  counter(
    'gluewall_learning_queries_total',
    'Queries that left and were seen leaving.',
    (sources) => sources.learning().queries,
  ),
  counters(
    'gluewall_learning_responses_total',
    'Responses seen from outside, by whether a query that left matches them.',
    ['match'],
    (sources) => {
      const { responsesMatched, responsesUnmatched } = sources.learning();
      return byWord('match', [
        ['matched', responsesMatched],
        ['unmatched', responsesUnmatched],
      ]);
    },
  ),
  counter(
    'gluewall_learning_lessons_total',
    'Triples that responses taught, new ones and those known already.',
    (sources) => sources.learning().lessons,
  ),
  counters(
    'gluewall_learning_refused_total',
    'What was not learned, by the rule that refused it (docs/learning.md).',
    ['rule'],
    (sources) => byWord('rule', sources.learning().refused),
  ),
  gauge(
    'gluewall_learning_pending_queries',
    'Queries that wait for their response.',
    (sources) => sources.learning().pendingQueries,
  ),
  gauge(
    'gluewall_learning_pending_capacity_queries',
    'The most queries that wait for their response (pending.size).',
    (sources) => sources.learning().pendingCapacity,
  ),
  gauge(
    'gluewall_dnstap_connected',
    'Whether a resolver writes dnstap: 1, else 0; no sample where none is to.',
    (sources) => {
      const { isDnstapConnected } = sources.learning();
      return isDnstapConnected === undefined ? undefined : flag(isDnstapConnected);
    },
  ),
  gauge(
    'gluewall_capture_up',
    'Whether every interface is captured: 1, else 0; no sample where nothing is to be captured.',
    (sources) => {
      const { capture } = sources.learning();
      return capture === undefined ? undefined : flag(capture.isCapturing);
    },
  ),
  counter(
    'gluewall_capture_packets_received_total',
    'Packets that the kernel gave to the capture.',
    (sources) => sources.learning().capture?.receivedByKernel,
  ),
  counters(
    'gluewall_capture_packets_dropped_total',
    'Packets that the capture lost, by place: kernel (its buffer was full), backpressure (gluewall did not keep up).',
    ['place'],
    (sources) => {
      const { capture } = sources.learning();
      if (capture === undefined) return [];
      return byWord('place', [
        ['kernel', capture.droppedByKernel],
        ['backpressure', capture.droppedByBackpressure],
      ]);
    },
  ),
  counter(
    'gluewall_capture_observations_total',
    'DNS messages that the capture found.',
    (sources) => sources.learning().capture?.observations,
  ),
  counter(
    'gluewall_capture_restarts_total',
    'How often the capture process was started again.',
    (sources) => sources.learning().capture?.restarts,
  ),
];
