import { useId, useMemo } from 'preact/hooks';
import { counted } from '../../../src/core/words.ts';
import type { QueryAxes } from '../../../src/correlation/pictures/query-axes.ts';
import { axesGeometry, lineWords } from './axes-geometry.ts';
import './charts.css';

const HEIGHT = 340;
/** Room for each axis, so that their names can be read. */
const AXIS_WIDTH = 84;
const MAX_ROWS = 20;

/** The queries of one host on parallel axes (Ichise et al., figure 4), and those asked most in a table. */
export function AxesPicture({ axes, host }: { readonly axes: QueryAxes; readonly host: string }) {
  const id = useId();
  const width = Math.max(720, axes.axes.length * AXIS_WIDTH);
  const geometry = useMemo(() => axesGeometry(axes, { width, height: HEIGHT }), [axes, width]);
  const { family, lines, queries, leftOut } = axes;
  const rest = leftOut > 0 ? `; ${counted(leftOut, 'query', 'queries')} found no room` : '';
  const kind = family === 'ipv4' ? 'IPv4' : 'IPv6';
  const about = `${counted(queries, `${kind} query`, `${kind} queries`)}, ${lines.length} different${rest}.`;
  return (
    <figure class="axes">
      <figcaption id={id}>{about}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <section class="axes-scroll" tabIndex={0} aria-labelledby={id}>
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img">
          <title>{`DNS queries of ${host}: ${about} The table below names those asked most.`}</title>
          <g class="axes-lines">
            {geometry.lines.map(({ points, opacity }) => (
              <polyline key={points} points={points} stroke-opacity={opacity} />
            ))}
          </g>
          {geometry.axes.map(({ x, label, most }) => (
            <g key={label}>
              <line class="axes-axis" x1={x} x2={x} y1={geometry.top} y2={geometry.bottom} />
              <text class="axes-end" x={x} y={geometry.top - 8} text-anchor="middle">
                {most}
              </text>
              <text class="axes-end" x={x} y={geometry.bottom + 16} text-anchor="middle">
                0
              </text>
              <text x={x} y={geometry.bottom + 34} text-anchor="middle">
                {label.split(' ', 1)[0]}
              </text>
              <text x={x} y={geometry.bottom + 48} text-anchor="middle">
                {label.slice(label.indexOf(' ') + 1)}
              </text>
            </g>
          ))}
        </svg>
      </section>
      <table class="table">
        <caption>
          {lines.length > MAX_ROWS ? `The ${MAX_ROWS} asked most` : 'All of them'}, the port of each side behind its
          address
        </caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" class="number">
              Queries
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, MAX_ROWS).map(({ values, queries: count }) => {
            const { from, to } = lineWords(family, values);
            return (
              <tr key={values.join()}>
                <td class="mono">{from}</td>
                <td class="mono">{to}</td>
                <td class="number">{count}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </figure>
  );
}
