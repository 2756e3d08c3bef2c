/** What Open vSwitch copies to learn from, read as observations; and what a flood of copies does to those that ask. */
import * as dnsPacket from 'dns-packet';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { CopiedFrames } from '../../src/capture/copied-frames.ts';
import { baseFlows } from '../../src/controller/base-flows.ts';
import { copyReasonOf, learningDirection } from '../../src/controller/pipeline.ts';
import { allowFlow } from '../../src/controller/verdict-flows.ts';
import { formatAddress, parseAddress, parseNetwork } from '../../src/core/address.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { DnsObservation } from '../../src/dns/observation.ts';
import { Meter } from '../../src/openflow/schema/constants.ts';
import { unpackBatch } from '../support/collected-observations.ts';
import { ControllerRig } from '../support/controller-rig.ts';
import { onlyGroup } from '../support/default-group.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeQuery, REFERRAL } from '../support/dns-messages.ts';
import { composeFragments, composeFrame, composeSegment, type FrameFields, withTcpLength } from '../support/frames.ts';
import { VethBridge } from '../support/veth-bridge.ts';

const WAIT_MS = 10_000;
const RESOLVER = '192.0.2.53';
const SERVER = '198.51.100.53';
/** Towards the resolver, and from it. */
const IN: FrameFields = {
  macs: '020000000002020000000001',
  source: SERVER,
  destination: RESOLVER,
  sourcePort: 53,
  destinationPort: 40000,
};
const OUT: FrameFields = { source: RESOLVER, destination: SERVER };
const QUERY = composeQuery('wWw.eXample.org', 0xbeef);
/** Longer than one frame of Ethernet, as a response by TCP may be. */
const LARGE = dnsPacket.encode({
  ...REFERRAL,
  additionals: [
    ...REFERRAL.additionals!,
    ...Array.from({ length: 60 }, (_, host) => ({
      name: `ns${host}.example.org`,
      type: 'A' as const,
      ttl: 300,
      data: `203.0.113.${host}`,
    })),
  ],
});

