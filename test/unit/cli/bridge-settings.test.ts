import { expect, it } from 'vitest';
import { bridgeWishes, primeSettings } from '../../../src/cli/bridge-settings.ts';
import { captureInterfaces } from '../../../src/config/effective.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { Meter } from '../../../src/openflow/schema/constants.ts';

const config = (change: object) =>
  parseConfig(
    JSON.stringify({ inside: { networks: ['192.0.2.0/24'] }, outside: { ports: ['eth0', 2] }, ...change }),
    'gluewall.yaml',
  );

it.each([
  [{ mode: 'enforce', warmup: '48h' }, 'ask'],
  [{ mode: 'monitor' }, 'observe'],
  [{ mode: 'monitor', inside: {} }, 'forward'],
  [{ mode: 'monitor', outside: {} }, 'forward'],
])('with %j a bridge is primed to %s', (change, treatment) => {
  expect(primeSettings(config(change)).treatment).toBe(treatment);
});

it('a bridge is primed as the controller would set it', () => {
  const copy = { observed_rate: 11, blocked_rate: 22 };
  const settings = primeSettings(
    config({ on_failure: 'closed', trusted_resolvers: ['2001:db8::53'], copy, ask: { rate: 300 } }),
  );
  expect(settings).toMatchObject({ onFailure: 'closed', outsidePorts: ['eth0', 2] });
  expect(settings.trustedResolvers).toHaveLength(1);
  expect([...settings.meterRates]).toEqual([
    [1, 11],
    [2, 22],
    [Meter.CONTROLLER, 333],
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
    [Meter.CONTROLLER, 5495],
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
