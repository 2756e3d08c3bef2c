/** What Open vSwitch reads in a frame, as the first line of a trace shows it. */
import { numberOf, splitList } from './trace-reading.ts';

/** EtherType and IP protocol of the words that stand for them; of `ip` and `ipv6` the protocol has a part of its own. */
const WORDS: Readonly<Record<string, readonly [number, number?]>> = {
  ip: [0x0800],
  icmp: [0x0800, 1],
  tcp: [0x0800, 6],
  udp: [0x0800, 17],
  sctp: [0x0800, 132],
  ipv6: [0x86dd],
  icmp6: [0x86dd, 58],
  tcp6: [0x86dd, 6],
  udp6: [0x86dd, 17],
  sctp6: [0x86dd, 132],
  arp: [0x0806],
};

/** OXM names by those of Open vSwitch, where one is the other's number. */
const SAME: Readonly<Record<string, string>> = {
  dl_src: 'eth_src',
  dl_dst: 'eth_dst',
  dl_type: 'eth_type',
  dl_vlan_pcp: 'vlan_pcp',
  nw_src: 'ipv4_src',
  nw_dst: 'ipv4_dst',
  nw_proto: 'ip_proto',
  nw_ecn: 'ip_ecn',
  nw_ttl: 'nw_ttl',
  ipv6_src: 'ipv6_src',
  ipv6_dst: 'ipv6_dst',
  ipv6_label: 'ipv6_flabel',
  arp_op: 'arp_op',
  arp_spa: 'arp_spa',
  arp_tpa: 'arp_tpa',
  arp_sha: 'arp_sha',
  arp_tha: 'arp_tha',
};

const IGNORED = ['in_port', 'vlan_tci', 'vlan_tci1', 'nd_target', 'nd_sll', 'nd_tll', 'nd_reserved', 'nd_options_type'];
const FRAGMENTS: Readonly<Record<string, bigint>> = { no: 0n, first: 1n, later: 3n };
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns', '[200]', '[400]', '[800]'];
const PORT_NAMES: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '132': 'sctp' };

/** The fields by OXM name that are not 0; undefined when the frame is of a kind that the model does not read. */
export function tracedFields(text: string): ReadonlyMap<string, bigint> | undefined {
  const flow = /^Flow: (.*)$/m.exec(text)?.[1] ?? '';
  const fields = new Map<string, bigint>();
  for (const part of splitList(flow)) {
    const at = part.indexOf('=');
    const isKnown = at < 0 ? readWord(part, fields) : readPart(part.slice(0, at), part.slice(at + 1), fields);
    if (!isKnown) return undefined;
  }
  return new Map([...fields].filter(([, value]) => value !== 0n));
}

function readWord(word: string, fields: Map<string, bigint>): boolean {
  const [etherType, protocol = 0] = WORDS[word] ?? [];
  if (etherType === undefined) return false;
  fields.set('eth_type', BigInt(etherType));
  fields.set('ip_proto', BigInt(protocol));
  return true;
}

function readPart(name: string, value: string, fields: Map<string, bigint>): boolean {
  const same = SAME[name];
  const protocol = PORT_NAMES[String(fields.get('ip_proto') ?? 0n)];
  const icmp = fields.get('eth_type') === 0x0800n ? 'icmpv4' : 'icmpv6';
  if (same !== undefined) fields.set(same, numberOf(value));
  else if (name === 'dl_vlan') fields.set('vlan_vid', 0x1000n | BigInt(value));
  else if (name === 'nw_tos') fields.set('ip_dscp', BigInt(value) >> 2n);
  else if (name === 'nw_frag') fields.set('nw_frag', FRAGMENTS[value]!);
  else if (name === 'tcp_flags') fields.set('tcp_flags', readTcpFlags(value));
  else if (/^tp_(src|dst)$/.test(name) && protocol !== undefined)
    fields.set(name.replace('tp', protocol), BigInt(value));
  else if (/^icmp_(type|code)$/.test(name)) fields.set(name.replace('icmp', icmp), BigInt(value));
  else return IGNORED.includes(name);
  return true;
}

function readTcpFlags(text: string): bigint {
  // `ece` has hexadecimal digits alone.
  if (/^(0x[0-9a-f]+|\d+)$/.test(text)) return BigInt(text);
  return text.split('|').reduce((bits, flag) => bits | (1n << BigInt(TCP_FLAGS.indexOf(flag))), 0n);
}
