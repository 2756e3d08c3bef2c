import { describe, expect, it } from 'vitest';
import { type Network, parseNetwork } from '../../../../src/core/address.ts';
import { outsideAddress, possibleAddress } from '../../../../src/nsdb/rules/name-server-address.ts';
import { addressOf } from '../../../support/observations.ts';

const INSIDE = ['192.0.2.0/24', '2001:db8:1::/48'].map((text) => parseNetwork(text)) as Network[];
const factsOf = (text: string) => ({ address: addressOf(text), insideNetworks: INSIDE });

describe('possible-address', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.255',
    '224.0.0.251',
    '239.1.1.1',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::fb',
  ])('refuses %s', (text) => {
    expect(possibleAddress.refuses(factsOf(text))).toBe(true);
  });

  it.each([
    '1.0.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '192.0.2.53',
    '198.51.100.1',
    '223.255.255.255',
    '2001:db8::53',
    '::2',
    '1::',
  ])('takes %s', (text) => {
    expect(possibleAddress.refuses(factsOf(text))).toBe(false);
  });

  it.each(['::ffff:127.0.0.1', '::ffff:0.0.0.0', '::ffff:224.0.0.1', '::ffff:192.0.2.1'])(
    'refuses %s, an IPv4 address in disguise and never a destination on the wire',
    (text) => {
      expect(possibleAddress.refuses(factsOf(text))).toBe(true);
    },
  );
});

describe('outside-address', () => {
  it.each([
    ['192.0.2.53', true],
    ['192.0.3.53', false],
    ['2001:db8:1::53', true],
    ['2001:db8:2::53', false],
  ])('%s: refused %s', (text, isRefused) => {
    expect(outsideAddress.refuses(factsOf(text))).toBe(isRefused);
  });

  it('refuses nothing where nothing is inside', () => {
    expect(outsideAddress.refuses({ ...factsOf('192.0.2.53'), insideNetworks: [] })).toBe(false);
  });
});
