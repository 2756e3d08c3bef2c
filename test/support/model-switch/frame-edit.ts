/** Changes to a frame by actions: each gives a new frame, checksums kept as right or wrong as they were (RFC 1624). */
import type { Oxm } from '../../../src/openflow/oxm.ts';
import { FragmentBit } from '../../../src/openflow/schema/constants.ts';
import { type FrameLayout, readFrameFields } from './frame-fields.ts';
import { fieldNumber } from './masked-field.ts';
import { ModelGap } from './model-gap.ts';

/** Bits of a frame that a field is: `shift` of them follow it in the same octets. */
interface Place {
  readonly at: number;
  readonly lengthBytes: number;
  readonly shift: number;
  readonly mask: bigint;
}

const IPV4 = 0x0800n;
const TCP = 6n;
const UDP = 17n;
const ICMP = 1n;
const ICMPV6 = 58n;

/** The frame with a field set; the same frame where it has no such field, as Open vSwitch does it. */
export function setField(frame: Buffer, oxm: Oxm): Buffer {
  if (oxm.field === 'unknown') throw new ModelGap('unknown field to set');
  return write(frame, oxm.field, fieldNumber(oxm));
}

/** With another time to live, or hop limit. */
export function setTtl(frame: Buffer, ttl: number): Buffer {
  return write(frame, 'nw_ttl', BigInt(ttl));
}

/** A new tag in front of what the frame carries: VLAN 0, priority 0, as Open vSwitch makes it. */
export function pushVlan(frame: Buffer, etherType: number): Buffer {
  if (readFrameFields(frame).layout.tagAt !== undefined) throw new ModelGap('second VLAN tag');
  const tag = Buffer.alloc(4);
  tag.writeUInt16BE(etherType);
  return Buffer.concat([frame.subarray(0, 12), tag, frame.subarray(12)]);
}

/** Without its tag; the same where it has none. */
export function popVlan(frame: Buffer): Buffer {
  const { tagAt, etherTypeAt } = readFrameFields(frame).layout;
  if (tagAt === undefined) return frame;
  if ([0x8100, 0x88a8].includes(frame.readUInt16BE(etherTypeAt))) throw new ModelGap('second VLAN tag');
  return Buffer.concat([frame.subarray(0, tagAt), frame.subarray(tagAt + 4)]);
}

function write(frame: Buffer, field: string, value: bigint): Buffer {
  const { numbers, layout } = readFrameFields(frame);
  const place = numbers.has(field) ? placeOf(field, layout, numbers.get('eth_type') === IPV4) : undefined;
  if (place === undefined) {
    if (isCutShort(field, numbers)) throw new ModelGap(`way to set ${field} of a frame that ends before it`);
    return frame;
  }
  const { at, lengthBytes, shift, mask } = place;
  const changed = Buffer.from(frame);
  const old = BigInt(`0x${frame.toString('hex', at, at + lengthBytes)}`);
  const bits = mask << BigInt(shift);
  const next = (old & ~bits) | ((value & mask) << BigInt(shift));
  changed.write(next.toString(16).padStart(lengthBytes * 2, '0'), at, 'hex');
  for (const checksumAt of checksumsOver(field, numbers, layout)) {
    const isUdp = checksumAt - (layout.transportAt ?? 0) === 6 && numbers.get('ip_proto') === UDP;
    amend(changed, checksumAt, isUdp, frame.subarray(at & ~1, at + lengthBytes), at & ~1);
  }
  return changed;
}

/** Fields that the frame should have, by what is in front of them. Ports of later fragments it should not. */
function isCutShort(field: string, numbers: ReadonlyMap<string, bigint>): boolean {
  const protocols: Readonly<Record<string, bigint>> = { tcp: TCP, udp: UDP, icmpv4: ICMP, icmpv6: ICMPV6 };
  const protocol = protocols[field.split('_')[0]!];
  if (protocol === undefined) return field.startsWith('vlan');
  const isLater = ((numbers.get('nw_frag') ?? 0n) & BigInt(FragmentBit.LATER)) !== 0n;
  return numbers.get('ip_proto') === protocol && !(isLater && /^(tcp|udp)_/.test(field));
}

