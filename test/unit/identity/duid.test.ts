import { expect, it } from 'vitest';
import { hexOctets, macOfDuid } from '../../../src/identity/duid.ts';

const macIn = (hex: string) => macOfDuid(hexOctets(hex)!)?.toString(16);

it.each([
  ['a link-layer address and a time', '00:01:00:01:32:94:69:9a:02:00:00:00:00:01', '20000000001'],
  ['a link-layer address', '00:03:00:01:02:00:00:00:00:01', '20000000001'],
  ['a link-layer address of other hardware', '00:03:00:06:02:00:00:00:00:01', undefined],
  ['a link-layer address of another length', '00:03:00:01:02:00:00:00:00:01:02', undefined],
  ['a number of an enterprise', '00:02:00:00:01:37:00:00:00:01', undefined],
  ['a UUID', '00:04:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f', undefined],
  ['nothing', '00', undefined],
])('a DUID of %s', (_what, hex, mac) => {
  expect(macIn(hex)).toBe(mac);
});

it('holds no address when it is cut', () => {
  const duid = hexOctets('00:01:00:01:32:94:69:9a:02:00:00:00:00:01')!;
  for (let length = 0; length < duid.length; length++) {
    const mac = macOfDuid(duid.subarray(0, length));
    expect(mac, `${length} octets`).toBeUndefined();
  }
});

it.each(['', ':', '00:', '0g', '000', '00 01', Array.from({ length: 131 }, () => '00').join(':')])(
  'no octets: %j',
  (text) => {
    expect(hexOctets(text)).toBeUndefined();
  },
);
