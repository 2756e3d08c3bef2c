/** The figures of paper 4, of one mail server: as pictures. */
import type { Point } from '../../charts/chart-frame.ts';
import { type Band, lineChart } from '../../charts/line-chart.ts';
import { scatterChart } from '../../charts/scatter-chart.ts';
import { formatAddress } from '../../core/address.ts';
import { DAY_MS } from '../../core/clock.ts';
import { fileWord, type MailServerReport } from './backscatter-report.ts';
import type { MailCounts } from './mail-log.ts';

const MAX_POINTS = 2000;
const MAX_ALARM_FIGURES = 10;
const TIME = { label: 'time (UTC)', scale: 'time' } as const;
const PER_SECOND = { label: 'queries per second', scale: 'linear' } as const;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** By the names of their files. `mail` is empty where no log of the mail server is known. */
export function backscatterFigures(
  report: MailServerReport,
  windowMs: number,
  mail: readonly MailCounts[],
): Readonly<Record<string, string>> {
  const name = fileWord(report.address);
  const { windows, alarms } = report;
  const all: Span = { fromMs: windows[0]!.window.atMs, toMs: windows.at(-1)!.window.atMs + windowMs };
  const ofAlarms = alarms.slice(0, MAX_ALARM_FIGURES).map(({ startMs, lastMs }, index) => {
    const span = { fromMs: Math.max(all.fromMs, startMs - DAY_MS), toMs: Math.min(all.toMs, lastMs + DAY_MS) };
    return [`${name}-alarm-${index + 1}.svg`, drawTraffic(report, windowMs, span)] as const;
  });
  return {
    [`${name}-days.svg`]: drawDays(report),
    [`${name}-traffic.svg`]: drawTraffic(report, windowMs, all),
    ...Object.fromEntries(ofAlarms),
    ...(mail.length === 0 ? {} : { [`${name}-mail.svg`]: drawMail(report, windowMs, mail) }),
    [`${name}-regression.svg`]: drawRegression(report),
  };
}

/** Figure 2. */
function drawDays({ address, days, alarms }: MailServerReport): string {
  const points = (value: (day: (typeof days)[number]) => number) =>
    withGaps(
      days.map((day) => ({ x: day.atMs + DAY_MS / 2, y: value(day) })),
      DAY_MS,
    );
  return lineChart({
    title: `DNS queries of ${formatAddress(address)} by day`,
    x: { ...TIME, label: 'day (UTC)' },
    y: { label: 'queries per day', scale: 'linear' },
    series: [
      { name: 'A, AAAA', points: points(({ a }) => a) },
      { name: 'PTR', points: points(({ ptr }) => ptr), style: 'thin' },
      { name: 'MX', points: points(({ mx }) => mx), style: 'dotted' },
      { name: 'TXT', points: points(({ txt }) => txt), style: 'dashed' },
    ],
    bands: { name: 'backscatter', ranges: alarms.map(bandOf) },
  });
}

/** Figures 3 and 4: the whole, or the days around an alarm. */
function drawTraffic({ address, windows, alarms }: MailServerReport, windowMs: number, span: Span): string {
  const shown = windows.filter(({ window }) => window.atMs >= span.fromMs && window.atMs < span.toMs);
  const points = (value: (window: (typeof shown)[number]['window']) => number) =>
    thinned(
      shown.map(({ window }) => ({ x: window.atMs, y: (1000 * value(window)) / windowMs })),
      windowMs,
    );
  return lineChart({
    title: `DNS queries of ${formatAddress(address)}`,
    x: { ...TIME, from: span.fromMs, to: span.toMs },
    y: PER_SECOND,
    series: [
      { name: 'all', points: points(({ total }) => total), style: 'dotted' },
      { name: 'unresolvable', points: points(({ unresolved }) => unresolved) },
    ],
    bands: { name: 'backscatter', ranges: alarms.map(bandOf).filter(({ from }) => from < span.toMs) },
  });
}

/** Figure 5. */
function drawMail({ address, alarms }: MailServerReport, windowMs: number, mail: readonly MailCounts[]): string {
  const points = (value: (counts: MailCounts) => number) =>
    thinned(
      mail.map((counts) => ({ x: counts.atMs, y: (1000 * value(counts)) / windowMs })),
      windowMs,
    );
  return lineChart({
    title: `SMTP clients of ${formatAddress(address)}`,
    x: TIME,
    y: { label: 'lines per second', scale: 'linear' },
    series: [
      { name: 'connect from', points: points(({ connections }) => connections), style: 'dotted' },
      { name: 'User unknown', points: points(({ unknownUsers }) => unknownUsers) },
      { name: '… for bounces, from=<>', points: points(({ bounces }) => bounces), style: 'thin' },
    ],
    bands: { name: 'backscatter', ranges: alarms.map(bandOf) },
  });
}

/** Figure 6. */
function drawRegression({ address, regression: { isOfAlarms, line, points } }: MailServerReport): string {
  return scatterChart({
    title: `All queries of ${formatAddress(address)} against unresolvable ones`,
    x: { label: 'unresolvable queries per second', scale: 'linear' },
    y: { ...PER_SECOND, label: 'all queries per second' },
    name: isOfAlarms ? 'tenths of windows, on days of alarms' : 'tenths of windows',
    points: points.map(({ unresolved, total }) => ({ x: unresolved, y: total })),
    ...(line === undefined
      ? {}
      : {
          line: {
            name: `R² = ${line.r2.toFixed(3)}, slope ${line.slope.toFixed(2)}`,
            slope: line.slope,
            intercept: line.intercept,
          },
        }),
  });
}

function bandOf({ startMs, endMs, lastMs }: { startMs: number; endMs: number | undefined; lastMs: number }): Band {
  return { from: startMs, to: endMs ?? lastMs };
}

/** So few points that the picture stays small: each the mean of its neighbours; nothing is drawn where nothing is known. */
function thinned(points: readonly Point[], stepMs: number): readonly Point[] {
  const size = Math.ceil(points.length / MAX_POINTS);
  if (size <= 1) return withGaps(points, stepMs);
  const count = Math.ceil(points.length / size);
  const means = Array.from({ length: count }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    return { x: part[0]!.x, y: part.reduce((sum, { y }) => sum + y, 0) / part.length };
  });
  return withGaps(means, stepMs * size);
}

function withGaps(points: readonly Point[], stepMs: number): readonly Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isGap = before !== undefined && point.x - before.x > 1.5 * stepMs;
    return isGap ? [{ x: point.x, y: Number.NaN }, point] : [point];
  });
}
