/** A series in the notation of `promtool test rules`, one value a minute, and its values: `0x9` is 0 ten times, `stale` its end. */
type Series = readonly [series: string, values: string];

export interface AlertCase {
  readonly alert: string;
  /** Minutes after the start. */
  readonly atMinutes: number;
  readonly fires: readonly Series[];
  /** Labels of the alert beside those of its rule. */
  readonly labels: Readonly<Record<string, string>>;
  /** Situations in which it must not fire at that time. */
  readonly quiet: readonly (readonly Series[])[];
}

const INSTANCE = '192.0.2.9:9653';
const here = { instance: INSTANCE };

/** A metric of the instance, with more labels. */
const own = (name: string, labels: Readonly<Record<string, string>> = {}) =>
  `${name}{${Object.entries({ ...here, ...labels })
    .map(([label, text]) => `${label}="${text}"`)
    .join(',')}}`;

const loss = (place: string) => own('gluewall_losses_total', { place });
const SWITCH = '000000000000002a';

/** A gauge that is wrong from the start on, or right, or wrong for a while only. */
function gaugeCase(
  alert: string,
  metric: string,
  values: { readonly wrong: string; readonly right: string },
  forMinutes: number,
  labels: Readonly<Record<string, string>> = {},
): AlertCase {
  const series = own(metric, labels);
  const { wrong, right } = values;
  const quiet: Series[][] = [[[series, `${right}x30`]]];
  // Back before its time, or too short ago.
  if (forMinutes > 1) quiet.push([[series, `${right}x10 ${wrong}x${forMinutes - 2} ${right}x20`]]);
  if (forMinutes > 0) quiet.push([[series, `${right}x19 ${wrong}x10`]]);
  return { alert, atMinutes: 20, fires: [[series, `${wrong}x30`]], labels: { ...here, ...labels }, quiet };
}

/** A counter that grew in the last minutes, or long ago. */
function growthCase(alert: string, series: string, labels: Readonly<Record<string, string>>): AlertCase {
  const quiet: Series[][] = [[[series, '7x40']], [[series, '0x9 9x30']]];
  return { alert, atMinutes: 30, fires: [[series, '0x28 1x10']], labels, quiet };
}

const WRONG_1 = { wrong: '1', right: '0' };
const WRONG_0 = { wrong: '0', right: '1' };

const overload = (place: string): AlertCase => growthCase('GluewallOverloaded', loss(place), { ...here, place });
const eventsLost = (place: string): AlertCase => growthCase('GluewallEventsLost', loss(place), { ...here, place });

const buckets = (upTo50Ms: string, all: string): Series[] => [
  [own('gluewall_verdict_duration_seconds_bucket', { le: '0.05' }), upTo50Ms],
  [own('gluewall_verdict_duration_seconds_bucket', { le: '0.25' }), all],
  [own('gluewall_verdict_duration_seconds_bucket', { le: '+Inf' }), all],
];

const drops = (dropped: string, received: string): Series[] => [
  [own('gluewall_capture_packets_dropped_total', { place: 'kernel' }), dropped],
  [own('gluewall_capture_packets_dropped_total', { place: 'backpressure' }), '0x40'],
  [own('gluewall_capture_packets_received_total'), received],
];

const group = { group: 'lab' };
const enforcing = (changes: Readonly<Record<string, string>> = {}): Series[] => {
  const values: Readonly<Record<string, string>> = {
    gluewall_enforce_configured: '1x30',
    gluewall_enforce_in_force: '0x30',
    gluewall_warmup_remaining_seconds: '0x30',
    gluewall_bypasses_active: '0x30',
    gluewall_fallback_active: '0x30',
    ...changes,
  };
  return Object.entries(values).map(([name, text]) => [own(name, name.includes('enforce') ? group : {}), text]);
};

const history = (triples: string): Series[] => [
  [own('gluewall_history_triples'), triples],
  [own('gluewall_history_capacity_triples'), '1000x40'],
];

const flows = (count: string, budget: string): Series[] => [
  [own('gluewall_switch_flows', { switch: SWITCH, kind: 'allow' }), count],
  [own('gluewall_switch_flow_budget', { switch: SWITCH, kind: 'allow' }), budget],
];

const connected = (info: string, switches: string, more: readonly Series[] = []): Series[] => [
  [own('gluewall_switch_info', { switch: SWITCH, peer: '192.0.2.1:4711', role: 'equal' }), info],
  [own('gluewall_switches_connected'), switches],
  ...more,
];

