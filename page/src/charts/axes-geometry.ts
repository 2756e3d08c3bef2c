/** Parallel axes as a picture: where each axis stands, and which way each line goes. */
import type { QueryAxes } from '../../../src/correlation/pictures/query-axes.ts';

/** Of a picture, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An upright axis. */
export interface PlacedAxis {
  readonly x: number;
  readonly label: string;
  /** What its upper end means: hexadecimal for the groups of IPv6 addresses, as these are written. */
  readonly most: string;
}

/** One query, or many that are alike. */
export interface PlacedLine {
  /** For the `points` of an SVG polyline. */
  readonly points: string;
  /** 0 to 1: stronger for more queries, fainter among many lines. */
  readonly opacity: number;
}

/** A whole picture, ready to be drawn; `top` and `bottom` are the ends of the axes. */
export interface AxesGeometry {
  readonly top: number;
  readonly bottom: number;
  readonly axes: readonly PlacedAxis[];
  readonly lines: readonly PlacedLine[];
}

/** Room around the axes for their words, pixels. */
export const AXES_MARGIN = { top: 34, side: 26, bottom: 62 } as const;
/** More do not show anything more, and cost the browser. */
const MAX_DRAWN_LINES = 2000;
const LEAST_OPACITY = 0.06;

/** Places axes and lines; values beyond an end of their axis are drawn at it. */
export function axesGeometry({ family, axes, lines }: QueryAxes, { width, height }: Size): AxesGeometry {
  const [top, bottom] = [AXES_MARGIN.top, height - AXES_MARGIN.bottom];
  const step = (width - 2 * AXES_MARGIN.side) / Math.max(1, axes.length - 1);
  const atX = (index: number) => round(AXES_MARGIN.side + index * step);
  const drawn = lines.slice(0, MAX_DRAWN_LINES);
  const most = Math.max(1, ...drawn.map(({ queries }) => queries));
  const strength = Math.min(1, 4 / Math.sqrt(Math.max(1, drawn.length)));
  return {
    top,
    bottom,
    axes: axes.map(({ label, most: end }, index) => ({ x: atX(index), label, most: endWord(family, label, end) })),
    lines: drawn.map(({ values, queries }) => ({
      points: values
        .map((value, index) => {
          const share = Math.min(1, Math.max(0, value / Math.max(1, axes[index]?.most ?? 1)));
          return `${atX(index)},${round(bottom - share * (bottom - top))}`;
        })
        .join(' '),
      opacity: round(Math.max(LEAST_OPACITY, (strength * (1 + Math.log1p(queries) / Math.log1p(most))) / 2)),
    })),
  };
}

function endWord(family: QueryAxes['family'], label: string, end: number): string {
  return family === 'ipv4' || label.endsWith('port') ? String(end) : end.toString(16);
}

/** The client, the server and the ports of a line, as people write them. */
export function lineWords(family: QueryAxes['family'], values: readonly number[]): { from: string; to: string } {
  const parts = (values.length - 2) / 2;
  const address = (groups: readonly number[]) =>
    family === 'ipv4' ? groups.join('.') : shortened(groups.map((group) => group.toString(16)));
  const withPort = (groups: readonly number[], port: number | undefined) =>
    family === 'ipv4' ? `${address(groups)}:${port}` : `[${address(groups)}]:${port}`;
  return {
    from: withPort(values.slice(1, 1 + parts), values[0]),
    to: withPort(values.slice(1 + parts, 1 + 2 * parts), values.at(-1)),
  };
}

/** The longest run of zeros, of two at least, becomes `::` (RFC 5952 §4.2). */
function shortened(groups: readonly string[]): string {
  let [from, length] = [-1, 1];
  for (let index = 0; index < groups.length; index++) {
    let end = index;
    while (groups[end] === '0') end++;
    if (end - index > length) [from, length] = [index, end - index];
  }
  if (from < 0) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + length).join(':')}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
