import { picture, round, text, WIDTH } from '../../charts/picture.ts';
import type { QueryAxes } from './query-axes.ts';

const HEIGHT = 540;
const LEFT = 70;
const RIGHT = WIDTH - 70;
const TOP = 158;
const BOTTOM = HEIGHT - 60;
/** Of a line among thousands. */
const LEAST_OPACITY = 0.05;

/** Parallel coordinates: one line for each different query, stronger for more of them. IPv6 shows hexadecimal numbers. */
export function queryAxesSvg({ family, axes, lines, queries, leftOut }: QueryAxes, host: string): string {
  const title = `DNS queries of ${host}`;
  const kind = family === 'ipv4' ? 'IPv4, ten axes' : 'IPv6, eighteen axes: an address is eight groups of 16 bits';
  const rest = leftOut > 0 ? `; ${leftOut} queries found no room` : '';
  const about = `${queries} queries, ${lines.length} different (${kind})${rest}`;
  const step = (RIGHT - LEFT) / (axes.length - 1);
  const atY = (value: number, most: number) => round(BOTTOM - (value / most) * (BOTTOM - TOP));
  const most = Math.max(1, lines[0]?.queries ?? 1);
  const strength = Math.max(LEAST_OPACITY, Math.min(0.9, 3 / Math.sqrt(lines.length)));
  const drawn = lines.map(({ values, queries: count }) => {
    const points = values.map((value, index) => `${round(LEFT + index * step)},${atY(value, axes[index]!.most)}`);
    const opacity = (strength * (1 + Math.log(count + 1) / Math.log(most + 1))) / 2;
    return `<polyline points="${points.join(' ')}" class="line thin curve-0" stroke-opacity="${opacity.toFixed(3)}"/>`;
  });
  const scales = axes.flatMap(({ label, most: end }, index) => {
    const x = round(LEFT + index * step);
    const isPort = index === 0 || index === axes.length - 1;
    const top = isPort || family === 'ipv4' ? String(end) : end.toString(16);
    return [
      `<line x1="${x}" y1="${TOP}" x2="${x}" y2="${BOTTOM}" class="axis"/>`,
      text(x, BOTTOM + 20, '0', 'text-anchor="middle" class="quiet"'),
      text(x, TOP - 8, top, 'text-anchor="middle" class="quiet"'),
      `<g transform="translate(${x} ${TOP - 26}) rotate(-30)">${text(0, 0, label)}</g>`,
    ];
  });
  const head = [text(LEFT - 30, 30, title, 'class="title"'), text(LEFT - 30, 50, about, 'class="quiet"')];
  return picture(title, about, [...head, ...drawn, ...scales], HEIGHT);
}