/** For each alert at least one situation in which it fires and one in which it does not. */
export const ALERT_CASES: readonly AlertCase[] = [
  gaugeCase('GluewallDown', 'up', WRONG_0, 1, { job: 'gluewall' }),
  {
    ...gaugeCase('GluewallDown', 'up', WRONG_0, 1, { job: 'gluewall' }),
    quiet: [[['up{job="other",instance="192.0.2.9:9100"}', '0x30']]],
  },
  gaugeCase('GluewallNoSwitch', 'gluewall_switches_connected', { wrong: '0', right: '2' }, 1),
  {
    alert: 'GluewallSwitchLost',
    atMinutes: 20,
    fires: connected('1x15 stale', '2x15 1x20'),
    labels: { ...here, switch: SWITCH },
    quiet: [
      connected('1x40', '1x40'),
      // By another connection, from another port.
      connected('1x15 stale', '1x40', [
        [own('gluewall_switch_info', { switch: SWITCH, peer: '192.0.2.1:4712', role: 'equal' }), '_x16 1x20'],
      ]),
      // Gone for good long ago.
      connected('1x2 stale', '0x40'),
      // gluewall itself is gone, which is another alert.
      connected('1x10 stale', '1x10 stale'),
    ],
  },
  gaugeCase('GluewallCaptureGone', 'gluewall_capture_up', WRONG_0, 1),
  gaugeCase('GluewallNotLearning', 'gluewall_learning_sources_complete', WRONG_0, 5),
  gaugeCase('GluewallDnstapGone', 'gluewall_dnstap_connected', WRONG_0, 5),
  {
    alert: 'GluewallCaptureDrops',
    atMinutes: 20,
    fires: drops('0+20x40', '0+1000x40'),
    labels: here,
    quiet: [drops('0+1x40', '0+10000x40'), drops('0x40', '0x40'), drops('5000x40', '0+1000x40')],
  },
  overload('queries not judged for want of room'),
  overload('queries dropped by the meter'),
  overload('queries judged late'),
  overload('queries not held for want of room'),
  overload('connections not judged for want of room'),
  {
    ...overload('queries judged late'),
    quiet: [[[loss('connections refused for their rate'), '0+10x40']]],
  },
  {
    alert: 'GluewallSlowVerdicts',
    atMinutes: 20,
    fires: buckets('0+90x40', '0+100x40'),
    labels: here,
    quiet: [buckets('0+100x40', '0+100x40'), buckets('0x40', '0x40')],
  },
  gaugeCase('GluewallStoreFailing', 'gluewall_store_failing', WRONG_1, 1),
  gaugeCase('GluewallQueryLogFailing', 'gluewall_querylog_source_failing', WRONG_1, 10, { source: 'ns1' }),
  eventsLost('verdicts not logged'),
  eventsLost('events not kept in the store'),
  eventsLost('events not written to eve.file'),
  gaugeCase('GluewallFellBackToMonitor', 'gluewall_fallback_active', WRONG_1, 0),
  {
    alert: 'GluewallNotEnforcing',
    atMinutes: 20,
    fires: enforcing(),
    labels: { ...here, ...group },
    quiet: [
      enforcing({ gluewall_enforce_in_force: '1x30' }),
      enforcing({ gluewall_enforce_configured: '0x30' }),
      enforcing({ gluewall_warmup_remaining_seconds: '3600x30' }),
      enforcing({ gluewall_bypasses_active: '1x30' }),
      enforcing({ gluewall_fallback_active: '1x30' }),
    ],
  },
  gaugeCase('GluewallBypassInForce', 'gluewall_bypasses_active', WRONG_1, 0),
  {
    alert: 'GluewallHistoryNearFull',
    atMinutes: 20,
    fires: history('950x40'),
    labels: here,
    quiet: [history('900x40'), history('0x14 990x20')],
  },
  growthCase('GluewallHistoryFull', own('gluewall_history_refused_total'), here),
  growthCase('GluewallPendingQueriesFull', loss('pending queries pushed out'), {
    ...here,
    place: 'pending queries pushed out',
  }),
  {
    alert: 'GluewallFlowBudgetNearlySpent',
    atMinutes: 20,
    fires: flows('91x40', '100x40'),
    labels: { ...here, switch: SWITCH, kind: 'allow' },
    quiet: [flows('90x40', '100x40'), flows('0x40', '0x40'), flows('0x17 99x20', '100x40')],
  },
  gaugeCase('GluewallReloadRefused', 'gluewall_config_last_reload_successful', WRONG_0, 0),
  gaugeCase('GluewallPackFailing', 'gluewall_pack_failing', WRONG_1, 15, { pack: 'doh' }),
  gaugeCase('GluewallNodeDown', 'gluewall_node_up', WRONG_0, 2),
  growthCase('GluewallNodeUnaudited', own('gluewall_node_unaudited_total'), here),
  {
    alert: 'GluewallNodeCertificateEnds',
    atMinutes: 90,
    fires: [[own('gluewall_node_certificate_expiry_timestamp_seconds'), '1000000x120']],
    labels: here,
    quiet: [[[own('gluewall_node_certificate_expiry_timestamp_seconds'), '2000000x120']]],
  },
  {
    alert: 'GluewallMetricsIncomplete',
    atMinutes: 30,
    fires: [[own('gluewall_metrics_problems_total'), '0x28 1x10']],
    labels: here,
    quiet: [[[own('gluewall_metrics_problems_total'), '7x40']]],
  },
];
