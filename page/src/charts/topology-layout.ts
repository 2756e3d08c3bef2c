import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';
import type { Botnet, BotnetEdge, BotnetNode, BotnetNodeKind } from '../../../src/correlation/pictures/botnet.ts';
import type { Size } from './axes-geometry.ts';

/** A node where it is drawn, in pixels of the picture. */
export interface PlacedNode extends BotnetNode {
  readonly x: number;
  readonly y: number;
  /** Half of its size. */
  readonly radius: number;
}

/** A line between two nodes. */
export interface PlacedEdge {
  readonly kind: BotnetEdge['kind'];
  readonly from: PlacedNode;
  readonly to: PlacedNode;
}

/** A whole picture, ready to be drawn. */
export interface TopologyLayout {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** True when there is room for the names of all. */
  readonly hasAllLabels: boolean;
}

/** Where along the way from the servers to the victims each kind stands, as shares of it. */
const PLACE: Readonly<Record<BotnetNodeKind, number>> = { c2: 0.14, download: 0.14, host: 0.5, victim: 0.86 };
/** Where hosts stand that servers stand before and nobody behind. */
const LAST_PLACE = 0.86;
const RADIUS: Readonly<Record<BotnetNodeKind, number>> = { c2: 13, download: 12, host: 7, victim: 11 };
const TICKS = 240;
/** Room at the edges: for half a label to the sides, for a whole one below. */
const EDGE = { side: 48, top: 20, bottom: 34 } as const;
/** Labels of more than these would lie upon each other. */
const MAX_LABELLED = 40;
/** A label is wider than it is high: forces work in a picture that is narrower by this, so that nodes keep more room to the sides. */
const LABEL_STRETCH = 1.9;

/**
 * Servers on one side, hosts between, victims on the other: from left to right in a wide picture, from top to bottom in a
 * high one. The forces work to their end before anything is drawn, and the same botnet always has the same picture.
 */
export function layOutTopology({ nodes, edges }: Botnet, { width, height }: Size): TopologyLayout {
  const hasAllLabels = nodes.length <= MAX_LABELLED;
  const stretch = hasAllLabels ? LABEL_STRETCH : 1;
  const placed = nodes.map((node) => ({ ...node, x: Number.NaN, y: Number.NaN, radius: RADIUS[node.kind] }));
  const byId = new Map(placed.map((node) => [node.id, node]));
  const links = edges.flatMap(({ from, to, kind }) => {
    const [source, target] = [byId.get(from), byId.get(to)];
    return source === undefined || target === undefined ? [] : [{ source, target, kind }];
  });
  const [across, down] = [width / stretch, height];
  const isWide = width >= height;
  const isInTwo = nodes.some(({ kind }) => kind !== 'host') && !nodes.some(({ kind }) => kind === 'victim');
  const place = ({ kind }: BotnetNode) => (kind === 'host' && isInTwo ? LAST_PLACE : PLACE[kind]);
  const simulation = forceSimulation(placed)
    .force('x', forceX<PlacedNode>((node) => (isWide ? place(node) : 0.5) * across).strength(isWide ? 0.3 : 0.05))
    .force('y', forceY<PlacedNode>((node) => (isWide ? 0.5 : place(node)) * down).strength(isWide ? 0.05 : 0.3))
    .force('apart', forceManyBody<PlacedNode>().strength(hasAllLabels ? -160 : -40))
    .force('room', forceCollide<PlacedNode>(({ radius }) => radius + (hasAllLabels ? 13 : 2)).iterations(3))
    .force('links', forceLink<PlacedNode, (typeof links)[number]>(links).strength(0.01))
    .stop();
  for (let tick = 0; tick < TICKS; tick++) {
    simulation.tick();
    for (const node of placed) {
      node.x = within(node.x, EDGE.side / stretch, across - EDGE.side / stretch);
      node.y = within(node.y, EDGE.top, down - EDGE.bottom);
    }
  }
  for (const node of placed) {
    node.x = Math.round(node.x * stretch * 10) / 10;
    node.y = Math.round(node.y * 10) / 10;
  }
  return {
    nodes: placed,
    edges: links.map(({ source, target, kind }) => ({ from: source, to: target, kind })),
    hasAllLabels,
  };
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
