import { byWord, counter, counters, flag, gauge, type Metric } from './metric.ts';

/** The Response Policy Zone, and what resolvers make of it. */
export const RPZ_METRICS: readonly Metric[] = [
  gauge(
    'gluewall_rpz_entries',
    'Entries of the Response Policy Zone (gluewall rpz show).',
    (sources) => sources.rpz()?.entries,
  ),
  gauge(
    'gluewall_rpz_left_out',
    'What findings call for and is not in the Response Policy Zone, since it must not be blocked.',
    (sources) => sources.rpz()?.leftOut,
  ),
  gauge('gluewall_rpz_serial', 'The serial of the Response Policy Zone.', (sources) => sources.rpz()?.serial),
  gauge(
    'gluewall_rpz_is_written',
    'Whether the file of the Response Policy Zone is written and its reload command done: 1, else 0.',
    (sources) => {
      const rpz = sources.rpz();
      return rpz === undefined ? undefined : flag(rpz.problem === undefined);
    },
  ),
  counter(
    'gluewall_rpz_failures_total',
    'How often the file of the Response Policy Zone could not be written, or its reload command failed.',
    (sources) => sources.rpz()?.failures,
  ),
  counters(
    'gluewall_rpz_requests_total',
    'Requests of secondaries by outcome: transfer and soa, or why they were refused.',
    ['outcome'],
    (sources) => byWord('outcome', sources.rpz()?.requests ?? []),
  ),
  counter(
    'gluewall_rpz_notifies_total',
    'NOTIFY messages to secondaries, those sent again among them.',
    (sources) => sources.rpz()?.notifies,
  ),
  counter(
    'gluewall_rpz_notifies_unanswered_total',
    'Changes of the zone that a secondary did not confirm to have heard of.',
    (sources) => sources.rpz()?.notifiesUnanswered,
  ),
];
