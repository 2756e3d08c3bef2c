import { describe, expect, it } from 'vitest';
import { type AxesQuery, MAX_LINES, queryAxes } from '../../../../src/correlation/pictures/query-axes.ts';
import { queryAxesSvg } from '../../../../src/correlation/pictures/query-axes-svg.ts';
import { addressOf } from '../../../support/observations.ts';
import { xmlProblem } from '../../../support/well-formed.ts';

const query = (client: string, clientPort: number, server: string): AxesQuery => ({
  client: addressOf(client),
  clientPort,
  server: addressOf(server),
  serverPort: 53,
});

describe('the axes of queries', () => {
  it('are ten for IPv4: port, octets, octets, port (paper 1, figure 4)', () => {
    const queries = [query('192.0.2.66', 1025, '198.51.100.7'), query('192.0.2.66', 1025, '198.51.100.7')];
    const { axes, lines } = queryAxes([...queries, query('2001:db8::1', 1, '2001:db8::2')], 'ipv4');
    expect(axes.map(({ most }) => most)).toEqual([65_535, 255, 255, 255, 255, 255, 255, 255, 255, 65_535]);
    expect(lines).toEqual([{ values: [1025, 192, 0, 2, 66, 198, 51, 100, 7, 53], queries: 2 }]);
  });

  it('are eighteen for IPv6, an address by its eight groups', () => {
    const { axes, lines } = queryAxes([query('2001:db8:1::66', 4000, '2001:db8::ffff')], 'ipv6');
    expect(axes).toHaveLength(18);
    expect(lines[0]!.values).toEqual([
      4000, 0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x66, 0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xffff, 53,
    ]);
  });

  it('show the commonest lines first, and say what found no room', () => {
    const many = Array.from({ length: MAX_LINES + 10 }, (_, port) => query('192.0.2.66', port, '198.51.100.7'));
    const { lines, queries, leftOut } = queryAxes([...many, many[7]!], 'ipv4');
    expect(lines).toHaveLength(MAX_LINES);
    expect(lines[0]).toMatchObject({ queries: 2 });
    expect([queries, leftOut]).toEqual([MAX_LINES + 11, 10]);
  });

  it('are drawn within their borders, also when there is nothing', () => {
    for (const queries of [[], [query('192.0.2.66', 65_535, '255.255.255.255'), query('192.0.2.66', 0, '0.0.0.0')]]) {
      const svg = queryAxesSvg(queryAxes(queries, 'ipv4'), '192.0.2.66 <b>');
      expect(xmlProblem(svg)).toBeUndefined();
      const ys = [...svg.matchAll(/points="([^"]+)"/g)].flatMap(([, points]) =>
        points!.split(' ').map((point) => Number(point.split(',')[1])),
      );
      for (const y of ys) {
        expect(y).toBeGreaterThanOrEqual(158);
        expect(y).toBeLessThanOrEqual(480);
      }
    }
  });
});
