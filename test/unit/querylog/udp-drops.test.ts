import { expect, it } from 'vitest';
import { readUdpDrops } from '../../../src/querylog/udp-drops.ts';

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
const row = (local: string, drops: number) =>
  ` 1206: ${local} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 46871 2 0000000000000000 ${drops}         `;

it('reads what Linux has lost of a socket', () => {
  const table = [HEAD, row('0100007F:3C9A', 7), row('00000000:3C9A', 5), row('0100007F:3C9B', 9), ''].join('\n');
  expect(readUdpDrops(table, '127.0.0.1', 15514)).toBe(7);
  expect(readUdpDrops(table, '0.0.0.0', 15514)).toBe(5);
  expect(readUdpDrops(table, '127.0.0.2', 15514)).toBeUndefined();
  expect(readUdpDrops([HEAD, row('B80D0120000000000000000001000000:0202', 3)].join('\n'), '2001:db8::1', 514)).toBe(3);
  for (const odd of ['', HEAD, '1 0100007F:3C9A', 'x'.repeat(1000)])
    expect(() => readUdpDrops(odd, '127.0.0.1', 15514)).not.toThrow();
  expect(readUdpDrops(table, 'no address', 15514)).toBeUndefined();
});
