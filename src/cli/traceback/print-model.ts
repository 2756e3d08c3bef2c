/** The success model for a terminal: a plot, a table, and where the curves cross. */
import {
  type DnsLogCurve,
  MEAN_HOPS,
  type SuccessCurve,
  type SuccessFigure,
} from '../../traceback/model/success-model.ts';

const PLOT_ROWS = 15;
const MAX_PLOT_COLUMNS = 60;
/** What the curves are drawn with: the conventional one, then each by DNS logs. */
const MARKS = ['.', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;

export function printModel(figure: SuccessFigure): readonly string[] {
  const { participation, hops, conventional, dnsLogs } = figure;
  const curves = [conventional, ...dnsLogs];
  const at = Math.min(MEAN_HOPS, hops);
  return [
    `share of tracebacks that succeed, p = ${participation}`,
    '',
    ...plot(curves, hops),
    '',
    ...curves.map((curve, index) => `  ${MARKS[index]}  ${curve.label}${formula(curve, conventional)}`),
    '',
    ...table(curves, hops),
    '',
    `at ${at} hops: ${curves.map(({ label, successes }) => `${successes[at - 1]!.toFixed(2)} ${label}`).join('; ')}`,
    ...dnsLogs.map(crossing),
  ];
}

function formula(curve: SuccessCurve, conventional: SuccessCurve): string {
  return curve === conventional ? ': p^hops' : ': p^(2+f)·q';
}

/** Each curve in its own mark; where several meet, the last is seen. */
function plot(curves: readonly SuccessCurve[], hops: number): readonly string[] {
  const width = Math.min(MAX_PLOT_COLUMNS, Math.max(hops * 2, 20));
  const rows = Array.from({ length: PLOT_ROWS + 1 }, () => new Array<string>(width).fill(' '));
  for (const [index, { successes }] of curves.entries()) {
    for (let column = 0; column < width; column++) {
      const success = successes[Math.round((column / (width - 1)) * (hops - 1))]!;
      rows[PLOT_ROWS - Math.round(success * PLOT_ROWS)]![column] = MARKS[index]!;
    }
  }
  const lines = rows.map((row, index) => `${axisLabel(index)} |${row.join('')}`.trimEnd());
  const last = String(hops);
  return [...lines, `    +${'-'.repeat(width)}`, `     1${last.padStart(width - 1)}  hops`];
}

function axisLabel(row: number): string {
  return row % 3 === 0 ? (1 - row / PLOT_ROWS).toFixed(1).padStart(3) : '   ';
}

function table(curves: readonly SuccessCurve[], hops: number): readonly string[] {
  const head = ['hops', ...curves.map(({ label }) => label)];
  const rows = Array.from({ length: hops }, (_, index) => [
    String(index + 1),
    ...curves.map(({ successes }) => successes[index]!.toFixed(4)),
  ]);
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padStart(head[column]!.length)).join('  '));
}

function crossing({ label, betterFrom }: DnsLogCurve): string {
  if (betterFrom === undefined) return `${label}: at no number of hops better than the conventional one`;
  return `${label}: better than the conventional one from ${betterFrom} hops on`;
}
