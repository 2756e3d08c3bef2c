import { byWord, counter, counters, flag, gauge, gauges, type Metric, type Sample, seconds } from './metric.ts';
import type { MetricSources, NodeMetricSources } from './metric-sources.ts';

/** What gluewall is and what it was told. */
export const CONFIG_METRICS: readonly Metric<NodeMetricSources>[] = [
  gauges('gluewall_build_info', 'The version that runs; always 1.', ['version'], ({ version }) =>
    version === undefined ? [] : [{ labels: { version }, value: 1 }],
  ),
  gauges(
    'gluewall_config_info',
    'The configuration in force, by the first digits of its SHA-256; equal for equal configurations; always 1.',
    ['hash'],
    (sources) => [{ labels: { hash: sources.config().hash }, value: 1 }],
  ),
  gauge(
    'gluewall_config_applied_timestamp_seconds',
    'When the configuration in force was taken up, seconds since the epoch.',
    (sources) => seconds(sources.config().appliedAtMs),
  ),
  gauge(
    'gluewall_config_last_reload_successful',
    'Whether the last reload was applied: 1, or 0 when it was refused and changed nothing; 1 while there was none.',
    (sources) => flag(sources.config().last !== 'refused'),
  ),
  counters('gluewall_config_reloads_total', 'Reloads of the configuration, by outcome.', ['outcome'], (sources) => {
    const { applied, refused } = sources.config();
    return byWord('outcome', [
      ['applied', applied],
      ['refused', refused],
    ]);
  }),
];

/** Whether verdicts are carried out. */
export const MODE_METRICS: readonly Metric[] = [
  gauges(
    'gluewall_enforce_configured',
    'Whether the client group is to be enforced: 1, or 0 for monitor.',
    ['group'],
    (sources) => ofGroups(sources, ({ configured }) => configured),
  ),
  gauges(
    'gluewall_enforce_in_force',
    'Whether verdicts on the client group are carried out now: 1, or 0 where they are only told.',
    ['group'],
    (sources) => ofGroups(sources, ({ inForce }) => inForce),
  ),
  gauge(
    'gluewall_warmup_remaining_seconds',
    'How long the history still has to learn before enforce blocks anything; 0 when warm-up is over.',
    (sources) => seconds(sources.mode().warmupLeftMs),
  ),
  gauge(
    'gluewall_fallback_active',
    'Whether enforce was given up for monitor because the history is no longer fed: 1, else 0.',
    (sources) => flag(sources.mode().hasFallenBack),
  ),
  gauge(
    'gluewall_bypasses_active',
    'Emergency bypasses in force (gluewall bypass).',
    (sources) => [...sources.mode().bypasses].length,
  ),
  gauge(
    'gluewall_quarantines_active',
    'Hosts in quarantine (gluewall quarantine).',
    (sources) => sources.mode().quarantines,
  ),
  counter(
    'gluewall_quarantines_begun_by_rules_total',
    'Quarantines that response.rules began.',
    (sources) => sources.quarantineRules().begun,
  ),
  counter(
    'gluewall_quarantines_refused_total',
    'Hosts that response.rules would have put in quarantine, beyond response.most_hosts.',
    (sources) => sources.quarantineRules().refused,
  ),
  gauges(
    'gluewall_bypass_end_timestamp_seconds',
    'When an emergency bypass ends by itself, seconds since the epoch, by the client group it is for, or all.',
    ['group'],
    (sources) =>
      Array.from(sources.mode().bypasses, ({ group, endsAtMs }) => ({ labels: { group }, value: endsAtMs / 1000 })),
  ),
];

function ofGroups(
  sources: MetricSources,
  mode: (group: { readonly configured: string; readonly inForce: string }) => string,
): readonly Sample[] {
  return Array.from(sources.mode().groups, (group) => ({
    labels: { group: group.name },
    value: flag(mode(group) === 'enforce'),
  }));
}

/** What is kept, and what was lost. */
export const STORE_METRICS: readonly Metric[] = [
  gauge(
    'gluewall_store_failing',
    'Whether the store cannot be written: 1, else 0; the log has the reason.',
    (sources) => flag(sources.store().failing !== undefined),
  ),
  gauge(
    'gluewall_store_last_write_timestamp_seconds',
    'When all that waited was last written, seconds since the epoch.',
    (sources) => seconds(sources.store().lastFlushAtMs),
  ),
  gauges('gluewall_store_waiting', 'Rows that wait for the store, by kind.', ['kind'], (sources) => {
    const { waitingTriples, waitingEvents } = sources.store();
    return kinds(waitingTriples, waitingEvents);
  }),
  counters('gluewall_store_written_total', 'Rows written to the store, by kind.', ['kind'], (sources) => {
    const { writtenTriples, writtenEvents } = sources.store();
    return kinds(writtenTriples, writtenEvents);
  }),
  counters(
    'gluewall_store_lost_total',
    'Rows that the store refused or that found no room to wait for it, by kind.',
    ['kind'],
    (sources) => {
      const { lostTriples, lostEvents } = sources.store();
      return kinds(lostTriples, lostEvents);
    },
  ),
  gauge(
    'gluewall_store_journal_saves',
    'Saves that wait in the journal while the store is away.',
    (sources) => sources.store().journalSaves,
  ),
  gauge('gluewall_store_journal_bytes', 'Octets of the journal.', (sources) => sources.store().journalBytes),
  counters(
    'gluewall_losses_total',
    'What was lost, refused or could not be read, by place, in the words of the log; switch is empty where it is not one of them.',
    ['place', 'switch'],
    (sources) =>
      Array.from(sources.losses(), ({ place, datapathId = '', count }) => ({
        labels: { place, switch: datapathId },
        value: count,
      })),
  ),
];

function kinds(triples: number, events: number): readonly Sample[] {
  return byWord('kind', [
    ['triples', triples],
    ['events', events],
  ]);
}
