import { describe, expect, it } from 'vitest';
import { bridgePlace, managementSocket, openVswitchRunDirectory } from '../../../src/switches/bridge-place.ts';

describe('the place of a bridge', () => {
  it('has its management socket in the run directory', () => {
    expect(managementSocket(bridgePlace('br-int.7', '/run/ovs'))).toBe('/run/ovs/br-int.7.mgmt');
  });

  it.each(['', '/', '../br0', 'a/b', '-br0', '--db=x', 'a b', 'a\nb', 'a\u001b', 'a\u009b', 'a\u202e', '\ud83d'])(
    'is refused for %j, which no bridge is called',
    (name) => {
      expect(() => bridgePlace(name, '/run')).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  it('is refused where its socket has no room in an address', () => {
    const longest = 'x'.repeat(107 - '/run/.mgmt'.length);
    expect(managementSocket(bridgePlace(longest, '/run'))).toHaveLength(107);
    expect(() => bridgePlace(`${longest}x`, '/run')).toThrow('107 octets');
  });
});

it('the run directory is that of the environment, or of the packages', () => {
  expect(openVswitchRunDirectory({ OVS_RUNDIR: '/run/mine' })).toBe('/run/mine');
  expect(openVswitchRunDirectory({ OVS_RUNDIR: '' })).toBe('/var/run/openvswitch');
  expect(openVswitchRunDirectory({})).toBe('/var/run/openvswitch');
});
