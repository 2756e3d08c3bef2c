import { type ChartTexts, chart, type LegendLine, type Plot, type Point } from './chart-frame.ts';
import { round } from './picture.ts';

/** `y = slope · x + intercept`. */
export interface StraightLine {
  readonly name: string;
  readonly slope: number;
  readonly intercept: number;
}

export interface ScatterChart extends ChartTexts {
  /** What the points are, for the legend. */
  readonly name: string;
  readonly points: readonly Point[];
  /** The regression, for linear axes. */
  readonly line?: StraightLine;
}

/** So many points are drawn at most, taken evenly from all. */
const MAX_POINTS = 4000;

/** Points, and the line through them. */
export function scatterChart(content: ScatterChart): string {
  const { name, points, line } = content;
  const every = Math.ceil(points.length / MAX_POINTS);
  const drawn = every <= 1 ? points : points.filter((_, index) => index % every === 0);
  const legend: readonly LegendLine[] = [
    { name, classes: 'curve-0', shape: 'dot' },
    ...(line === undefined ? [] : [{ name: line.name, classes: 'curve-1', shape: 'line' as const }]),
  ];
  return chart(content, { xs: points.map(({ x }) => x), ys: points.map(({ y }) => y) }, legend, (plot) => [
    ...drawn.flatMap(({ x, y }) =>
      plot.x.has(x) && plot.y.has(y)
        ? [`<circle class="dot curve-0" cx="${plot.atX(x)}" cy="${plot.atY(y)}" r="3"/>`]
        : [],
    ),
    ...(line === undefined ? [] : straightLine(line, plot)),
  ]);
}

/** The part of the line that is within the plot. */
function straightLine({ slope, intercept }: StraightLine, { x, y, atX, atY }: Plot): readonly string[] {
  const atHeight = (height: number) => (height - intercept) / slope;
  const crossings = slope === 0 ? [] : [atHeight(y.from), atHeight(y.to)].sort((one, other) => one - other);
  const from = Math.max(x.from, crossings[0] ?? x.from);
  const to = Math.min(x.to, crossings[1] ?? x.to);
  if (!(from < to) || !Number.isFinite(intercept)) return [];
  const ends = [from, to].map((at) => `${atX(at)},${round(atY(slope * at + intercept))}`);
  return [`<polyline class="line curve-1" points="${ends.join(' ')}"/>`];
}