function placeOf(field: string, layout: FrameLayout, isIpv4: boolean): Place | undefined {
  const place = (start: number | undefined, offset: number, lengthBytes: number, shift = 0, bits = lengthBytes * 8) =>
    start === undefined ? undefined : { at: start + offset, lengthBytes, shift, mask: (1n << BigInt(bits)) - 1n };
  const { tagAt, networkAt, transportAt } = layout;
  switch (field) {
    case 'eth_dst':
      return place(0, 0, 6);
    case 'eth_src':
      return place(0, 6, 6);
    case 'vlan_vid':
      return place(tagAt, 2, 2, 0, 12);
    case 'vlan_pcp':
      return place(tagAt, 2, 2, 13, 3);
    case 'ip_dscp':
      return isIpv4 ? place(networkAt, 0, 2, 2, 6) : place(networkAt, 0, 2, 6, 6);
    case 'ip_ecn':
      return isIpv4 ? place(networkAt, 0, 2, 0, 2) : place(networkAt, 0, 2, 4, 2);
    case 'nw_ttl':
      return isIpv4 ? place(networkAt, 8, 2, 8, 8) : place(networkAt, 7, 1);
    case 'ipv4_src':
      return place(networkAt, 12, 4);
    case 'ipv4_dst':
      return place(networkAt, 16, 4);
    case 'ipv6_src':
      return place(networkAt, 8, 16);
    case 'ipv6_dst':
      return place(networkAt, 24, 16);
    case 'ipv6_flabel':
      return place(networkAt, 0, 4, 0, 20);
    case 'arp_op':
      return place(networkAt, 6, 2);
    case 'arp_sha':
      return place(networkAt, 8, 6);
    case 'arp_spa':
      return place(networkAt, 14, 4);
    case 'arp_tha':
      return place(networkAt, 18, 6);
    case 'arp_tpa':
      return place(networkAt, 24, 4);
    case 'tcp_src':
    case 'udp_src':
      return place(transportAt, 0, 2);
    case 'tcp_dst':
    case 'udp_dst':
      return place(transportAt, 2, 2);
    case 'icmpv4_type':
    case 'icmpv6_type':
      return place(transportAt, 0, 2, 8, 8);
    case 'icmpv4_code':
    case 'icmpv6_code':
      return place(transportAt, 0, 2, 0, 8);
    default:
      throw new ModelGap(`way to set ${field}`);
  }
}

/** Where the checksums stand that a field counts in. */
function checksumsOver(field: string, numbers: ReadonlyMap<string, bigint>, layout: FrameLayout): readonly number[] {
  const { networkAt, transportAt } = layout;
  const isInHeader = /^(ip_|ipv4_|nw_ttl)/.test(field) && numbers.get('eth_type') === IPV4;
  const isInTransport = /^(ipv[46]_(src|dst)|tcp_|udp_|icmp)/.test(field);
  const protocol = numbers.get('ip_proto');
  const offset = protocol === TCP ? 16 : protocol === UDP ? 6 : protocol === ICMPV6 ? 2 : undefined;
  const ofTransport = protocol === ICMP && field.startsWith('icmp') ? 2 : offset;
  return [
    ...(isInHeader ? [networkAt! + 10] : []),
    ...(isInTransport && transportAt !== undefined && ofTransport !== undefined ? [transportAt + ofTransport] : []),
  ];
}

/** `old` is what stood at `at`, a place of even distance from the checksum. A UDP checksum of 0 is none. */
function amend(frame: Buffer, checksumAt: number, isUdp: boolean, old: Buffer, at: number): void {
  const checksum = frame.readUInt16BE(checksumAt);
  if (isUdp && checksum === 0) return;
  let sum = ~checksum & 0xffff;
  for (let offset = 0; offset < old.length; offset += 2) {
    sum += (~old.readUInt16BE(offset) & 0xffff) + frame.readUInt16BE(at + offset);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const next = ~sum & 0xffff;
  frame.writeUInt16BE(isUdp && next === 0 ? 0xffff : next, checksumAt);
}
