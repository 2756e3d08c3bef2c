import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientGroups, numberGroups } from '../../../src/policy/client-groups.ts';
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

describe('numberGroups', () => {
  it('the default group is 1, and each name has a number of its own from 2 to 65535', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[\w.-]{1,63}$/), { maxLength: 255 }), (names) => {
        const numbers = numberGroups(names);
        expect(numbers.get('default')).toBe(1);
        const others = [...numbers].filter(([name]) => name !== 'default').map(([, number]) => number);
        expect(new Set(others).size).toBe(names.filter((name) => name !== 'default').length);
        for (const number of others) expect(number >= 2 && number <= 65_535).toBe(true);
      }),
    );
  });

  it('a name has the same number in whatever company, so that flows of before mean the same', () => {
    const alone = numberGroups(['printers']).get('printers');
    expect(numberGroups(['lab', 'guests', 'printers']).get('printers')).toBe(alone);
    expect(numberGroups(['printers', 'lab']).get('printers')).toBe(alone);
  });

  it('two names with one hash have a number each', () => {
    const byNumber = new Map<number, string>();
    let pair: [string, string] | undefined;
    for (let n = 0; pair === undefined && n < 10_000; n++) {
      const name = `group-${n}`;
      const number = numberGroups([name]).get(name)!;
      const held = byNumber.get(number);
      if (held !== undefined) pair = [held, name];
      byNumber.set(number, name);
    }
    const numbers = numberGroups(pair!);
    expect(numbers.get(pair![1])).toBe(numbers.get(pair![0])! + 1);
  });
});