describeIf(['root', 'namespaces', 'openVswitch'], 'the source openflow, on Open vSwitch', () => {
  let bridge: VethBridge;
  let rig: ControllerRig;
  const observations: DnsObservation[] = [];
  /** Packet_ins that are no copies to learn from. */
  let others = 0;

  beforeAll(async () => {
    bridge = await VethBridge.start();
  });
  afterAll(() => bridge?.stop());
  beforeEach(async () => {
    await bridge.recreate();
    observations.length = 0;
    others = 0;
    const copies = new CopiedFrames(systemClock, (batch) => observations.push(...unpackBatch(batch)));
    rig = new ControllerRig();
    rig.rates = new Map([3, 4, 5, ...rig.rates.keys()].map((meterId) => [meterId, 10_000]));
    rig.base = ({ hasMeters }) => learningFlows(hasMeters, 'all');
    rig.tookPacketIn = (packet) => {
      const direction = learningDirection(copyReasonOf(packet));
      if (direction === undefined) others++;
      else copies.take(packet.message, packet.frameStart, packet.frameEnd, direction);
    };
  });
  afterEach(() => rig.controller.stop());

  const learningFlows = (meters: boolean, learns: 'resolvers' | 'all') =>
    baseFlows({
      groups: onlyGroup('ask'),
      onFailure: 'closed',
      insideNetworks: ['192.0.2.0/24', '2001:db8:1::/64'].map((text) => parseNetwork(text)!),
      trustedResolvers: [RESOLVER, '2001:db8:1::53'].map((text) => parseAddress(text)!),
      outsidePorts: [2],
      learns,
      recordsAllowed: false,
      meters,
    });

  async function connect(): Promise<void> {
    const port = await rig.controller.start();
    await bridge.openVswitch.vsctl('set-controller', bridge.name, `tcp:127.0.0.1:${port}`);
    await rig.telling('ready');
    expect(rig.session!.counters.get('errors')).toBe(0);
  }

  const seen = () =>
    observations.map(({ kind, transport, client, server }) =>
      [kind, transport, formatAddress(client), formatAddress(server)].join(' '),
    );
  const untilSeen = (count: number) =>
    until(`observations; seen: ${seen().join(', ')}`, WAIT_MS, () => observations.length >= count || undefined);

  it("shows a resolver's query and its response, in this order, by IPv4 and IPv6", async () => {
    await connect();
    const resolver6 = '2001:db8:1::53';
    const server6 = '2001:db8:2::53';
    const response = dnsPacket.encode(REFERRAL);
    await bridge.send([composeFrame(QUERY, OUT)]);
    await bridge.sendBack([composeFrame(response, IN)]);
    await untilSeen(2);
    await bridge.send([composeFrame(QUERY, { ...OUT, source: resolver6, destination: server6 })]);
    await bridge.sendBack([composeFrame(response, { ...IN, source: server6, destination: resolver6 })]);
    await untilSeen(4);
    expect(seen()).toEqual([
      `query udp ${RESOLVER} ${SERVER}`,
      `response udp ${RESOLVER} ${SERVER}`,
      `query udp ${resolver6} ${server6}`,
      `response udp ${resolver6} ${server6}`,
    ]);
    expect(observations[1]).toMatchObject({ id: 0xbeef, nameServers: [{}, {}], link: { mac: 0x020000000002 } });
    expect(others).toBe(0);
  });

  it('shows a direct query that an allow flow lets pass, and not one that has no verdict', async () => {
    rig.verdicts = [allowFlow({ destination: parseAddress(SERVER)! }, 300)];
    await connect();
    await bridge.send([
      composeFrame(QUERY, { source: '192.0.2.10', destination: '203.0.113.66' }),
      composeFrame(QUERY, { source: '192.0.2.10', destination: SERVER }),
    ]);
    await untilSeen(1);
    expect(seen()).toEqual([`query udp 192.0.2.10 ${SERVER}`]);
    await until('the question', WAIT_MS, () => others === 1 || undefined);
  });

  it('shows nothing of others where only the trusted resolvers teach', async () => {
    rig.base = ({ hasMeters }) => learningFlows(hasMeters, 'resolvers');
    rig.verdicts = [allowFlow({ destination: parseAddress(SERVER)! }, 300)];
    await connect();
    const response = dnsPacket.encode(REFERRAL);
    await bridge.send([composeFrame(QUERY, { ...OUT, source: '192.0.2.10' }), composeFrame(QUERY, OUT)]);
    await bridge.sendBack([
      composeFrame(response, { ...IN, destination: '192.0.2.10' }),
      ...composeFragments(composeSegment(LARGE, IN), [552, 1104], IN),
      composeFrame(response, IN),
    ]);
    await untilSeen(3);
    expect(seen()).toEqual([
      `query udp ${RESOLVER} ${SERVER}`,
      `response udp ${RESOLVER} ${SERVER}`,
      `response udp ${RESOLVER} ${SERVER}`,
    ]);
  });

  it('shows neither what comes in from a port other than 53, nor queries from outside, nor those inside', async () => {
    await connect();
    await bridge.sendBack([
      composeFrame(dnsPacket.encode(REFERRAL), { ...IN, sourcePort: 5353 }),
      composeFrame(QUERY, { ...IN, sourcePort: 40000, destinationPort: 53 }),
    ]);
    await bridge.send([composeFrame(QUERY, { source: '192.0.2.10', destination: RESOLVER }), composeFrame(QUERY, OUT)]);
    await untilSeen(1);
    expect(seen()).toEqual([`query udp ${RESOLVER} ${SERVER}`]);
    expect(others).toBe(0);
  });

  it('shows a response in fragments, of which the later ones have no ports', async () => {
    await connect();
    const segment = composeSegment(LARGE, IN);
    await bridge.sendBack(composeFragments(segment, [552, 1104], IN));
    await untilSeen(1);
    expect(observations[0]).toMatchObject({ kind: 'response', additional: { length: 63 } });
  });

  it('shows a response by TCP in several segments', async () => {
    await connect();
    const message = withTcpLength(LARGE);
    const segment = (payload: Buffer, tcpSequence: number, tcpFlags = 0x10) =>
      composeFrame(payload, { ...IN, transport: 'tcp', tcpSequence, tcpFlags });
    await bridge.sendBack([
      segment(Buffer.alloc(0), 99, 0x12),
      segment(message.subarray(0, 1000), 100),
      segment(message.subarray(1000), 1100),
    ]);
    await untilSeen(1);
    expect(observations[0]).toMatchObject({ kind: 'response', transport: 'tcp', additional: { length: 63 } });
  });

  it('a flood of copies loses none of those that ask', async () => {
    const COPIES = 20_000;
    const ASKS = 200;
    // As the configuration makes them: in the meter of all there is room for each kind of copy, beside what asks.
    const copies = [1, 2, 3, 4, 5].map((meterId): [number, number] => [meterId, 1000]);
    rig.rates = new Map([...copies, [Meter.CONTROLLER, 5000 + 5 * 1000]]);
    await connect();
    const flood = composeFrame(dnsPacket.encode(REFERRAL), IN);
    const asks = Array.from({ length: ASKS }, (_, host) =>
      composeFrame(QUERY, { source: '192.0.2.10', destination: `203.0.113.${host + 1}` }),
    );
    await Promise.all([bridge.sendBack([flood], COPIES), bridge.send(asks)]);
    await until(`all that ask; came: ${others}`, WAIT_MS, () => others >= ASKS || undefined);
    expect(others).toBe(ASKS);
    await until('the drops of the meter', WAIT_MS, () => rig.session!.limits.copiesDropped.response > 0 || undefined);
    expect(observations.length).toBeGreaterThan(500);
    expect(observations.length).toBeLessThan(COPIES / 2);
    expect(rig.session!.limits.asksDropped).toBe(0);
    expect(rig.controller.queue.counters.get('packet_in dropped')).toBe(0);
  });
});
