import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Botnet, BotnetNodeKind } from '../../../src/correlation/pictures/botnet.ts';
import { hasFewNodes } from './few-nodes.ts';
import { layOutTopology, type PlacedNode } from './topology-layout.ts';
import './charts.css';

const NODE_WORDS: Readonly<Record<BotnetNodeKind, string>> = {
  c2: 'C&C candidate',
  download: 'download server',
  host: 'host of the inside',
  victim: 'victim',
};
/** The place of the picture has the same heights (`.topology-frame`). */
const WIDE_HEIGHTS = { few: 300, many: 520 } as const;
const NARROW_HEIGHTS = { few: 400, many: 640 } as const;
const NARROW_WIDTH = 560;
const MAX_LABEL = 28;

/** Servers, hosts and victims of a bot group: a shape for each kind, so that no colour is needed. It is drawn once, at rest. */
export function TopologyPicture({ botnet }: { readonly botnet: Botnet }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  // Before anything is drawn, so that nothing moves.
  useLayoutEffect(() => {
    const measure = () => setWidth(place.current?.clientWidth ?? 0);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(place.current!);
    return () => watch.disconnect();
  }, []);
  const heights = width < NARROW_WIDTH ? NARROW_HEIGHTS : WIDE_HEIGHTS;
  const height = hasFewNodes(botnet) ? heights.few : heights.many;
  const layout = useMemo(() => (width === 0 ? undefined : layOutTopology(botnet, { width, height })), [botnet, width]);
  return (
    <div ref={place} class="topology-place">
      {layout !== undefined && (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img">
          <title>{`Topology of ${botnet.group}: ${nodeCounts(botnet)}. The tables below say the same.`}</title>
          {layout.edges.map(({ kind, from, to }) => (
            <line
              key={`${from.id} ${to.id}`}
              class={`topology-edge topology-${kind}`}
              x1={from.x}
              y1={from.y}
              x2={to.x}
              y2={to.y}
            />
          ))}
          {layout.nodes.map((node) => (
            <NodeMark key={node.id} node={node} hasLabel={layout.hasAllLabels || node.kind !== 'host'} />
          ))}
        </svg>
      )}
    </div>
  );
}

/** One of each shape, with what it stands for. */
export function TopologyLegend({ kinds }: { readonly kinds: readonly BotnetNodeKind[] }) {
  return (
    <ul class="chart-legend">
      {kinds.map((kind) => (
        <li key={kind}>
          <svg width="24" height="24" viewBox="-12 -12 24 24" aria-hidden="true">
            <g class={`topology-node topology-${kind}`}>{shapeOf(kind, 8)}</g>
          </svg>
          {NODE_WORDS[kind]}
        </li>
      ))}
    </ul>
  );
}

function NodeMark({ node, hasLabel }: { readonly node: PlacedNode; readonly hasLabel: boolean }) {
  const { kind, label, about, x, y, radius } = node;
  return (
    <g class={`topology-node topology-${kind}`} transform={`translate(${x} ${y})`}>
      <title>{`${NODE_WORDS[kind]} ${label}: ${about}`}</title>
      {shapeOf(kind, radius)}
      {hasLabel && (
        <text y={radius + 13} text-anchor="middle">
          {label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label}
        </text>
      )}
    </g>
  );
}

function shapeOf(kind: BotnetNodeKind, size: number) {
  switch (kind) {
    case 'c2':
      return <path d={`M0 ${-size}L${size} 0L0 ${size}L${-size} 0Z`} />;
    case 'download':
      return <rect x={-size * 0.8} y={-size * 0.8} width={size * 1.6} height={size * 1.6} />;
    case 'host':
      return <circle r={size} />;
    case 'victim':
      return <path d={`M0 ${-size}L${size} ${size * 0.8}L${-size} ${size * 0.8}Z`} />;
  }
}

function nodeCounts({ nodes }: Botnet): string {
  const count = (...kinds: readonly BotnetNodeKind[]) => nodes.filter(({ kind }) => kinds.includes(kind)).length;
  return `servers ${count('c2', 'download')}, hosts ${count('host')}, victims ${count('victim')}`;
}
