/** What `ofproto/trace` of Open vSwitch says, in the terms of the model: entries passed, and what leaves with which fields. */
import { type Address, addressOctets, parseAddress } from '../../../src/core/address.ts';
import { Port } from '../../../src/openflow/schema/constants.ts';
import type { Passage } from './forwarding.ts';

/** A copy of the packet that left, in the order of leaving. */
export interface Departure {
  /** A port, or OFPP_CONTROLLER. */
  readonly port: number;
  readonly fields: ReadonlyMap<string, bigint>;
  /** Of a copy to the controller: what its packet_in would say. */
  readonly copy?: { readonly reason: number; readonly cookie: bigint; readonly maxLength: number };
}

export interface ReadTrace {
  readonly passed: readonly Passage[];
  readonly departures: readonly Departure[];
  /** How many meters stand on the way of the packet. */
  readonly meters: number;
}

/**
 * Reads the text of a trace of a packet with these fields. `ports` are OpenFlow numbers by those of the datapath. Throws
 * where it says something that is not known here.
 */
export function readTrace(
  text: string,
  fields: ReadonlyMap<string, bigint>,
  ports: ReadonlyMap<string, number>,
): ReadTrace {
  const actions = /^Datapath actions: (.*)$/m.exec(text)?.[1];
  if (actions === undefined) throw new Error(`no datapath actions in: ${text}`);
  const reading = { fields: new Map(fields), departures: [] as Departure[], meters: 0, ports };
  for (const action of splitList(actions)) readAction(action, reading);
  return { passed: readPassed(text), departures: reading.departures, meters: reading.meters };
}

function readPassed(text: string): readonly Passage[] {
  const lines = text.matchAll(/^ *(\d+)\. (?:.*, )?priority (\d+)(?:, cookie (0x[0-9a-f]+))?$/gm);
  return [...lines].map(([, table, priority, cookie]) => {
    return { tableId: Number(table), priority: Number(priority), cookie: BigInt(cookie ?? 0) };
  });
}

interface Reading {
  fields: Map<string, bigint>;
  meters: number;
  readonly departures: Departure[];
  readonly ports: ReadonlyMap<string, number>;
}

/** Parts between the commas that stand outside all brackets. */
export function splitList(text: string): readonly string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function readAction(action: string, reading: Reading): void {
  const [, name = '', inside = ''] = /^([a-z_0-9]+)(?:\((.*)\))?$/.exec(action) ?? [];
  const port = reading.ports.get(name);
  if (port !== undefined) {
    reading.departures.push({ port, fields: new Map(reading.fields) });
    return;
  }
  switch (name) {
    case 'drop':
      return;
    case 'meter':
      reading.meters++;
      return;
    case 'set':
      readSet(inside, reading.fields);
      return;
    case 'push_vlan':
      for (const [part, value] of namedParts(inside)) {
        if (part === 'vid') reading.fields.set('vlan_vid', 0x1000n | BigInt(value));
        if (part === 'pcp') reading.fields.set('vlan_pcp', BigInt(value));
      }
      return;
    case 'pop_vlan':
      reading.fields.delete('vlan_vid');
      reading.fields.delete('vlan_pcp');
      return;
    case 'sample':
      readMeteredCopy(inside, reading);
      return;
    case 'userspace':
      readCopy(inside, reading);
      return;
    default:
      throw new Error(`datapath action ${action}`);
  }
}

/** `sample=100.0%,actions(meter(1),userspace(…))`: a copy behind OFPM_CONTROLLER. */
function readMeteredCopy(inside: string, reading: Reading): void {
  const userspace = /actions\(meter\(\d+\),userspace\((.*)\)\)$/.exec(inside)?.[1];
  if (userspace === undefined) throw new Error(`datapath action sample(${inside})`);
  readCopy(userspace, reading);
}

function readCopy(inside: string, { departures, fields }: Reading): void {
  const controller = /controller\((.*)\)$/.exec(inside)?.[1];
  if (controller === undefined) throw new Error(`datapath action userspace(${inside})`);
  const parts = new Map(namedParts(controller));
  const number = (name: string) => Number(parts.get(name));
  const cookie = BigInt(parts.get('rule_cookie') ?? 0);
  const copy = { reason: number('reason'), cookie, maxLength: number('max_len') };
  departures.push({ port: Port.CONTROLLER, fields: new Map(fields), copy });
}

function namedParts(text: string): readonly (readonly [string, string])[] {
  return splitList(text).map((part) => {
    const at = part.indexOf('=');
    return [part.slice(0, at), part.slice(at + 1)] as const;
  });
}

/** OXM names of what `set` writes, by header and part. */
const SET_FIELDS: Readonly<Record<string, string>> = {
  'eth src': 'eth_src',
  'eth dst': 'eth_dst',
  'ipv4 src': 'ipv4_src',
  'ipv4 dst': 'ipv4_dst',
  'ipv4 ttl': 'nw_ttl',
  'ipv6 src': 'ipv6_src',
  'ipv6 dst': 'ipv6_dst',
  'ipv6 label': 'ipv6_flabel',
  'ipv6 hlimit': 'nw_ttl',
  'udp src': 'udp_src',
  'udp dst': 'udp_dst',
  'tcp src': 'tcp_src',
  'tcp dst': 'tcp_dst',
  'icmp type': 'icmpv4_type',
  'icmp code': 'icmpv4_code',
  'icmpv6 type': 'icmpv6_type',
  'icmpv6 code': 'icmpv6_code',
  'arp op': 'arp_op',
  'arp sip': 'arp_spa',
  'arp tip': 'arp_tpa',
  'arp sha': 'arp_sha',
  'arp tha': 'arp_tha',
};

function readSet(inside: string, fields: Map<string, bigint>): void {
  const [, header, parts] = /^([a-z0-9]+)\((.*)\)$/.exec(inside) ?? [];
  if (header === undefined || parts === undefined) throw new Error(`datapath action set(${inside})`);
  for (const [part, text] of namedParts(parts)) {
    const [value, mask] = text.split('/').map(numberOf);
    if (part === 'tos' || part === 'tclass') setTrafficClass(fields, value!, mask ?? 0xffn);
    else {
      const field = SET_FIELDS[`${header} ${part}`];
      if (field === undefined) throw new Error(`datapath action set(${inside})`);
      const old = fields.get(field) ?? 0n;
      fields.set(field, mask === undefined ? value! : (old & ~mask) | (value! & mask));
    }
  }
}

function setTrafficClass(fields: Map<string, bigint>, value: bigint, mask: bigint): void {
  const old = ((fields.get('ip_dscp') ?? 0n) << 2n) | (fields.get('ip_ecn') ?? 0n);
  const octet = (old & ~mask) | (value & mask);
  fields.set('ip_dscp', octet >> 2n);
  fields.set('ip_ecn', octet & 3n);
}

/** An address of any kind, or a number. */
export function numberOf(text: string): bigint {
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text)) return BigInt(`0x${text.replaceAll(':', '')}`);
  const address: Address | undefined = parseAddress(text);
  return address === undefined ? BigInt(text) : BigInt(`0x${addressOctets(address).toString('hex')}`);
}
