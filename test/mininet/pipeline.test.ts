import { describe, expect, it } from 'vitest';
import { gate, hosts } from '../../mininet/internet.ts';
import type { ControlRequest } from '../../src/control/protocol.ts';
import { type EntryKind, PIPELINE } from '../../src/controller/pipeline.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { request, soon } from '../support/operator.ts';

/** Where `ofproto/trace` says a packet goes: the rules it met, by id, and what came of it. */
interface Route {
  readonly rules: readonly number[];
  readonly forwarded: boolean;
  readonly toController: boolean;
}

const { classify, verdict, forward, copy } = PIPELINE;
const INSIDE_PORT = 'in_port=2';
const OUTSIDE_PORT = `in_port=${gate.outsidePortNumber}`;
const client = hosts.client.ipv4;
const unknown = '198.51.100.99';
const resolverOutside = '198.51.100.98';
const udp = (from: string, to: string) => `udp,nw_src=${from},nw_dst=${to},udp_dst=53`;
const tcp = (from: string, to: string) => `tcp,nw_src=${from},nw_dst=${to},tcp_dst=53`;
const udp6 = (from: string, to: string) => `udp6,ipv6_src=${from},ipv6_dst=${to},udp_dst=53`;
const tcp6 = (from: string, to: string) => `tcp6,ipv6_src=${from},ipv6_dst=${to},tcp_dst=53`;

const FORWARDED = { forwarded: true, toController: false };
const WITHOUT_VERDICT: readonly [string, string, number][] = [
  ['a response that comes in', `${OUTSIDE_PORT},${udp(unknown, client)}`, classify.entries.outsidePort.rule],
  ['a query that comes in', `${OUTSIDE_PORT},${udp(unknown, '198.51.100.7')}`, classify.entries.outsidePort.rule],
  ['a query to an inside server', `${INSIDE_PORT},${udp(client, '192.0.2.99')}`, classify.entries.insideNetwork.rule],
  [
    'the same over IPv6',
    `${INSIDE_PORT},${udp6('2001:db8:1::10', '2001:db8:1::9')}`,
    classify.entries.insideNetwork.rule,
  ],
  ['a query of the resolver', `in_port=1,${udp(hosts.resolver.ipv4, unknown)}`, classify.entries.fromResolver.rule],
  ['the same over TCP', `in_port=1,${tcp(hosts.resolver.ipv4, unknown)}`, classify.entries.fromResolver.rule],
  ['the same over IPv6', `in_port=1,${tcp6(hosts.resolver.ipv6, '2001:db8:2::9')}`, classify.entries.fromResolver.rule],
  [
    'a later fragment',
    `${INSIDE_PORT},udp,nw_src=${client},nw_dst=${unknown},ip_frag=later`,
    classify.entries.other.rule,
  ],
  ['web traffic', `${INSIDE_PORT},tcp,nw_src=${client},nw_dst=${unknown},tcp_dst=80`, classify.entries.other.rule],
  ['ARP', `${INSIDE_PORT},arp`, classify.entries.other.rule],
];
const OUTBOUND: readonly [string, string][] = [
  ['IPv4 UDP', udp(client, unknown)],
  ['IPv4 TCP', tcp(client, unknown)],
  ['IPv6 UDP', udp6(hosts.client.ipv6, '2001:db8:2::9')],
  ['IPv6 TCP', tcp6(hosts.client.ipv6, '2001:db8:2::9')],
  ['a first fragment', `${udp(client, unknown)},ip_frag=first`],
  ['behind a VLAN tag', `dl_vlan=5,${udp(client, unknown)}`],
];

const HIDDEN: readonly [string, string][] = [
  ['TCP cut before its ports end', `tcp,nw_src=${client},nw_dst=${unknown},ip_frag=first,tcp_dst=0`],
  [
    'UDP over IPv6 behind more headers',
    `udp6,ipv6_src=${hosts.client.ipv6},ipv6_dst=2001:db8:2::9,ip_frag=first,udp_dst=0`,
  ],
  ['IPv6 options without end', `ipv6,ipv6_src=${hosts.client.ipv6},ipv6_dst=2001:db8:2::9,nw_proto=60,ip_frag=first`],
];

