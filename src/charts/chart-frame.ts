import { MAX_COLOURS, picture, round, text, textWidth, WIDTH } from './picture.ts';
import { type Axis, createScale, type Scale } from './scale.ts';

/** How a curve is drawn; `reference` is a quiet dashed one without a colour of its own: what the others are compared with. */
export type CurveStyle = 'solid' | 'thin' | 'dashed' | 'dotted' | 'reference';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One curve, and one line of the legend. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** `solid` when it is not given. */
  readonly style?: CurveStyle;
}

/** What every chart has. */
export interface ChartTexts {
  readonly title: string;
  /** What the picture shows, for those who cannot see it; not given: the title. */
  readonly description?: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Lines in small print beside the chart. */
  readonly notes?: readonly string[];
}

/** One line of the legend. `classes`: see picture.ts. */
export interface LegendLine {
  readonly name: string;
  readonly classes: string;
  readonly shape: 'line' | 'dot' | 'box';
}

/** Where things stand in the picture, in pixels. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly x: Scale;
  readonly y: Scale;
  atX(value: number): number;
  atY(value: number): number;
}

const TOP = 62;
const BOTTOM = 420;
const LEGEND_LINE = 24;
const NOTE_LINE = 18;
const LEGEND_GAP = 24;
const LEGEND_MARK = 38;
const MAX_LEGEND = 340;
const X_TICK_WIDTH = 62;
const Y_TICKS = 6;

/** A chart: axes, legend and notes, and between them what `draw` puts there. */
export function chart(
  texts: ChartTexts,
  values: { readonly xs: Iterable<number>; readonly ys: Iterable<number> },
  legend: readonly LegendLine[],
  draw: (plot: Plot) => readonly string[],
): string {
  const { title, description = title, notes = [] } = texts;
  const plot = createPlot(texts, values, legend, notes);
  return picture(title, description, [
    text(plot.left, 34, title, 'class="title"'),
    ...grid(plot),
    ...draw(plot),
    ...axes(plot, texts),
    ...legendParts(plot, legend, notes),
  ]);
}

/** The colours of series, in their order: the class of each. */
export function curveClasses(styles: readonly (CurveStyle | undefined)[]): readonly string[] {
  let next = 0;
  return styles.map((style = 'solid') => {
    if (style === 'reference') return 'reference';
    const colour = `curve-${next++ % MAX_COLOURS}`;
    return style === 'solid' ? colour : `${style} ${colour}`;
  });
}

function createPlot(
  { x: xAxis, y: yAxis }: ChartTexts,
  { xs, ys }: { readonly xs: Iterable<number>; readonly ys: Iterable<number> },
  legend: readonly LegendLine[],
  notes: readonly string[],
): Plot {
  const y = createScale(yAxis, ys, Y_TICKS);
  const left = 44 + Math.max(20, ...y.ticks.map(({ label }) => Math.ceil(textWidth(label))));
  const widths = [...legend.map(({ name }) => LEGEND_MARK + textWidth(name)), ...notes.map(textWidth)];
  const legendWidth = Math.ceil(Math.min(MAX_LEGEND, Math.max(0, ...widths)));
  const right = WIDTH - (legendWidth === 0 ? 32 : legendWidth + LEGEND_GAP + 16);
  const x = createScale(xAxis, xs, Math.max(2, Math.floor((right - left) / X_TICK_WIDTH)));
  return {
    left,
    top: TOP,
    right,
    bottom: BOTTOM,
    x,
    y,
    atX: (value) => round(left + x.place(value) * (right - left)),
    atY: (value) => round(BOTTOM - y.place(value) * (BOTTOM - TOP)),
  };
}

function grid({ left, right, y, atY }: Plot): readonly string[] {
  return y.ticks.flatMap(({ at, label }) => [
    `<line class="grid" x1="${left}" x2="${right}" y1="${atY(at)}" y2="${atY(at)}"/>`,
    text(left - 10, atY(at) + 4.5, label, 'class="quiet" text-anchor="end"'),
  ]);
}

/** Over what is drawn, so that nothing hides them. */
function axes(plot: Plot, { x, y }: ChartTexts): readonly string[] {
  const { left, top, right, bottom } = plot;
  const middle = (top + bottom) / 2;
  const hasDates = plot.x.ticks.some(({ below }) => below !== undefined);
  return [
    `<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    ...plot.x.ticks.flatMap(({ at, label, below }) => [
      `<line class="axis" x1="${plot.atX(at)}" x2="${plot.atX(at)}" y1="${bottom}" y2="${bottom + 5}"/>`,
      text(plot.atX(at), bottom + 20, label, 'class="quiet" text-anchor="middle"'),
      ...(below === undefined ? [] : [text(plot.atX(at), bottom + 35, below, 'class="quiet" text-anchor="middle"')]),
    ]),
    text((left + right) / 2, bottom + (hasDates ? 54 : 44), x.label, 'text-anchor="middle"'),
    text(20, middle, y.label, `text-anchor="middle" transform="rotate(-90 20 ${middle})"`),
  ];
}

function legendParts({ right, top, bottom }: Plot, legend: readonly LegendLine[], notes: readonly string[]) {
  const left = right + LEGEND_GAP;
  const room = Math.floor((MAX_LEGEND - LEGEND_MARK) / textWidth('x'));
  return [
    ...legend.flatMap(({ name, classes, shape }, index) => {
      const at = top + 8 + index * LEGEND_LINE;
      return [legendMark(shape, classes, left, at), text(left + LEGEND_MARK, at + 4.5, shortened(name, room))];
    }),
    ...notes.map((note, index) =>
      text(left, bottom - (notes.length - 1 - index) * NOTE_LINE, shortened(note, room + 5), 'class="quiet"'),
    ),
  ];
}

function legendMark(shape: LegendLine['shape'], classes: string, left: number, at: number): string {
  if (shape === 'line') return `<line class="line ${classes}" x1="${left}" x2="${left + 28}" y1="${at}" y2="${at}"/>`;
  if (shape === 'dot') return `<circle class="dot ${classes}" cx="${left + 14}" cy="${at}" r="4"/>`;
  return `<rect class="${classes}" x="${left}" y="${at - 6}" width="28" height="12"/>`;
}

function shortened(content: string, most: number): string {
  return content.length <= most ? content : `${content.slice(0, most - 1)}…`;
}
