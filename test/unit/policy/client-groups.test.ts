import { describe, expect, it } from 'vitest';
import { ClientGroups } from '../../../src/policy/client-groups.ts';
import type { QueryClient } from '../../../src/policy/query.ts';
import { addressOf } from '../../support/observations.ts';
import { DEFAULT_GROUP, groupOf } from '../../support/policies.ts';

const client = (given: Partial<QueryClient>): QueryClient => ({
  address: undefined,
  mac: undefined,
  inPort: undefined,
  portName: undefined,
  ...given,
});

describe('ClientGroups', () => {
  const groups = new ClientGroups([
    groupOf(7, 'lab', ['port:s1-eth3', 'port:4', 'mac:02:00:00:00:00:0a']),
    groupOf(8, 'guests', ['192.0.2.64/26', '2001:db8:0:1::/64']),
    groupOf(9, 'printers', ['192.0.2.9', '192.0.2.65', '2001:db8::9', 'mac:02:00:00:00:00:0a']),
    DEFAULT_GROUP,
  ]);
  const nameOf = (given: Partial<QueryClient>) => groups.groupOf(client(given)).name;

  it.each<[string, Partial<QueryClient>, string]>([
    ['an address', { address: addressOf('192.0.2.9') }, 'printers'],
    ['an IPv6 address', { address: addressOf('2001:db8::9') }, 'printers'],
    ['a network', { address: addressOf('192.0.2.127') }, 'guests'],
    ['the edge of a network', { address: addressOf('192.0.2.128') }, 'default'],
    ['an IPv6 network', { address: addressOf('2001:db8:0:1:ffff::') }, 'guests'],
    ['beyond an IPv6 network', { address: addressOf('2001:db8:0:2::') }, 'default'],
    ['a MAC address: the first group that has it', { mac: 0x02000000000a }, 'lab'],
    ['another MAC address', { mac: 0x02000000000b }, 'default'],
    ['a port by name', { portName: 's1-eth3' }, 'lab'],
    ['a port by number', { inPort: 4 }, 'lab'],
    ['a port whose name is the number of another', { portName: '4' }, 'default'],
    ['nothing that is known', {}, 'default'],
    ['of two groups the first', { address: addressOf('192.0.2.65') }, 'guests'],
    ['of two groups the first, whatever selects it', { address: addressOf('192.0.2.9'), inPort: 4 }, 'lab'],
  ])('a client is found by %s', (_what, given, name) => {
    expect(nameOf(given)).toBe(name);
  });

  it('are found by name and by number', () => {
    expect(groups.get('guests')).toBe(groups.numbered(8));
    expect(groups.get('nobody')).toBeUndefined();
    expect(groups.numbered(2)).toBeUndefined();
    expect(groups.default).toBe(DEFAULT_GROUP);
  });

  it('where there is but the default group, all are of it', () => {
    const only = new ClientGroups([DEFAULT_GROUP]);
    expect(only.groupOf(client({ address: addressOf('192.0.2.9'), inPort: 4 }))).toBe(DEFAULT_GROUP);
  });
});
