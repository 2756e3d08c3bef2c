/** What Open vSwitch sees of fragments, VLAN tags and connections, where that decided how gluewall is built. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FragmentFlag } from '../../src/openflow/schema/constants.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame, type FrameFields } from '../support/frames.ts';
import type { OpenFlowClient } from '../support/openflow-client.ts';
import { MARKER_COOKIE, PASS_MARKER, VethBridge } from '../support/veth-bridge.ts';

const MORE_FRAGMENTS = 0x2000;
const TAG = 0x8100;
const IP_OFFSET = 14;
/** Eight octets of payload: with the UDP header two of the units that fragment offsets count in. */
const payload = Buffer.from('a query.');

function dnsFrame(fields: FrameFields = {}): Buffer {
  return composeFrame(payload, { source: '192.0.2.1', destination: '198.18.0.53', ...fields });
}

describeIf(['root', 'namespaces', 'openVswitch'], 'Open vSwitch: fragments, VLAN tags, redirects', () => {
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

  describe('9: a redirect to the resolver', () => {
    const RESOLVER = '192.0.2.53';
    const STRANGER = '198.18.0.53';
    const query = exchangeFrame('192.0.2.1', 40_000, STRANGER, 53);
    const ownQuery = exchangeFrame('192.0.2.1', 40_001, RESOLVER, 53);
    /** What the resolver answers to the first, whose destination was changed, and to the second. */
    const answer = exchangeFrame(RESOLVER, 53, '192.0.2.1', 40_000);
    const ownAnswer = exchangeFrame(RESOLVER, 53, '192.0.2.1', 40_001);

    it('by set-field breaks the answers to those who asked the resolver itself', async () => {
      await bridge.addFlows(
        PASS_MARKER,
        `udp,tp_dst=53,actions=set_field:${RESOLVER}->nw_dst,output:2`,
        `udp,nw_src=${RESOLVER},tp_src=53,actions=set_field:${STRANGER}->nw_src,output:2`,
      );
      expect((await bridge.through([query])).map(addresses)).toEqual([['192.0.2.1', RESOLVER]]);
      expect((await bridge.through([answer])).map(addresses)).toEqual([[STRANGER, '192.0.2.1']]);
      expect((await bridge.through([ownAnswer])).map(addresses)).toEqual([[STRANGER, '192.0.2.1']]);
    });

    it('by ct(commit,nat) gives each answer the address that was asked', async () => {
      await bridge.addFlows(
        PASS_MARKER,
        'table=0,udp,actions=ct(table=1,nat)',
        `table=1,priority=20,udp,ct_state=+new,nw_dst=${RESOLVER},actions=ct(commit,table=2)`,
        `table=1,priority=10,udp,ct_state=+new,tp_dst=53,actions=ct(commit,nat(dst=${RESOLVER}),table=2)`,
        'table=1,priority=5,udp,ct_state=+est+rpl,actions=output:2',
        'table=2,actions=output:2',
      );
      expect((await bridge.through([query])).map(addresses)).toEqual([['192.0.2.1', RESOLVER]]);
      expect((await bridge.through([ownQuery])).map(addresses)).toEqual([['192.0.2.1', RESOLVER]]);
      expect((await bridge.through([answer])).map(addresses)).toEqual([[STRANGER, '192.0.2.1']]);
      expect((await bridge.through([ownAnswer])).map(addresses)).toEqual([[RESOLVER, '192.0.2.1']]);
    });

    it('has learn() besides: a packet makes an entry of its own', async () => {
      const learn = 'learn(table=5,hard_timeout=60,eth_type=0x800,nw_proto=17,nw_dst=nw_src,output:in_port)';
      await bridge.addFlows(PASS_MARKER, `udp,tp_dst=53,actions=${learn}`);
      await bridge.through([query]);
      const flows = await bridge.openVswitch.ofctl('dump-flows', bridge.name, 'table=5');
      expect(flows).toMatch(/hard_timeout=60, udp,nw_dst=192\.0\.2\.1 actions=output:1/);
    });
  });
});

/** One datagram with the header checksum right, without which conntrack takes it for invalid. */
function exchangeFrame(source: string, sourcePort: number, destination: string, destinationPort: number): Buffer {
  const frame = composeFrame(payload, { source, sourcePort, destination, destinationPort });
  let sum = 0;
  for (let at = IP_OFFSET; at < IP_OFFSET + 20; at += 2) sum += frame.readUInt16BE(at);
  frame.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, IP_OFFSET + 10);
  return frame;
}

/** Source and destination of an IPv4 frame. */
function addresses(frame: Buffer): string[] {
  return [12, 16].map((at) => frame.subarray(IP_OFFSET + at, IP_OFFSET + at + 4).join('.'));
}
