import { escapeXml, picture, round, text, textWidth } from '../../charts/picture.ts';
import type { Botnet, BotnetNode, BotnetNodeKind } from './botnet.ts';

interface Place {
  readonly x: number;
  readonly y: number;
}

const TOP = 92;
const BOTTOM = 64;
const LEAST_HEIGHT = 480;
/** Of the columns: servers, hosts, victims. */
const COLUMN = { server: 250, host: 480, victim: 720 } as const;
const LINE = 24;
/** Hosts in one column with their names; more stand in rows, without. */
const NAMED_HOSTS = 40;
const HOST_COLUMNS = 10;
const HOST_STEP = 16;
const MAX_LABEL = 30;
const LABEL_GAP = 20;
/** Of edges: as many as these are seen well; each of more is fainter. */
const FEW_EDGES = 60;
const MOST_OPACITY = 0.5;
const LEAST_OPACITY = 0.04;

const MARK: Readonly<
  Record<BotnetNodeKind, { readonly colour: number; readonly word: string; readonly shape: string }>
> = {
  c2: { colour: 1, word: 'C&C server', shape: 'M0-9 9 0 0 9-9 0Z' },
  download: { colour: 4, word: 'download server', shape: 'M-7-7H7V7H-7Z' },
  host: { colour: 0, word: 'host', shape: 'M-6 0A6 6 0 1 0 6 0 6 6 0 1 0-6 0Z' },
  victim: { colour: 5, word: 'victim', shape: 'M-8 7H8L0-8Z' },
};

/** The botnet as a picture: servers on the left, hosts in the middle, victims on the right. Shapes tell kinds apart, and colours too. */
export function botnetSvg(botnet: Botnet): string {
  const { group, nodes, edges, leftOut } = botnet;
  const of = (...kinds: BotnetNodeKind[]) => nodes.filter(({ kind }) => kinds.includes(kind));
  const servers = of('c2', 'download');
  const hosts = of('host');
  const victims = of('victim');
  const isNamed = hosts.length <= NAMED_HOSTS;
  const hostRows = isNamed ? hosts.length * LINE : Math.ceil(hosts.length / HOST_COLUMNS) * HOST_STEP;
  const tallest = Math.max(servers.length * LINE * 2, hostRows, victims.length * LINE);
  const height = Math.max(LEAST_HEIGHT, TOP + tallest + BOTTOM);
  const middle = (TOP + height - BOTTOM) / 2;
  const places = new Map<string, Place>([
    ...column(servers, COLUMN.server, middle, LINE * 2),
    ...(isNamed ? column(hosts, COLUMN.host, middle, LINE) : block(hosts, middle)),
    ...column(victims, COLUMN.victim, middle, LINE),
  ]);
  const title = `Bot group ${group}`;
  const about = `${servers.length} servers, ${hosts.length} hosts, ${victims.length} victims${leftOut > 0 ? `; ${leftOut} more found no room` : ''}`;
  const opacity = Math.max(LEAST_OPACITY, Math.min(MOST_OPACITY, FEW_EDGES / edges.length));
  // Behind the names, so that they can be read.
  const behindNames = isNamed ? LABEL_GAP + textWidth(longestLabel(hosts)) : 0;
  const lines = edges.map(({ from, to, kind }) => {
    const [start, end] = [places.get(from)!, places.get(to)!];
    return kind === 'attacks'
      ? edgeLine({ ...start, x: start.x + behindNames }, end, 'dashed curve-5', opacity)
      : edgeLine(start, end, 'curve-1', opacity);
  });
  const marks = nodes.map((node) => nodeMark(node, places.get(node.id)!, node.kind !== 'host' || isNamed));
  const parts = [
    text(40, 34, title, 'class="title"'),
    text(40, 56, about, 'class="quiet"'),
    ...lines,
    ...marks,
    ...legend(height),
  ];
  return picture(title, about, parts, height);
}

function column(nodes: readonly BotnetNode[], x: number, middle: number, step: number): [string, Place][] {
  const top = middle - ((nodes.length - 1) * step) / 2;
  return nodes.map(({ id }, index) => [id, { x, y: top + index * step }]);
}

function block(nodes: readonly BotnetNode[], middle: number): [string, Place][] {
  const rows = Math.ceil(nodes.length / HOST_COLUMNS);
  const top = middle - ((rows - 1) * HOST_STEP) / 2;
  const left = COLUMN.host - ((HOST_COLUMNS - 1) * HOST_STEP) / 2;
  return nodes.map(({ id }, index) => [
    id,
    { x: left + (index % HOST_COLUMNS) * HOST_STEP, y: top + Math.floor(index / HOST_COLUMNS) * HOST_STEP },
  ]);
}

function longestLabel(nodes: readonly BotnetNode[]): string {
  return nodes
    .reduce((longest, { label }) => (label.length > longest.length ? label : longest), '')
    .slice(0, MAX_LABEL);
}

function edgeLine(from: Place, to: Place, classes: string, opacity: number): string {
  const bend = (from.x + to.x) / 2;
  const path = `M${round(from.x)} ${round(from.y)}C${round(bend)} ${round(from.y)} ${round(bend)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
  return `<path d="${path}" class="line thin ${classes}" stroke-opacity="${opacity.toFixed(3)}"/>`;
}

function nodeMark({ kind, label, about }: BotnetNode, { x, y }: Place, isNamed: boolean): string {
  const { colour, shape } = MARK[kind];
  const short = label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label;
  const isLeft = kind === 'c2' || kind === 'download';
  const name = isNamed ? text(isLeft ? -16 : 14, 4, short, isLeft ? 'text-anchor="end"' : '') : '';
  return `<g transform="translate(${round(x)} ${round(y)})"><title>${escapeXml(`${label}: ${about}`)}</title><path d="${shape}" class="fill curve-${colour}"/>${name}</g>`;
}

function legend(height: number): string[] {
  return Object.values(MARK).map(({ colour, word, shape }, index) => {
    const mark = `<path d="${shape}" class="fill curve-${colour}"/>`;
    return `<g transform="translate(${48 + index * 180} ${height - 28})">${mark}${text(18, 5, word, 'class="quiet"')}</g>`;
  });
}
