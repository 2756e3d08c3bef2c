import { byWord, counters, flag, gauge, gauges, type Metric, seconds } from './metric.ts';
import type { NodeMetricSources, QueryLogSourceFigures } from './metric-sources.ts';

/** The query log: what comes into it, by the source as it is configured. */
export const QUERY_LOG_METRICS: readonly Metric<NodeMetricSources>[] = [
  gauge('gluewall_querylog_up', 'Whether the thread that keeps the query log runs: 1, else 0.', (sources) => {
    const log = sources.queryLog();
    return log === undefined ? undefined : flag(log.isKept);
  }),
  counters(
    'gluewall_querylog_entries_total',
    'Entries that a source has brought; hosts of a syslog source, and writers of dnstap, together.',
    ['source'],
    (sources) => bySource(sources, ({ entries }) => entries),
  ),
  counters(
    'gluewall_querylog_refused_total',
    'Records of a source that could not be read (gluewall log refused).',
    ['source'],
    (sources) => bySource(sources, ({ refused }) => refused),
  ),
  counters(
    'gluewall_querylog_lost_total',
    'Entries of a source that found no room while the query log could not be written.',
    ['source'],
    (sources) => bySource(sources, ({ lost }) => lost),
  ),
  gauges(
    'gluewall_querylog_last_entry_timestamp_seconds',
    'The time of the last record of a source, by its own clock, seconds since the epoch.',
    ['source'],
    (sources) =>
      sourcesOf(sources).flatMap(({ source, lastAtMs }) => {
        const value = seconds(lastAtMs);
        return value === undefined ? [] : [{ labels: { source }, value }];
      }),
  ),
  gauges(
    'gluewall_querylog_source_failing',
    'Whether a source cannot be read, or its entries not be kept, at the moment: 1, else 0.',
    ['source'],
    (sources) => bySource(sources, ({ isFailing }) => flag(isFailing)),
  ),
];

function sourcesOf(sources: NodeMetricSources): readonly QueryLogSourceFigures[] {
  return [...(sources.queryLog()?.sources ?? [])];
}

function bySource(sources: NodeMetricSources, figure: (source: QueryLogSourceFigures) => number) {
  return byWord(
    'source',
    sourcesOf(sources).map((source) => [source.source, figure(source)] as const),
  );
}
