import { describe, expect, it } from 'vitest';
import { connectAnyBridge } from '../../../src/cli/connect-command.ts';
import { parseConfig } from '../../../src/config/load.ts';

const TLS = 'tls: {key: k.pem, certificate: c.pem, ca: ca.pem}';

describe('the command that connects a bridge', () => {
  it.each([
    ['listen: 127.0.0.1:0', 'tcp:127.0.0.1:6653'],
    ['listen: "[2001:db8::1]:0", plain: anywhere', 'tcp:[2001:db8::1]:6653'],
    ['listen: 0.0.0.0:0, plain: anywhere', 'tcp:ADDRESS-OF-THIS-HOST:6653'],
    [`listen: "[::]:0", ${TLS}`, 'ssl:ADDRESS-OF-THIS-HOST:6653'],
  ])('names for %s a place that a switch can reach', (keys, place) => {
    const { openflow } = parseConfig(`openflow: {${keys}}\n`, 'test.yaml');
    expect(connectAnyBridge(openflow, 6653)).toBe(
      `ovs-vsctl set bridge BRIDGE protocols=OpenFlow13 -- set-fail-mode BRIDGE secure -- set-controller BRIDGE ${place}`,
    );
  });
});
