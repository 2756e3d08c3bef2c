import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  addressFromOctets,
  addressOctets,
  formatAddress,
  isIpv4,
  networkContains,
  networkMask,
  parseAddress,
  parseNetwork,
  readIpv4,
  readIpv6,
} from '../../../src/core/address.ts';

const octets4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => Buffer.from(octets));
const octets16 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 })
  .map((octets) => Buffer.from(octets));
const anyOctets = fc.oneof(octets4, octets16);

describe('addresses in text', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['192.0.2.255', '192.0.2.255'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written as %s (RFC 5952)', (text, canonical) => {
    expect(formatAddress(parseAddress(text)!)).toBe(canonical);
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', ' 192.0.2.1', 'fe80::1%eth0', '1:2', ':::', 'a.example'])(
    '%j is no address',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('goes from octets to text and back', () => {
    fc.assert(
      fc.property(anyOctets, (octets) => {
        const address = addressFromOctets(octets)!;
        expect(parseAddress(formatAddress(address))).toBe(address);
        expect(addressOctets(address)).toEqual(octets);
        expect(isIpv4(address)).toBe(octets.length === 4);
      }),
    );
  });

  it('writes IPv6 as the platform does', () => {
    fc.assert(
      fc.property(octets16, (octets) => {
        const text = formatAddress(readIpv6(octets, 0));
        const embedded = new SocketAddress({ address: text, family: 'ipv6' }).address;
        fc.pre(!embedded.includes('.'));
        expect(text).toBe(embedded);
      }),
    );
  });

  it('takes four or sixteen octets and no other number', () => {
    for (const length of [0, 3, 5, 15, 17]) expect(addressFromOctets(Buffer.alloc(length))).toBeUndefined();
  });

  it('reads at an offset', () => {
    const octets = Buffer.from('ffc0000201', 'hex');
    expect(formatAddress(readIpv4(octets, 1))).toBe('192.0.2.1');
  });
});

describe('networks', () => {
  it.each(['192.0.2.0/24', '0.0.0.0/0', '::/0', '2001:db8::/32', '192.0.2.1/32', '2001:db8::1/128', '198.18.0.0/15'])(
    '%s is read',
    (text) => {
      const { base, prefixLength } = parseNetwork(text)!;
      expect(`${formatAddress(base)}/${prefixLength}`).toBe(text);
    },
  );

  it.each([
    '192.0.2.1/24',
    '192.0.2.0/33',
    '::/129',
    '2001:db8::1/64',
    '192.0.2.0',
    '192.0.2.0/',
    '/24',
    'x/8',
    '1/-1',
  ])('%s is no network', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it('contains what agrees with its base in every bit of the prefix, and nothing else', () => {
    fc.assert(
      fc.property(anyOctets, anyOctets, fc.nat(128), fc.boolean(), (a, b, length, near) => {
        const prefixLength = Math.min(length, a.length * 8);
        const mask = networkMask(addressFromOctets(a)!, prefixLength);
        const base = addressFromOctets(Buffer.from(a.map((octet, index) => octet & mask[index]!)))!;
        const other = near && a.length === b.length ? b.map((octet, i) => (a[i]! & mask[i]!) | (octet & ~mask[i]!)) : b;
        const address = addressFromOctets(Buffer.from(other)) as Address;
        const agrees = a.length === other.length && bits(a, prefixLength) === bits(Buffer.from(other), prefixLength);
        expect(networkContains({ base, prefixLength }, address)).toBe(agrees);
      }),
    );
  });
});

function bits(octets: Buffer, length: number): string {
  return [...octets]
    .map((octet) => octet.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);
}
