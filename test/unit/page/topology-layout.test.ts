import { expect, test } from 'vitest';
import { layOutTopology } from '../../../page/src/charts/topology-layout.ts';
import { botnetOf } from '../../../src/correlation/pictures/botnet.ts';

const WIDE = { width: 900, height: 520 };

function botnet(hosts: number) {
  const names = Array.from({ length: hosts }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  return botnetOf({
    id: 'G-1',
    hosts: names.map((host) => ({ host, score: 0.9, matches: 3 })),
    candidates: [
      {
        role: 'c2',
        address: '198.51.100.7',
        name: 'c.example',
        ports: [443],
        score: 0.9,
        contactedBy: names,
        suspects: 3,
        others: 0,
      },
    ],
    victims: [{ address: '203.0.113.9', attackedBy: names.slice(0, 3), syns: 900 }],
  });
}

test('the same botnet always has the same picture', () => {
  expect(layOutTopology(botnet(12), WIDE)).toEqual(layOutTopology(botnet(12), WIDE));
});

test.each([
  ['wide', WIDE, 'x'],
  ['high', { width: 340, height: 600 }, 'y'],
] as const)('servers, hosts and victims stand in this order in a %s picture, all within it', (_, size, axis) => {
  const { nodes, edges } = layOutTopology(botnet(12), size);
  const meanOf = (kind: string) => {
    const places = nodes.filter((node) => node.kind === kind).map((node) => node[axis]);
    return places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  expect(meanOf('c2')).toBeLessThan(meanOf('host'));
  expect(meanOf('host')).toBeLessThan(meanOf('victim'));
  for (const { x, y, radius } of nodes) {
    expect(x >= radius && x <= size.width - radius && y >= radius && y <= size.height - radius).toBe(true);
  }
  expect(edges.filter(({ kind }) => kind === 'attacks')).toHaveLength(3);
});

test('no two nodes lie upon each other, and a large net shows no name of each', () => {
  const { nodes, hasAllLabels } = layOutTopology(botnet(12), WIDE);
  expect(hasAllLabels).toBe(true);
  for (const [index, one] of nodes.entries()) {
    for (const other of nodes.slice(index + 1)) {
      expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(one.radius);
    }
  }
  expect(layOutTopology(botnet(200), WIDE).hasAllLabels).toBe(false);
});

test('a net of nothing is an empty picture', () => {
  const empty = { group: 'G-0', nodes: [], edges: [], leftOut: 0 };
  expect(layOutTopology(empty, WIDE)).toMatchObject({ nodes: [], edges: [] });
});
