import { describe, expect, it } from 'vitest';
import {
  botnetOf,
  MAX_BOTNET_HOSTS,
  MAX_BOTNET_VICTIMS,
  type PicturedGroup,
} from '../../../../src/correlation/pictures/botnet.ts';
import { botnetDot, botnetGraphml } from '../../../../src/correlation/pictures/botnet-graph.ts';
import { botnetSvg } from '../../../../src/correlation/pictures/botnet-svg.ts';
import { xmlProblem } from '../../../support/well-formed.ts';

function group(hostCount: number, victimCount: number, name: string | null = 'c2.example'): PicturedGroup {
  const hosts = Array.from({ length: hostCount }, (_, index) => ({
    host: `198.18.${index >> 8}.${index & 255}`,
    score: 0.9,
    matches: 3,
  }));
  const every = (step: number) => hosts.filter((_, index) => index % step === 0).map(({ host }) => host);
  return {
    id: 'G-4c7q',
    hosts,
    candidates: [
      {
        role: 'c2',
        address: '198.51.100.7',
        name,
        ports: [53],
        score: 0.97,
        contactedBy: every(1),
        suspects: hostCount,
        others: 0,
      },
      {
        role: 'download',
        address: '203.0.113.9',
        name: null,
        ports: [],
        score: 0.5,
        contactedBy: every(2),
        suspects: 2,
        others: 1,
      },
    ],
    victims: Array.from({ length: victimCount }, (_, index) => ({
      address: `203.0.113.${index + 100}`,
      attackedBy: every(index + 1),
      syns: 40,
    })),
  };
}

describe('the picture of a botnet', () => {
  it('has servers, hosts and victims, and an edge for each contact that was seen', () => {
    const { nodes, edges, leftOut } = botnetOf(group(4, 2));
    expect(nodes.map(({ kind }) => kind)).toEqual([
      'c2',
      'download',
      'host',
      'host',
      'host',
      'host',
      'victim',
      'victim',
    ]);
    expect(nodes[0]).toMatchObject({
      label: 'c2.example',
      about: '198.51.100.7, ports 53; 4 suspected hosts, 0 others',
    });
    expect(nodes[1]).toMatchObject({ label: '203.0.113.9', about: '2 suspected hosts, 1 others' });
    expect(edges.filter(({ kind }) => kind === 'commands')).toHaveLength(6);
    expect(edges.filter(({ to }) => to === 'victim-203.0.113.101').map(({ from }) => from)).toEqual([
      'host-198.18.0.0',
      'host-198.18.0.2',
    ]);
    expect(leftOut).toBe(0);
  });

  it('is bounded, and says what found no room; no edge leads to what is not shown', () => {
    const botnet = botnetOf(group(5000, 200));
    const ids = new Set(botnet.nodes.map(({ id }) => id));
    expect(ids.size).toBe(MAX_BOTNET_HOSTS + MAX_BOTNET_VICTIMS + 2);
    expect(botnet.leftOut).toBe(5000 - MAX_BOTNET_HOSTS + 200 - MAX_BOTNET_VICTIMS);
    expect(botnet.edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
    expect(botnetSvg(botnet)).toContain(`${botnet.leftOut} more found no room`);
  });

  it('is the same each time', () => {
    expect(botnetSvg(botnetOf(group(50, 10)))).toBe(botnetSvg(botnetOf(group(50, 10))));
  });

  it.each([1, 3, 41, 300])('of %i hosts is well-formed and within its borders', (hosts) => {
    const svg = botnetSvg(botnetOf(group(hosts, Math.min(hosts, 50))));
    expect(xmlProblem(svg)).toBeUndefined();
    const height = Number(/height="(\d+)"/.exec(svg)![1]);
    const places = [...svg.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(places.length).toBeGreaterThanOrEqual(hosts);
    for (const [x, y] of places) {
      expect(x).toBeLessThan(970);
      expect(y).toBeLessThan(height);
    }
  });

  it.each(['"><script>alert(1)</script>', '\\"];evil [label="x', 'a\\\\b"\n}digraph{', "x'&amp;<!--\u0007"])(
    'takes the name %j as a name',
    (name) => {
      const botnet = botnetOf(group(2, 1, name));
      expect(xmlProblem(botnetSvg(botnet))).toBeUndefined();
      expect(xmlProblem(botnetGraphml(botnet))).toBeUndefined();
      // Each line of a node is one statement of quoted strings.
      const lines = botnetDot(botnet).trimEnd().split('\n').slice(2, -1);
      const quotedText = '"(?:[^"\\\\]|\\\\.)*"';
      const statement = new RegExp(
        `^  ${quotedText}(?: -> ${quotedText}(?: \\[style=dashed\\])?| \\[label=${quotedText}, shape=\\w+, tooltip=${quotedText}\\]);$`,
      );
      for (const line of lines) expect(line).toMatch(statement);
    },
  );
});
