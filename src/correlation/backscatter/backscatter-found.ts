import { type Address, formatAddress } from '../../core/address.ts';
import { percent } from '../../core/words.ts';
import type { Found, Reason } from '../../findings/finding.ts';
import type { BackscatterAlarm } from './window-judge.ts';

/** How sure each sign alone makes. */
const WEIGHT = { rise: 0.6, share: 0.5, correlation: 0.5 } as const;

/** An alarm as a finding, with its reasons. */
export function backscatterFound(server: Address, alarm: BackscatterAlarm): Found {
  const reasons = reasonsOf(alarm);
  const doubt = reasons.reduce((product, { weight }) => product * (1 - weight), 1);
  return {
    kind: 'backscatter',
    subject: formatAddress(server),
    score: 1 - doubt,
    reasons,
    hosts: [formatAddress(server)],
    firstAtMs: alarm.startMs,
    lastAtMs: alarm.endMs ?? alarm.lastMs,
  };
}

function reasonsOf(alarm: BackscatterAlarm): readonly Reason[] {
  const { startMs, peakMs, endMs, lastMs, peakPerSecond, usualPerSecond, total, unresolved, r2, by } = alarm;
  const how = by === 'codes' ? 'names that do not exist' : 'names with the local domain behind them';
  const until = endMs === undefined ? 'it goes on' : `until ${instant(endMs)}`;
  const common = { events: unresolved, firstAtMs: startMs, lastAtMs: endMs ?? lastMs, samples: [] };
  const share = unresolved / Math.max(1, total);
  return [
    {
      kind: 'unresolvable-names',
      weight: WEIGHT.rise,
      line:
        `queries for ${how} rose from ${rate(usualPerSecond)} to ${rate(peakPerSecond)} a second at ${instant(peakMs)}: ` +
        `from ${instant(startMs)}, ${until}`,
      ...common,
    },
    {
      kind: 'share',
      weight: WEIGHT.share * Math.min(1, 2 * share),
      line: `${percent(share)} of its ${total} queries were for such names`,
      ...common,
    },
    {
      kind: 'correlation',
      weight: WEIGHT.correlation * r2,
      line: `all its queries rise and fall with them: R² = ${r2.toFixed(3)}`,
      ...common,
    },
  ];
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(2) : perSecond.toFixed(0);
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
