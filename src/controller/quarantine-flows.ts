/** The flows that keep a host in quarantine, as values, and back. */
import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import type { Match } from '../openflow/match.ts';
import type { Oxm } from '../openflow/oxm.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import { ETHER_TYPE, IP_PROTOCOL } from '../packet/protocol-numbers.ts';
import { matchAddress } from './base-flows.ts';
import { type Flow, flow, gotoTable, PIPELINE, ruleOf } from './pipeline.ts';

/** Who: by its address, or by the hardware address of its frames (48 bits) whatever its addresses are. */
export type QuarantinedHost = { readonly address: Address } | { readonly mac: number };

/** What a host may not send: `dns`, to ports 53 and 853; `all`, but for what it needs to keep its addresses. */
export interface Quarantine {
  readonly host: QuarantinedHost;
  readonly scope: 'dns' | 'all';
  /** With `all`: where it may still send, such as a page that says what to do. */
  readonly remediation: Address | undefined;
}

/** DNS, and DNS over TLS or QUIC (RFC 7858 §3.1, RFC 9250 §4.1.1). */
const DNS_PORTS = [53, 853];
/** Where a client finds any DHCP server, also when it renews an address in vain (RFC 2131 §4.4.5, RFC 8415 §7.1, §18.2.5). */
const DHCP_SERVERS = {
  ipv4: { address: parseAddress('255.255.255.255')!, port: 67 },
  ipv6: { address: parseAddress('ff02::1:2')!, port: 547 },
} as const;
/** Router solicitation, neighbour solicitation and advertisement (RFC 4861 §4). */
const NEIGHBOUR_DISCOVERY = [133, 135, 136];

/** All at one priority for what is dropped, and a higher one for what passes. */
export function quarantineFlows(quarantine: Quarantine, hardTimeoutSeconds: number): readonly Flow[] {
  const ends = hostMatches(quarantine.host);
  const drop = (match: Match) => flow('classify', 'quarantine', { match, instructions: [], hardTimeoutSeconds });
  if (quarantine.scope === 'dns') return ends.flatMap(dnsMatches).map(drop);
  const pass = (match: Match) =>
    flow('classify', 'quarantinePass', { match, instructions: [gotoTable('forward')], hardTimeoutSeconds });
  return [...ends.flatMap((end) => passMatches(end, quarantine.remediation)).map(pass), ...ends.map(drop)];
}

/** The quarantines that the flows of a switch carry out; each lasts for `secondsLeft` more, which is above 0. */
export function readQuarantines(
  present: readonly FlowStats[],
): readonly (Quarantine & { readonly secondsLeft: number })[] {
  const found = new Map<string, Quarantine & { readonly secondsLeft: number }>();
  const { quarantine, quarantinePass } = PIPELINE.classify.entries;
  const ofRule = (rule: number) =>
    present.filter(({ tableId, cookie }) => tableId === PIPELINE.classify.id && ruleOf(cookie) === rule);
  for (const { match, hardTimeout, durationSec } of ofRule(quarantine.rule)) {
    const host = hostOf(match);
    const secondsLeft = hardTimeout - durationSec;
    if (host === undefined || secondsLeft < 1) continue;
    const scope = match.some(({ field }) => field === 'ip_proto') ? 'dns' : 'all';
    found.set(hostKey(host), { host, scope, remediation: undefined, secondsLeft });
  }
  for (const { match } of ofRule(quarantinePass.rule)) {
    const host = hostOf(match);
    const held = host === undefined ? undefined : found.get(hostKey(host));
    const remediation = destinationOf(match);
    if (held !== undefined && remediation !== undefined) found.set(hostKey(held.host), { ...held, remediation });
  }
  return [...found.values()];
}

/** Equal for the same host. */
export function hostKey(host: QuarantinedHost): string {
  return 'mac' in host ? `mac ${host.mac}` : `address ${host.address}`;
}

/** What all frames of the host match, for each family that it may have. `eth_type` comes before what needs it. */
function hostMatches(host: QuarantinedHost): Match[] {
  if ('address' in host) return [matchAddress('src', host.address)];
  const origin: Oxm = { field: 'eth_src', value: formatMac(host.mac) };
  return [ETHER_TYPE.IPV4, ETHER_TYPE.IPV6].map((value) => [origin, { field: 'eth_type', value }]);
}

function dnsMatches(end: Match): Match[] {
  return DNS_PORTS.flatMap((port): Match[] => [
    [...end, { field: 'ip_proto', value: IP_PROTOCOL.UDP }, { field: 'udp_dst', value: port }],
    [...end, { field: 'ip_proto', value: IP_PROTOCOL.TCP }, { field: 'tcp_dst', value: port }],
  ]);
}

function passMatches(end: Match, remediation: Address | undefined): Match[] {
  const isV4 = end.some((oxm) => oxm.field === 'eth_type' && oxm.value === ETHER_TYPE.IPV4);
  const servers = isV4 ? DHCP_SERVERS.ipv4 : DHCP_SERVERS.ipv6;
  const to = (address: Address): Match => [...end, matchAddress('dst', address)[1]!];
  const dhcp: Match = [
    ...to(servers.address),
    { field: 'ip_proto', value: IP_PROTOCOL.UDP },
    { field: 'udp_dst', value: servers.port },
  ];
  const discovery = NEIGHBOUR_DISCOVERY.map(
    (value): Match => [...end, { field: 'ip_proto', value: IP_PROTOCOL.ICMPV6 }, { field: 'icmpv6_type', value }],
  );
  const isReachable = remediation !== undefined && isIpv4(remediation) === isV4;
  const toRemediation: Match[] = isReachable ? [to(remediation)] : [];
  return [dhcp, ...(isV4 ? [] : discovery), ...toRemediation];
}

function hostOf(match: Match): QuarantinedHost | undefined {
  for (const oxm of match) {
    if ((oxm.field === 'ipv4_src' || oxm.field === 'ipv6_src') && oxm.mask === undefined) return { address: oxm.value };
    if (oxm.field === 'eth_src' && oxm.mask === undefined)
      return { mac: Number.parseInt(oxm.value.replaceAll(':', ''), 16) };
  }
  return undefined;
}

/** To which all may be sent. */
function destinationOf(match: Match): Address | undefined {
  if (match.some(({ field }) => field === 'ip_proto')) return undefined;
  for (const oxm of match) {
    if ((oxm.field === 'ipv4_dst' || oxm.field === 'ipv6_dst') && oxm.mask === undefined) return oxm.value;
  }
  return undefined;
}
