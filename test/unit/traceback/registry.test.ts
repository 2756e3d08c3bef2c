import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseNetwork } from '../../../src/core/address.ts';
import { Anonymiser } from '../../../src/querylog/anonymiser.ts';
import type { Peer } from '../../../src/traceback/node-options.ts';
import { clientOf, Registry } from '../../../src/traceback/registry.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';

function peerOf(name: string, servers: readonly string[], zones: readonly string[] = []): Peer {
  const networks = servers.map((text) => parseNetwork(text)!);
  const scope = { requests: [], names: [], perMinute: 1, perDay: 1 };
  return { name, url: undefined, servers: networks, zones: zones.map(nameOf), ...scope };
}

function registryOf(
  parts: { servers?: string[]; clients?: string[]; zones?: string[]; peers?: Peer[] },
  inLog?: (address: Address) => Address,
) {
  const { servers = [], clients = [], zones = [], peers = [] } = parts;
  const networks = (texts: string[]) => texts.map((text) => parseNetwork(text)!);
  return new Registry(
    { servers: networks(servers), clients: networks(clients), zones: zones.map(nameOf), peers },
    inLog,
  );
}

/** Who it is, in a word. */
function who(registry: Registry, address: Address): string {
  const party = registry.partyOf(address);
  return party?.kind === 'peer' ? party.peer.name : (party?.kind ?? 'nobody');
}

describe('Registry', () => {
  const registry = registryOf({
    servers: ['192.0.2.53/32', '2001:db8:1::53/128'],
    clients: ['192.0.2.0/24', '2001:db8:1::/48'],
    peers: [
      peerOf('wide', ['198.51.0.0/16', '2001:db8::/32', '192.0.2.53/32']),
      peerOf('narrow', ['198.51.100.0/24', '192.0.2.128/25']),
      peerOf('one', ['198.51.100.53/32']),
      peerOf('first', ['203.0.113.1/32']),
      peerOf('second', ['203.0.113.1/32']),
      peerOf('all', ['0.0.0.0/0']),
    ],
  });

  it.each([
    ['192.0.2.53', 'own server'],
    ['192.0.2.7', 'client'],
    ['192.0.2.200', 'narrow'],
    ['198.51.1.1', 'wide'],
    ['198.51.100.1', 'narrow'],
    ['198.51.100.53', 'one'],
    ['203.0.113.1', 'first'],
    ['203.0.113.2', 'all'],
    ['2001:db8:1::53', 'own server'],
    ['2001:db8:1::7', 'client'],
    ['2001:db8:2::7', 'wide'],
    ['2001:db9::1', 'nobody'],
  ])('%s is %s: the longest prefix', (address, expected) => {
    expect(who(registry, addressOf(address))).toBe(expected);
  });

  it.each([
    ['www.example.org', 'here'],
    ['example.org', 'here'],
    ['sub.example.org', 'child'],
    ['a.b.sub.example.org', 'child'],
    ['xsub.example.org', 'here'],
    ['xexample.org', undefined],
    ['example.net', 'child'],
    ['org', undefined],
  ])('%s is a name of %s: the closest zone', (name, expected) => {
    const zones = registryOf({
      zones: ['EXAMPLE.org'],
      peers: [peerOf('child', [], ['SUB.example.org', 'example.net', 'example.org'])],
    });
    const owner = zones.ownerOf(nameOf(name));
    expect(typeof owner === 'object' ? owner.name : owner).toBe(expected);
    expect(zones.isOurs(nameOf(name))).toBe(name === 'example.org' || name.endsWith('.example.org'));
  });

  const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => addressOf(text));
  const anonymiser = new Anonymiser(Buffer.from(Array.from({ length: 32 }, (_, index) => 7 * index)));
  const inLog = (address: Address) => anonymiser.pseudonym(address);

  it('says the same of pseudonyms as of addresses', () => {
    const networks = ['192.0.2.0/24', '2001:db8::/32', '0.0.0.0/1', '8000::/3', '198.51.100.53/32'];
    const parts = { clients: networks.slice(0, 2), peers: [peerOf('peer', networks.slice(2))] };
    const plain = registryOf(parts);
    const anonymous = registryOf(parts, inLog);
    const near = fc.constantFrom(
      '192.0.2.1',
      '192.0.3.1',
      '198.51.100.53',
      '198.51.100.54',
      '2001:db8::1',
      '2001:db9::1',
    );
    fc.assert(
      fc.property(fc.oneof(anyAddress, near.map(addressOf)), (address) => {
        expect(who(anonymous, inLog(address))).toBe(who(plain, address));
      }),
      { numRuns: 300 },
    );
  });

  it('finds the address of a pseudonym', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(formatAddress(clientOf(inLog(address), inLog)!)).toBe(formatAddress(address));
      }),
      { numRuns: 50 },
    );
    const constant = () => addressOf('192.0.2.1');
    expect(clientOf(addressOf('192.0.2.9'), constant)).toBeUndefined();
  });
});
