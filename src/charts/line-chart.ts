import {
  type ChartTexts,
  chart,
  curveClasses,
  type LegendLine,
  type Plot,
  type Point,
  type Series,
} from './chart-frame.ts';
import { text } from './picture.ts';

/** A point of a curve that is pointed out: a ring, a line down to the axis, and its label where there is room. */
export interface Ring extends Point {
  /** The place of its curve in `series`. */
  readonly series: number;
  readonly label: string;
}

/** A part of the x axis that is shaded. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

export interface LineChart extends ChartTexts {
  readonly series: readonly Series[];
  readonly rings?: readonly Ring[];
  /** `name` is that of all of them in the legend. */
  readonly bands?: { readonly name: string; readonly ranges: readonly Band[] };
}

/** Curves over numbers or time. Points are drawn in their order. */
export function lineChart(content: LineChart): string {
  const { series, rings = [], bands } = content;
  const classes = curveClasses(series.map(({ style }) => style));
  const shown = bands !== undefined && bands.ranges.length > 0 ? bands : undefined;
  const legend: readonly LegendLine[] = [
    ...series.map(({ name }, index) => ({ name, classes: classes[index]!, shape: 'line' as const })),
    ...(shown === undefined ? [] : [{ name: shown.name, classes: 'band', shape: 'box' as const }]),
  ];
  const points = series.flatMap((one) => one.points);
  return chart(content, { xs: points.map(({ x }) => x), ys: points.map(({ y }) => y) }, legend, (plot) => [
    ...(shown?.ranges ?? []).map((range) => band(range, plot)),
    ...series.map((one, index) => curve(one.points, classes[index]!, plot)),
    ...ringParts(rings, classes, plot),
  ]);
}

/** The curve through the points; one that has no place, as NaN has none, breaks it. A point that stands alone is a dot. */
export function curve(points: readonly Point[], classes: string, { x, y, atX, atY }: Plot): string {
  const parts: string[][] = [[]];
  for (const point of points) {
    if (!x.has(point.x) || !y.has(point.y)) parts.push([]);
    else parts.at(-1)!.push(`${atX(point.x)},${atY(point.y)}`);
  }
  const drawn = parts.filter((part) => part.length > 0);
  return drawn.map((part) => (part.length === 1 ? dot(part[0]!, classes) : line(part, classes))).join('\n');
}

function line(places: readonly string[], classes: string): string {
  return `<polyline class="line ${classes}" points="${places.join(' ')}"/>`;
}

function dot(place: string, classes: string): string {
  const [left, top] = place.split(',');
  return `<circle class="fill ${classes}" cx="${left}" cy="${top}" r="3"/>`;
}

function band({ from, to }: Band, { top, bottom, atX }: Plot): string {
  const left = atX(from);
  return `<rect class="band" x="${left}" y="${top}" width="${Math.max(2, Math.round(atX(to) - left))}" height="${bottom - top}"/>`;
}

function ringParts(rings: readonly Ring[], classes: readonly string[], plot: Plot): readonly string[] {
  const labels: { readonly x: number; readonly y: number }[] = [];
  return rings.flatMap(({ x, y, series, label }) => {
    if (!plot.x.has(x) || !plot.y.has(y)) return [];
    const [at, height] = [plot.atX(x), plot.atY(y)];
    const isFree = labels.every((one) => Math.abs(one.y - height) > 16 || Math.abs(one.x - at) > 96);
    if (isFree) labels.push({ x: at, y: height });
    const style = classes[series] ?? '';
    return [
      `<line class="drop ${style}" x1="${at}" x2="${at}" y1="${height}" y2="${plot.bottom}"/>`,
      `<circle class="paper line ${style}" cx="${at}" cy="${height}" r="5"/>`,
      ...(isFree ? [ringLabel(label, at, height, style, plot)] : []),
    ];
  });
}

function ringLabel(label: string, at: number, height: number, style: string, { right }: Plot): string {
  const isAtEnd = at > right - 96;
  const anchor = isAtEnd ? ' text-anchor="end"' : '';
  return text(isAtEnd ? at - 8 : at + 8, height - 9, label, `class="${style}"${anchor}`);
}
