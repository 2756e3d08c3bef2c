import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  addressFromOctets,
  addressOctets,
  type Network,
  networkContains,
  parseNetwork,
} from '../../../src/core/address.ts';
import { NetworkTable } from '../../../src/policy/network-table.ts';
import { addressOf } from '../../support/observations.ts';

function tableOf(texts: readonly string[]): NetworkTable<string> {
  const table = new NetworkTable<string>();
  for (const text of texts) table.add(parseNetwork(text)!, text);
  return table;
}

function found<T>(table: NetworkTable<T>, address: Address): T[] {
  const steps = Array.from({ length: table.steps(address) }, (_, step) => table.at(step, address) ?? []);
  return steps.flat();
}

const octets = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
const address = octets.map((bytes) => addressFromOctets(Buffer.from(bytes))!);
/** Host bits zero. */
const network = fc.tuple(octets, fc.nat(128)).map(([bytes, length]): Network => {
  const prefixLength = length % (bytes.length * 8 + 1);
  const base = bytes.map((octet, at) => octet & (0xff00 >> Math.min(8, Math.max(0, prefixLength - at * 8))));
  return { base: addressFromOctets(Buffer.from(base))!, prefixLength };
});

describe('NetworkTable', () => {
  it.each([
    ['192.0.2.10', ['0.0.0.0/0', '192.0.2.0/24', '192.0.2.10/32']],
    ['192.0.2.11', ['0.0.0.0/0', '192.0.2.0/24']],
    ['203.0.113.1', ['0.0.0.0/0']],
    ['2001:db8::1', ['2001:db8::/33', '2001:db8::1/128', '::/0']],
    ['2001:db8:8000::1', ['::/0']],
  ])('finds all that hold %s, and no other', (text, expected) => {
    const table = tableOf([
      '192.0.2.0/24',
      '192.0.2.10/32',
      '0.0.0.0/0',
      '0.0.0.0/1',
      '::/0',
      '2001:db8::/33',
      '2001:db8::1/128',
    ]);
    expect(found(table, addressOf(text)).sort()).toEqual(expected.sort());
  });

  it('keeps the values of one network in the order in which they came', () => {
    const table = new NetworkTable<number>();
    for (const n of [3, 1, 2]) table.add(parseNetwork('192.0.2.0/24')!, n);
    expect(found(table, addressOf('192.0.2.1'))).toEqual([3, 1, 2]);
    expect(table.size).toBe(3);
  });

  it('finds nothing where there is nothing', () => {
    expect(found(new NetworkTable(), addressOf('::'))).toEqual([]);
    expect(found(new NetworkTable(), addressOf('255.255.255.255'))).toEqual([]);
  });

  it('finds what comparing with each network finds', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), fc.array(address, { maxLength: 5 }), (networks, others) => {
        const table = new NetworkTable<Network>();
        for (const one of networks) table.add(one, one);
        // Inside a network, at its edges, and anywhere.
        const asked = [...others, ...networks.flatMap((one) => [one.base, lastOf(one)])];
        for (const one of asked) {
          const expected = networks.filter((each) => networkContains(each, one));
          expect(new Set(found(table, one))).toEqual(new Set(expected));
        }
      }),
    );
  });
});

function lastOf({ base, prefixLength }: Network): Address {
  const last = addressOctets(base).map(
    (octet, at) => octet | (0xff >> Math.min(8, Math.max(0, prefixLength - at * 8))),
  );
  return addressFromOctets(Buffer.from(last))!;
}
