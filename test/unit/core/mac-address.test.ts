import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatMac, parseMac } from '../../../src/core/mac-address.ts';

it('writes what it reads', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (mac) => {
      expect(parseMac(formatMac(mac))).toBe(mac);
      expect(parseMac(formatMac(mac).toUpperCase())).toBe(mac);
    }),
  );
  expect(formatMac(0x02_00_00_00_00_0a)).toBe('02:00:00:00:00:0a');
});

it.each([
  '',
  '02:00:00:00:00',
  '02:00:00:00:00:01:02',
  '2:0:0:0:0:1',
  '02-00-00-00-00-01',
  '0g:00:00:00:00:01',
  ' 02:00:00:00:00:01',
])('does not read %j', (text) => {
  expect(parseMac(text)).toBeUndefined();
});
