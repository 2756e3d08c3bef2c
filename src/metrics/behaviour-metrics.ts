import { byWord, counter, counters, flag, gauge, gauges, type Metric } from './metric.ts';

/** What hosts do, and what was found. */
export const BEHAVIOUR_METRICS: readonly Metric[] = [
  gauge('gluewall_behaviour_up', 'Whether the thread that looks at what hosts do runs: 1, else 0.', (sources) => {
    const behaviour = sources.behaviour();
    return behaviour === undefined ? undefined : flag(behaviour.isLooking);
  }),
  gauge('gluewall_behaviour_hosts', 'Hosts that are held.', (sources) => sources.behaviour()?.hosts),
  gauge(
    'gluewall_behaviour_pairs',
    'Pairs of a host and what it contacted that are held.',
    (sources) => sources.behaviour()?.pairs,
  ),
  gauge('gluewall_behaviour_groups', 'Groups of bots (gluewall bots).', (sources) => sources.behaviour()?.groups),
  counters(
    'gluewall_behaviour_events_total',
    'What hosts were seen to do, by kind; since the thread began.',
    ['kind'],
    (sources) => byWord('kind', sources.behaviour()?.events ?? []),
  ),
  counters(
    'gluewall_behaviour_lost_total',
    'What found no room on its way to the thread: batches of captures, frames of dnstap, verdicts of the gate, entries of logs.',
    ['source'],
    (sources) => byWord('source', sources.behaviour()?.lost ?? []),
  ),
  counter(
    'gluewall_behaviour_rounds_total',
    'Rounds in which hosts were judged and grouped; since the thread began.',
    (sources) => sources.behaviour()?.rounds,
  ),
  counter(
    'gluewall_behaviour_round_seconds_total',
    'Time of work in these rounds.',
    (sources) => sources.behaviour()?.roundsSeconds,
  ),
  gauges('gluewall_findings_open', 'Findings that are not closed, by kind (gluewall findings).', ['kind'], (sources) =>
    byWord('kind', sources.openFindings()),
  ),
];
