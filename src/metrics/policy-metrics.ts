import { counters, flag, gauges, type Metric, type Sample } from './metric.ts';
import type { MetricSources, PackFigures, RuleFigures } from './metric-sources.ts';
import { RuleHits } from './rule-hits.ts';

/** What is decided by rules and lists. Made anew for each registry: the hits of rules are added up from scrape to scrape. */
export function policyMetrics(): readonly Metric[] {
  const ruleHits = new RuleHits();
  return [
    gauges('gluewall_rules', 'Rules, by action and by where they were made.', ['action', 'origin'], (sources) =>
      ruleCounts(sources.policy().rules),
    ),
    counters(
      'gluewall_rule_hits_total',
      'Verdicts that a rule decided, by its id: the 1000 rules with the most hits, all others together as other.',
      ['rule', 'action'],
      (sources) => ruleHits.samples(sources.policy().rules),
    ),
    gauges('gluewall_pack_entries', 'Entries of a pack that is in force.', ['pack'], (sources) =>
      ofPacks(sources, ({ entries }) => entries),
    ),
    gauges(
      'gluewall_pack_refreshed_timestamp_seconds',
      'When a pack was last read or fetched whole, seconds since the epoch.',
      ['pack'],
      (sources) =>
        ofPacks(sources, ({ refreshedAtMs }) => (refreshedAtMs === undefined ? undefined : refreshedAtMs / 1000)),
    ),
    gauges(
      'gluewall_pack_failing',
      'Whether the last refresh of a pack failed, and its last good copy is in force: 1, else 0.',
      ['pack'],
      (sources) => ofPacks(sources, ({ isFailing }) => flag(isFailing)),
    ),
  ];
}

function ruleCounts(rules: Iterable<RuleFigures>): readonly Sample[] {
  const samples = new Map<string, { readonly labels: Sample['labels']; value: number }>();
  for (const { action, origin } of rules) {
    const key = `${action} ${origin}`;
    const sample = samples.get(key) ?? { labels: { action, origin }, value: 0 };
    sample.value++;
    samples.set(key, sample);
  }
  return [...samples.values()];
}

function ofPacks({ policy }: MetricSources, read: (pack: PackFigures) => number | undefined): readonly Sample[] {
  return Array.from(policy().packs ?? []).flatMap((pack) => {
    const value = read(pack);
    return value === undefined ? [] : [{ labels: { pack: pack.name }, value }];
  });
}
