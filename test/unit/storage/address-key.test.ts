import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressFromOctets, formatAddress, networkAround, networkContains } from '../../../src/core/address.ts';
import { addressKey, addressKeyRange } from '../../../src/storage/inbox/address-key.ts';

const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => addressFromOctets(Buffer.from(bytes))!);
const isIn = (key: Buffer, { first, last }: { readonly first: Buffer; readonly last: Buffer }) =>
  key.compare(first) >= 0 && key.compare(last) <= 0;

it('keys of a network are those of the addresses that it contains', () => {
  for (const [length, bits] of [
    [4, 32],
    [16, 128],
  ] as const) {
    const prefix = fc.integer({ min: 0, max: bits });
    const property = fc.property(octets(length), octets(length), prefix, (base, other, prefixLength) => {
      const network = networkAround(`${formatAddress(base)}/${prefixLength}`)!;
      const range = addressKeyRange({ address: formatAddress(base), prefixLength })!;
      expect(isIn(addressKey(base), range)).toBe(true);
      expect(isIn(addressKey(other), range)).toBe(networkContains(network, other));
    });
    fc.assert(property);
  }
});

it('an address is a range of one key, and no address is none', () => {
  const { first, last } = addressKeyRange({ address: '192.0.2.7', prefixLength: undefined })!;
  expect(first).toEqual(last);
  expect(first.toString('hex')).toBe('00000000000000000000ffffc0000207');
  expect(addressKeyRange({ address: 'printer', prefixLength: undefined })).toBeUndefined();
});
