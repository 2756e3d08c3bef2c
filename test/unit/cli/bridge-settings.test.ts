import { expect, it } from 'vitest';
import { baseSettings, bridgeWishes, isEnforcing, primeSettings } from '../../../src/cli/bridge-settings.ts';
import { configuredGroups } from '../../../src/cli/configured-groups.ts';
import { captureInterfaces } from '../../../src/config/effective.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { Meter } from '../../../src/openflow/schema/constants.ts';
import type { ClientGroup } from '../../../src/policy/client-group.ts';
import type { Mode } from '../../../src/policy/mode.ts';

const config = (change: object) =>
  parseConfig(
    JSON.stringify({ inside: { networks: ['192.0.2.0/24'] }, outside: { ports: ['eth0', 2] }, ...change }),
    'gluewall.yaml',
  );

const PORTS = new Map([
  ['eth0', 1],
  ['eth7', 7],
]);

it.each([
  [{ mode: 'enforce', warmup: '48h' }, ['ask']],
  [{ mode: 'monitor' }, ['observe']],
  [{ mode: 'monitor', inside: {} }, []],
  [{ mode: 'monitor', outside: {} }, []],
])('with %j a bridge is primed to %j', (change, treatments) => {
  const groups = primeSettings(config(change)).groupsOn(PORTS);
  expect(groups.map(({ treatment }) => treatment)).toEqual(treatments);
});

const GROUPS = [
  { name: 'lab', clients: ['port:eth7', 'port:9', 'port:elsewhere', 'mac:02:00:00:00:00:01'], mode: 'enforce' },
  { name: 'guests', clients: ['192.0.2.64/26', '192.0.2.7', '2001:db8::7', '2001:db8:0:1::/64'] },
];

it('a bridge knows the clients of each group, ports by its own numbers; the rest is the default group', () => {
  const groups = primeSettings(config({ mode: 'monitor', groups: GROUPS })).groupsOn(PORTS);
  const network = (text: string) => ({ network: parseNetwork(text) });
  expect(groups).toEqual([
    { id: expect.any(Number), clients: [{ inPort: 7 }, { inPort: 9 }, { mac: 0x020000000001 }], treatment: 'ask' },
    {
      id: expect.any(Number),
      clients: ['192.0.2.64/26', '192.0.2.7/32', '2001:db8::7/128', '2001:db8:0:1::/64'].map(network),
      treatment: 'observe',
    },
    { id: 1, clients: [], treatment: 'observe' },
  ]);
  expect(new Set(groups.map(({ id }) => id)).size).toBe(3);
});

it('a group asks while its own mode in force is enforce, and a switch is enforced when any does', () => {
  const modes: Readonly<Record<string, Mode>> = { lab: 'monitor', guests: 'enforce', default: 'monitor' };
  const modeOf = ({ name }: ClientGroup) => modes[name]!;
  const settings = baseSettings(config({ groups: GROUPS }), configuredGroups(config({ groups: GROUPS })), modeOf, {
    ports: PORTS,
    hasMeters: true,
  });
  expect(settings.groups.map(({ treatment }) => treatment)).toEqual(['observe', 'ask', 'observe']);
  expect(isEnforcing(config({ groups: GROUPS }), modeOf)).toBe(true);
  expect(isEnforcing(config({ groups: GROUPS }), () => 'monitor')).toBe(false);
  expect(isEnforcing(config({ mode: 'monitor', inside: {} }), () => 'enforce')).toBe(false);
});

it('copies of allowed queries have their meter unless their rate is 0', () => {
  const settings = (allowed_rate: number) => primeSettings(config({ copy: { allowed_rate } }));
  expect(settings(0).recordsAllowed).toBe(false);
  expect([...settings(0).meterRates.keys()]).not.toContain(6);
  expect(settings(40).recordsAllowed).toBe(true);
  expect(settings(40).meterRates.get(6)).toBe(40);
});

it('a bridge is primed as the controller would set it', () => {
  const copy = { observed_rate: 11, blocked_rate: 22, allowed_rate: 33 };
  const settings = primeSettings(
    config({ on_failure: 'closed', trusted_resolvers: ['2001:db8::53'], copy, ask: { rate: 300 } }),
  );
  expect(settings).toMatchObject({ onFailure: 'closed', outsidePorts: ['eth0', 2] });
  expect(settings.trustedResolvers).toHaveLength(1);
  expect([...settings.meterRates]).toEqual([
    [1, 11],
    [2, 22],
    [6, 33],
    [Meter.CONTROLLER, 366],
  ]);
});

it('a bridge that copies for learning has a meter for each kind, and their room in the meter of all', () => {
  const settings = primeSettings(config({ openflow: { learn: true, learn_rate: 45 }, ask: { rate: 300 } }));
  expect(settings.learns).toBe('all');
  expect([...settings.meterRates]).toEqual([
    [1, 5000],
    [2, 100],
    [3, 45],
    [4, 45],
    [5, 5],
    [6, 1000],
    [Meter.CONTROLLER, 6495],
  ]);
  expect(primeSettings(config({})).learns).toBe('nothing');
});

it('copies nobody can learn from are not asked for', () => {
  const openflow = { learn: true };
  const trusted_resolvers = ['192.0.2.53'];
  expect(primeSettings(config({ openflow, trusted_resolvers })).learns).toBe('resolvers');
  expect(primeSettings(config({ openflow, trusted_resolvers, teach: 'chain' })).learns).toBe('all');
  expect(primeSettings(config({ openflow, trusted_resolvers, teach: 'matched' })).learns).toBe('all');
});

it('where switches copy, only interfaces that are named are captured', () => {
  const openflow = { learn: true };
  expect(captureInterfaces(config({}))).toEqual(['eth0']);
  expect(captureInterfaces(config({ openflow }))).toEqual([]);
  expect(captureInterfaces(config({ openflow, capture: { interfaces: ['eth1'] } }))).toEqual(['eth1']);
});

it('a bridge is to connect where the controller listens', () => {
  expect(bridgeWishes(config({}))).toEqual({ outsidePorts: ['eth0', 2], controllerTarget: 'tcp:127.0.0.1:6653' });
  const openflow = { listen: '[2001:db8::1]:6633', plain: 'anywhere' };
  expect(bridgeWishes(config({ openflow })).controllerTarget).toBe('tcp:[2001:db8::1]:6633');
  const tls = { key: 'k', certificate: 'c', ca: 'a' };
  expect(bridgeWishes(config({ openflow: { tls } })).controllerTarget).toBe('ssl:127.0.0.1:6653');
});
