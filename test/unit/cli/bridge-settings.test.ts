import { expect, it } from 'vitest';
import { bridgeWishes, primeSettings } from '../../../src/cli/bridge-settings.ts';
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

it('a bridge is to connect where the controller listens', () => {
  expect(bridgeWishes(config({}))).toEqual({ outsidePorts: ['eth0', 2], controllerTarget: 'tcp:127.0.0.1:6653' });
  const openflow = { listen: '[2001:db8::1]:6633', plain: 'anywhere' };
  expect(bridgeWishes(config({ openflow })).controllerTarget).toBe('tcp:[2001:db8::1]:6633');
  const tls = { key: 'k', certificate: 'c', ca: 'a' };
  expect(bridgeWishes(config({ openflow: { tls } })).controllerTarget).toBe('ssl:127.0.0.1:6653');
});
