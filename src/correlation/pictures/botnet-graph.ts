/** A botnet in the languages of graph programs. */
import { escapeXml } from '../../charts/picture.ts';
import type { Botnet, BotnetNodeKind } from './botnet.ts';

const SHAPES: Readonly<Record<BotnetNodeKind, string>> = {
  c2: 'diamond',
  download: 'box',
  host: 'ellipse',
  victim: 'triangle',
};

/** For Graphviz (the DOT language, graphviz.org/doc/info/lang.html). */
export function botnetDot({ group, nodes, edges }: Botnet): string {
  return [
    `digraph ${quoted(group)} {`,
    '  rankdir=LR;',
    ...nodes.map(
      ({ id, kind, label, about }) =>
        `  ${quoted(id)} [label=${quoted(label)}, shape=${SHAPES[kind]}, tooltip=${quoted(about)}];`,
    ),
    ...edges.map(
      ({ from, to, kind }) => `  ${quoted(from)} -> ${quoted(to)}${kind === 'attacks' ? ' [style=dashed]' : ''};`,
    ),
    '}',
    '',
  ].join('\n');
}

/** GraphML 1.0 (graphml.graphdrawing.org), which Gephi, yEd and NetworkX read. */
export function botnetGraphml({ group, nodes, edges }: Botnet): string {
  const data = (key: string, value: string | number) => `<data key="${key}">${escapeXml(String(value))}</data>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    '<key id="kind" for="all" attr.name="kind" attr.type="string"/>',
    '<key id="label" for="node" attr.name="label" attr.type="string"/>',
    '<key id="score" for="node" attr.name="score" attr.type="double"/>',
    '<key id="about" for="node" attr.name="about" attr.type="string"/>',
    `<graph id="${escapeXml(group)}" edgedefault="directed">`,
    ...nodes.map(({ id, kind, label, score, about }) => {
      const scored = score === null ? '' : data('score', score);
      return `<node id="${escapeXml(id)}">${data('kind', kind)}${data('label', label)}${scored}${data('about', about)}</node>`;
    }),
    ...edges.map(
      ({ from, to, kind }) =>
        `<edge source="${escapeXml(from)}" target="${escapeXml(to)}">${data('kind', kind)}</edge>`,
    ),
    '</graph>',
    '</graphml>',
    '',
  ].join('\n');
}

/** A quoted string of DOT: a quote is escaped, and so is what would escape it. */
function quoted(content: string): string {
  return `"${content
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(/[\r\n]/g, ' ')}"`;
}
