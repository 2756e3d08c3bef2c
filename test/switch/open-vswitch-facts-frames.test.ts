/** What Open vSwitch sees of fragments and VLAN tags, where that decided how gluewall is built. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FragmentFlag } from '../../src/openflow/schema/constants.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame, type FrameFields } from '../support/frames.ts';
import type { OpenFlowClient } from '../support/openflow-client.ts';
import { MARKER_COOKIE, PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';

const MORE_FRAGMENTS = 0x2000;
const TAG = 0x8100;
/** Eight octets of payload: with the UDP header two of the units that fragment offsets count in. */
const payload = Buffer.from('a query.');

function dnsFrame(fields: FrameFields = {}): Buffer {
  return composeFrame(payload, { source: '192.0.2.1', destination: '198.18.0.53', ...fields });
}

describeIf(['root', 'namespaces', 'openVswitch'], 'Open vSwitch: fragments and VLAN tags', () => {
  let bridge: VethBridge;
  let client: OpenFlowClient;

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(async () => {
    await bridge.recreate();
    client = await bridge.connect();
  });
  afterEach(() => client.close());

  /** Waits until the entries with these cookies have counted so many packets each. */
  async function counted(expected: Readonly<Record<string, number>>): Promise<void> {
    await expect.poll(() => client.packetsByCookie(), { timeout: 5000 }).toEqual({ ...expected, [MARKER_COOKIE]: 2 });
  }

  describe('7: the fragment mode', () => {
    const whole = dnsFrame();
    const first = dnsFrame({ fragmentField: MORE_FRAGMENTS });
    const later = dnsFrame({ fragmentField: 2 });

    async function setMode(flags: number): Promise<void> {
      client.send({ type: 'setConfig', xid: 0, flags, missSendLen: 0xffff });
      const config = await client.request({ type: 'getConfigRequest', xid: 0 });
      expect(config).toMatchObject({ type: 'getConfigReply', flags });
    }

    const flows = [
      PASS_MARKER,
      'cookie=1,priority=10,udp,tp_dst=53,actions=output:2',
      'cookie=2,priority=5,udp,tp_dst=0,actions=output:2',
      'cookie=3,priority=1,actions=output:2',
    ];

    it('is normal at first: the ports of all fragments, the first too, match as 0', async () => {
      expect(await client.request({ type: 'getConfigRequest', xid: 0 })).toMatchObject({ flags: FragmentFlag.NORMAL });
      await bridge.addFlows(...flows);
      await bridge.through([whole, first, later]);
      await counted({ 1: 1, 2: 2, 3: 0 });
    });

    it('becomes nx-match by flags 3 of SET_CONFIG: a first fragment shows its ports', async () => {
      await setMode(FragmentFlag.NX_MATCH);
      await bridge.addFlows(...flows);
      await bridge.through([whole, first, later]);
      await counted({ 1: 2, 2: 1, 3: 0 });
    });

    it('nx-match: a later fragment is told from others by nw_frag', async () => {
      await setMode(FragmentFlag.NX_MATCH);
      await bridge.addFlows(...flows, 'cookie=4,priority=20,ip,nw_frag=later,actions=drop');
      expect(await bridge.through([whole, first, later])).toEqual([whole, first]);
      await counted({ 1: 2, 2: 0, 3: 0, 4: 1 });
    });
  });

  describe('8: vlan-limit', () => {
    const tagged = (tags: number) => dnsFrame({ tags: Array(tags).fill(TAG) });

    async function setLimit(limit: number): Promise<void> {
      await bridge.openVswitch.vsctl('set', 'Open_vSwitch', '.', `other_config:vlan-limit=${limit}`);
      await bridge.addFlows(
        PASS_MARKER,
        'cookie=1,priority=10,udp,tp_dst=53,actions=output:2',
        'cookie=2,priority=10,dl_type=0x8100,actions=output:2',
        'cookie=3,priority=1,actions=output:2',
      );
    }

    afterEach(() => bridge.openVswitch.vsctl('remove', 'Open_vSwitch', '.', 'other_config', 'vlan-limit'));

    it('1: a double-tagged frame has eth_type 0x8100 and never matches UDP', async () => {
      await setLimit(1);
      await bridge.through([tagged(0), tagged(1), tagged(2)]);
      await counted({ 1: 2, 2: 1, 3: 0 });
    });

    it('2: a double-tagged frame matches UDP, and three tags show eth_type 0x8100', async () => {
      await setLimit(2);
      await bridge.through([tagged(1), tagged(2), tagged(3)]);
      await counted({ 1: 2, 2: 1, 3: 0 });
    });
  });
});
