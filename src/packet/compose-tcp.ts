/**
 * TCP segments without data, made after the one in view: the same hardware addresses, VLAN tags, addresses and ports, with a
 * plain IPv4 or IPv6 header and right checksums.
 *
 *     Ethernet   destination(6) source(6), VLAN tags as they came, EtherType(2)
 *     IPv4       RFC 791, 20 octets      IPv6   RFC 8200, 40 octets, no extension headers
 *     TCP        RFC 9293, 20 octets and options
 */
import { addWords, checksumOf } from './checksum.ts';
import type { FrameView } from './frame.ts';
import { NO_ADDRESSES } from './link-layer.ts';
import { IP_PROTOCOL } from './protocol-numbers.ts';

/** What stands in the TCP header beside ports, length and checksum. */
export interface TcpHead {
  readonly sequence: number;
  readonly acknowledgement: number;
  /** TCP_FLAG, added up. */
  readonly flags: number;
  readonly window: number;
  /** Whole words of four octets. */
  readonly options: Buffer;
}

/** `onward`: as from the sender of the segment in view, to where it goes; `back`: as from there, to its sender. */
export type Way = 'onward' | 'back';

const ETHERNET_OCTETS = 14;
const TAG_OCTETS = 4;
const MAC_OCTETS = 6;
const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const TCP_OCTETS = 20;
const DO_NOT_FRAGMENT = 0x4000;
const HOPS = 64;

/** Whether the frame in view is a whole TCP segment in Ethernet with nothing but VLAN tags before its IP header. */
export function isPlainTcp(frame: FrameView): boolean {
  const { macsAt, vlanTags, ipStart, protocol, fragment } = frame;
  const isPlain = macsAt !== NO_ADDRESSES && ipStart === macsAt + ETHERNET_OCTETS + vlanTags * TAG_OCTETS;
  return isPlain && protocol === IP_PROTOCOL.TCP && fragment === 'none';
}

/** The acknowledgement number of the TCP segment in view. */
export function acknowledgementOf(frame: FrameView): number {
  return frame.frameOctets.readUInt32BE(frame.transportStart + 8);
}

/** Composes a segment after the one in view, which `isPlainTcp`. */
export function composeTcp(frame: FrameView, way: Way, head: TcpHead): Buffer {
  const linkOctets = frame.ipStart - frame.macsAt;
  const ipOctets = frame.ipVersion === 4 ? IPV4_OCTETS : IPV6_OCTETS;
  const tcpOctets = TCP_OCTETS + head.options.length;
  const made = Buffer.alloc(linkOctets + ipOctets + tcpOctets);
  writeLink(made, frame, way);
  const pseudo = frame.ipVersion === 4 ? writeIpv4 : writeIpv6;
  const sum = pseudo(made, linkOctets, frame, way, tcpOctets);
  writeTcp(made, linkOctets + ipOctets, frame, way, head, sum);
  return made;
}

function writeLink(made: Buffer, { frameOctets, macsAt, ipStart }: FrameView, way: Way): void {
  frameOctets.copy(made, 0, macsAt, ipStart);
  if (way === 'onward') return;
  frameOctets.copy(made, 0, macsAt + MAC_OCTETS, macsAt + 2 * MAC_OCTETS);
  frameOctets.copy(made, MAC_OCTETS, macsAt, macsAt + MAC_OCTETS);
}

/** Returns the sum of the pseudo header (RFC 9293 §3.1). */
function writeIpv4(made: Buffer, at: number, frame: FrameView, way: Way, tcpOctets: number): number {
  const { frameOctets, ipStart } = frame;
  made[at] = 0x45;
  made[at + 1] = way === 'onward' ? frameOctets[ipStart + 1]! : 0;
  made.writeUInt16BE(IPV4_OCTETS + tcpOctets, at + 2);
  made.writeUInt16BE(DO_NOT_FRAGMENT, at + 6);
  made[at + 8] = way === 'onward' ? frameOctets[ipStart + 8]! : HOPS;
  made[at + 9] = IP_PROTOCOL.TCP;
  writeAddresses(made, at + 12, frame, way, 4);
  made.writeUInt16BE(checksumOf(addWords(made, at, at + IPV4_OCTETS)), at + 10);
  return addWords(made, at + 12, at + IPV4_OCTETS, IP_PROTOCOL.TCP + tcpOctets);
}

/** Returns the sum of the pseudo header (RFC 8200 §8.1). */
function writeIpv6(made: Buffer, at: number, frame: FrameView, way: Way, tcpOctets: number): number {
  const { frameOctets, ipStart } = frame;
  // The traffic class and flow label are the sender's own.
  made.writeUInt32BE(way === 'onward' ? frameOctets.readUInt32BE(ipStart) : 0x6000_0000, at);
  made.writeUInt16BE(tcpOctets, at + 4);
  made[at + 6] = IP_PROTOCOL.TCP;
  made[at + 7] = way === 'onward' ? frameOctets[ipStart + 7]! : HOPS;
  writeAddresses(made, at + 8, frame, way, 16);
  return addWords(made, at + 8, at + IPV6_OCTETS, IP_PROTOCOL.TCP + tcpOctets);
}

function writeAddresses(made: Buffer, at: number, frame: FrameView, way: Way, octets: number): void {
  const { frameOctets, sourceAt, destinationAt } = frame;
  const [from, to] = way === 'onward' ? [sourceAt, destinationAt] : [destinationAt, sourceAt];
  frameOctets.copy(made, at, from, from + octets);
  frameOctets.copy(made, at + octets, to, to + octets);
}

function writeTcp(made: Buffer, at: number, frame: FrameView, way: Way, head: TcpHead, pseudoSum: number): void {
  const { sourcePort, destinationPort } = frame;
  made.writeUInt16BE(way === 'onward' ? sourcePort : destinationPort, at);
  made.writeUInt16BE(way === 'onward' ? destinationPort : sourcePort, at + 2);
  made.writeUInt32BE(head.sequence, at + 4);
  made.writeUInt32BE(head.acknowledgement, at + 8);
  made[at + 12] = ((TCP_OCTETS + head.options.length) / 4) << 4;
  made[at + 13] = head.flags;
  made.writeUInt16BE(head.window, at + 14);
  head.options.copy(made, at + TCP_OCTETS);
  made.writeUInt16BE(checksumOf(addWords(made, at, made.length, pseudoSum)), at + 16);
}