describeIf(['root', 'namespaces', 'openVswitch'], 'where packets go, by ofproto/trace', () => {
  const world = gatedInternet();
  /** Rule ids that some packet has met. */
  const traced = new Set<number>();

  async function route(flow: string): Promise<Route> {
    const text = await world().openVswitch.appctl('ofproto/trace', gate.bridge, flow);
    const rules = [...text.matchAll(/cookie 0x6757[0-9a-f]{4}([0-9a-f]{8})/g)].map(([, rule]) => Number(`0x${rule}`));
    for (const rule of rules) traced.add(rule);
    const actions = /Datapath actions: (.*)/.exec(text)?.[1] ?? '';
    return { rules, forwarded: / NORMAL/.test(text), toController: actions.includes('controller') };
  }

  const rows = (kind: string) =>
    it.each(WITHOUT_VERDICT)(`${kind} %s is forwarded without a verdict`, async (_what, flow, rule) => {
      expect(await route(flow)).toEqual({ rules: [rule, forward.entries.normal.rule], ...FORWARDED });
    });

  describe('enforcing, on_failure open', () => {
    rows('enforce:');

    it.each(OUTBOUND)('an outbound query over %s waits for its verdict at the controller', async (_what, flow) => {
      const rules = [classify.entries.outboundDns.rule, verdict.entries.ask.rule];
      expect(await route(`${INSIDE_PORT},${flow}`)).toEqual({ rules, forwarded: false, toController: true });
    });

    it.each(HIDDEN)('a first fragment that hides its ports is dropped: %s', async (_what, flow) => {
      expect(await route(`${INSIDE_PORT},${flow}`)).toEqual({
        rules: [classify.entries.hiddenPorts.rule],
        forwarded: false,
        toController: false,
      });
    });

    it('an allowed destination is forwarded and then copied, over UDP and TCP, for every client', async () => {
      await world().internet.dig('client', {
        server: hosts.resolver.ipv4,
        name: 'www.corp.example',
        timeoutSeconds: 5,
      });
      await world().internet.dig('client', { server: hosts.corp.ipv4, name: 'www.corp.example' });
      const rules = [
        classify.entries.outboundDns.rule,
        verdict.entries.allow.rule,
        forward.entries.normal.rule,
        copy.entries.allowed.rule,
      ];
      for (const flow of [udp(client, hosts.corp.ipv4), tcp(hosts.bot.ipv4, hosts.corp.ipv4)]) {
        expect(await route(`${INSIDE_PORT},${flow}`)).toEqual({ rules, forwarded: true, toController: true });
      }
    });

    it('a blocked destination is dropped for its client and copied through a meter', async () => {
      await world().internet.dig('bot', { server: hosts.evil.ipv4, name: 'order.evil.test' });
      const rules = [classify.entries.outboundDns.rule, verdict.entries.drop.rule, copy.entries.blocked.rule];
      const flow = `in_port=3,${udp(hosts.bot.ipv4, hosts.evil.ipv4)}`;
      expect(await route(flow)).toEqual({ rules, forwarded: false, toController: true });
      const text = await world().openVswitch.appctl('ofproto/trace', gate.bridge, flow);
      expect(text).toMatch(/Datapath actions: meter\(\d+\),.*userspace/);
      const other = await route(`${INSIDE_PORT},${udp(client, hosts.evil.ipv4)}`);
      expect(other.rules).toContain(verdict.entries.ask.rule);
    });

    it('without a controller the entry that asks goes, and unknown queries are forwarded', async () => {
      await world().openVswitch.ofctl('--strict', 'del-flows', gate.bridge, 'table=1,priority=10,metadata=0x1/0xffff');
      const rules = [classify.entries.outboundDns.rule, verdict.entries.failOpen.rule, forward.entries.normal.rule];
      expect(await route(`${INSIDE_PORT},${udp(client, unknown)}`)).toEqual({ rules, ...FORWARDED });
    });
  });

  describe('enforcing, on_failure closed', () => {
    it('nothing stands below the entry that asks, and it has no timeout', async () => {
      await world().restartGluewall({ on_failure: 'closed' });
      // The drop flow of the verdict above may still stand.
      const flows = (await world().flows('table=1')).filter((line) => !line.includes('priority=200'));
      expect(flows).toHaveLength(1);
      expect(flows[0]).toMatch(/table=1, priority=10,metadata=0x1\/0xffff actions=CONTROLLER:65535$/);
    });
  });

  describe('monitoring', () => {
    it('an outbound query is forwarded first, then copied through a meter', async () => {
      await world().restartGluewall({ mode: 'monitor' });
      const rules = [
        classify.entries.outboundDns.rule,
        verdict.entries.observe.rule,
        forward.entries.normal.rule,
        copy.entries.observed.rule,
      ];
      for (const [, flow] of OUTBOUND) {
        expect(await route(`${INSIDE_PORT},${flow}`)).toEqual({ rules, forwarded: true, toController: true });
      }
      const text = await world().openVswitch.appctl(
        'ofproto/trace',
        gate.bridge,
        `${INSIDE_PORT},${udp(client, unknown)}`,
      );
      expect(text).toMatch(/Datapath actions: [0-9,]+,meter\(\d+\),.*userspace/);
    });

    rows('monitor:');
  });

  describe('enforcing for some clients', () => {
    it('each group has its treatment: by address, by port, and the rest', async () => {
      await world().restartGluewall({
        mode: 'enforce',
        trusted_resolvers: [hosts.resolver.ipv4, hosts.resolver.ipv6, resolverOutside],
        groups: [
          { name: 'watched', clients: [client, hosts.client.ipv6], mode: 'monitor' },
          { name: 'kiosk', clients: ['port:3'] },
        ],
      });
      const { groupDns, outboundDns } = classify.entries;
      const observed = {
        rules: [groupDns.rule, verdict.entries.observe.rule, forward.entries.normal.rule, copy.entries.observed.rule],
        forwarded: true,
        toController: true,
      };
      const asked = { forwarded: false, toController: true };
      const trusted = { rules: [classify.entries.toResolver.rule, forward.entries.normal.rule], ...FORWARDED };
      expect(await route(`${INSIDE_PORT},${udp(client, resolverOutside)}`)).toEqual(trusted);
      for (const [, flow] of OUTBOUND) expect(await route(`${INSIDE_PORT},${flow}`), flow).toEqual(observed);
      const ofBot = udp(hosts.bot.ipv4, unknown);
      expect(await route(`in_port=3,${ofBot}`)).toEqual({
        rules: [groupDns.rule, verdict.entries.ask.rule],
        ...asked,
      });
      expect(await route(`${INSIDE_PORT},${ofBot}`)).toEqual({
        rules: [outboundDns.rule, verdict.entries.ask.rule],
        ...asked,
      });
    });
  });

  describe('a host in quarantine', () => {
    const { quarantine, quarantinePass } = classify.entries;
    const dropped = { rules: [quarantine.rule], forwarded: false, toController: false };
    const passed = { rules: [quarantinePass.rule, forward.entries.normal.rule], ...FORWARDED };
    const { bot } = hosts;
    const begin = async (
      wanted: Pick<Extract<ControlRequest, { operation: 'quarantine' }>, 'host' | 'scope' | 'remediation'>,
    ) => {
      await request(world(), { operation: 'quarantine', ...wanted, forMs: 600_000, reason: 'a test', owner: 'admin' });
      await soon('it is dropped', async () => !(await route(`in_port=3,${udp(bot.ipv4, unknown)}`)).forwarded, 5000);
    };

    it('sends no DNS: also to the resolver, behind a VLAN tag, in fragments and encrypted', async () => {
      await begin({ host: bot.ipv4, scope: 'dns' });
      for (const flow of [
        udp(bot.ipv4, unknown),
        tcp(bot.ipv4, hosts.resolver.ipv4),
        `dl_vlan=5,${udp(bot.ipv4, hosts.resolver.ipv4)}`,
        `${udp(bot.ipv4, unknown)},ip_frag=first`,
        `tcp,nw_src=${bot.ipv4},nw_dst=${unknown},tcp_dst=853`,
      ]) {
        expect(await route(`in_port=3,${flow}`), flow).toEqual(dropped);
      }
      const web = `in_port=3,tcp,nw_src=${bot.ipv4},nw_dst=${unknown},tcp_dst=80`;
      expect(await route(web)).toEqual({
        rules: [classify.entries.other.rule, forward.entries.normal.rule],
        ...FORWARDED,
      });
      expect((await route(`${INSIDE_PORT},${udp(client, unknown)}`)).rules).not.toContain(quarantine.rule);
    });

    it('sends nothing but to remediation, and what keeps its addresses', async () => {
      await begin({ host: bot.ipv4, scope: 'all', remediation: hosts.resolver.ipv4 });
      const from = `in_port=3,tcp,nw_src=${bot.ipv4}`;
      await soon('all is dropped', async () => !(await route(`${from},nw_dst=${unknown},tcp_dst=80`)).forwarded, 5000);
      expect(await route(`${from},nw_dst=${client},tcp_dst=445`)).toEqual(dropped);
      expect(await route(`${from},nw_dst=${hosts.resolver.ipv4},tcp_dst=80`)).toEqual(passed);
      expect(await route(`in_port=3,udp,nw_src=${bot.ipv4},nw_dst=255.255.255.255,udp_dst=67`)).toEqual(passed);
    });
  });

  it('every entry of the declaration was traced above, but those of test/switch/group-pipeline.test.ts and of learning', () => {
    const all = Object.values(PIPELINE).flatMap(({ entries }) => Object.entries<EntryKind>(entries));
    const elsewhere = [
      ...['dropClient', 'bypass'],
      ...['outsideResponse', 'outsideFragment', 'query', 'response', 'fragment'],
    ];
    const wanted = all.filter(([name]) => !elsewhere.includes(name)).map(([name, { rule }]) => `${name} ${rule}`);
    expect(wanted.filter((entry) => !traced.has(Number(entry.split(' ')[1])))).toEqual([]);
  });
});
