import { type ChartTexts, chart, type LegendLine, type Plot, type Series } from './chart-frame.ts';
import { curve } from './line-chart.ts';

/** From `from` to `to` on the x axis. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

export interface BarChart extends ChartTexts {
  /** What the bars are, for the legend. */
  readonly name: string;
  readonly bars: readonly Bar[];
  /** Drawn over them: what is fitted to them. */
  readonly curves?: readonly Series[];
}

/** A histogram, with curves over it. On a logarithmic y axis bars stand on its least value. */
export function barChart(content: BarChart): string {
  const { name, bars, curves = [] } = content;
  const legend: readonly LegendLine[] = [
    { name, classes: 'fill curve-0', shape: 'box' },
    ...curves.map((one, index) => ({ name: one.name, classes: curveClass(index), shape: 'line' as const })),
  ];
  const points = curves.flatMap((one) => one.points);
  const xs = [...bars.flatMap(({ from, to }) => [from, to]), ...points.map(({ x }) => x)];
  const ys = [...bars.map(({ value }) => value), ...points.map(({ y }) => y)];
  return chart(content, { xs, ys }, legend, (plot) => [
    ...bars.flatMap((bar) => barParts(bar, plot)),
    ...curves.map((one, index) => curve(one.points, curveClass(index), plot)),
  ]);
}

/** The first colour is that of the bars. */
function curveClass(index: number): string {
  return `curve-${1 + (index % 7)}`;
}

function barParts({ from, to, value }: Bar, { x, y, bottom, atX, atY }: Plot): readonly string[] {
  if (!x.has(from) || !x.has(to) || !y.has(value) || value <= 0) return [];
  const [left, top] = [atX(from), atY(value)];
  // A hair between bars shows where one ends, where they are wide enough for it.
  const width = atX(to) - left;
  const shown = Math.max(0.5, Math.round((width > 4 ? width - 1 : width) * 10) / 10);
  const height = Math.round((bottom - top) * 10) / 10;
  return [`<rect class="fill curve-0" x="${left}" y="${top}" width="${shown}" height="${height}"/>`];
}
