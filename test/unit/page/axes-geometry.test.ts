import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AXES_MARGIN, axesGeometry, lineWords } from '../../../page/src/charts/axes-geometry.ts';
import { parseAddress } from '../../../src/core/address.ts';
import { queryAxes } from '../../../src/correlation/pictures/query-axes.ts';

const SIZE = { width: 800, height: 400 };

function query(client: string, clientPort: number, server: string, serverPort = 53) {
  return { client: parseAddress(client)!, clientPort, server: parseAddress(server)!, serverPort };
}

test('a picture of IPv4 has ten axes from edge to edge, and a line for each different query', () => {
  const queries = [query('192.0.2.7', 0, '0.0.0.0'), query('192.0.2.7', 65_535, '255.255.255.255', 65_535)];
  const { axes, lines, top, bottom } = axesGeometry(queryAxes(queries, 'ipv4'), SIZE);
  expect(axes).toHaveLength(10);
  expect(axes[0]!.x).toBe(AXES_MARGIN.side);
  expect(axes.at(-1)!.x).toBe(SIZE.width - AXES_MARGIN.side);
  expect(axes.map(({ most }) => most)).toEqual(['65535', ...new Array(8).fill('255'), '65535']);
  const ends = lines.map(({ points }) => points.split(' ')[0]!.split(',')[1]);
  expect(ends.sort()).toEqual([String(bottom), String(top)].sort());
});

test('lines of IPv6 have eighteen axes with hexadecimal ends', () => {
  const { axes } = axesGeometry(queryAxes([query('2001:db8::1', 1, '2001:db8::53')], 'ipv6'), SIZE);
  expect(axes).toHaveLength(18);
  expect(axes[1]!.most).toBe('ffff');
});

test('what many asked is stronger than what one did', () => {
  const many = Array.from({ length: 9 }, () => query('192.0.2.7', 1, '192.0.2.53'));
  const { lines } = axesGeometry(queryAxes([...many, query('192.0.2.7', 2, '192.0.2.53')], 'ipv4'), SIZE);
  expect(lines[0]!.opacity).toBeGreaterThan(lines[1]!.opacity);
});

test('every line lies within the picture', () => {
  const line = fc.record({ values: fc.array(fc.integer(), { minLength: 10, maxLength: 10 }), queries: fc.nat() });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const { axes } = queryAxes([], 'ipv4');
      const geometry = axesGeometry({ family: 'ipv4', axes, lines, queries: 0, leftOut: 0 }, SIZE);
      for (const { points, opacity } of geometry.lines) {
        expect(opacity > 0 && opacity <= 1).toBe(true);
        for (const point of points.split(' ')) {
          const [x, y] = point.split(',').map(Number);
          expect(x! >= 0 && x! <= SIZE.width && y! >= geometry.top && y! <= geometry.bottom).toBe(true);
        }
      }
    }),
  );
});

test.each([
  ['192.0.2.7', '198.51.100.53', '192.0.2.7:4711', '198.51.100.53:53'],
  ['2001:db8::1', '2001:db8:0:0:1:0:0:53', '[2001:db8::1]:4711', '[2001:db8::1:0:0:53]:53'],
  ['::', '2001:db8:1:2:3:4:0:6', '[::]:4711', '[2001:db8:1:2:3:4:0:6]:53'],
])('a line from %s to %s is written as people write addresses', (client, server, from, to) => {
  const family = client.includes(':') ? 'ipv6' : 'ipv4';
  const { lines } = queryAxes([query(client, 4711, server)], family);
  expect(lineWords(family, lines[0]!.values)).toEqual({ from, to });
});
