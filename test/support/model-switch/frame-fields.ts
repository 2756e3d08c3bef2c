/**
 * What a switch reads in a frame: written from the layouts (IEEE 802.3, RFC 791, RFC 8200, RFC 826) and from what Open
 * vSwitch does with frames that are cut short, and shares nothing with src/packet, so that each can check the other.
 */

/** Where the headers of a frame start, as far as it has them. */
export interface FrameLayout {
  /** Where the EtherType of what the frame carries stands, behind a tag. */
  readonly etherTypeAt: number;
  /** Where the tag's EtherType stands. */
  readonly tagAt: number | undefined;
  readonly networkAt: number | undefined;
  /** Only where the whole transport header is there and the ports may be read. */
  readonly transportAt: number | undefined;
}

export interface FrameFields {
  /** By OXM name, without in_port and metadata. */
  readonly numbers: ReadonlyMap<string, bigint>;
  readonly layout: FrameLayout;
}

const MIN_FRAME_BYTES = 14;
const TAG_TYPES = [0x8100, 0x88a8];
const FIRST_ETHER_TYPE = 0x600;
/** What Open vSwitch calls a frame of IEEE 802.3 without an EtherType (OFP_DL_TYPE_NOT_ETH_TYPE). */
const NO_ETHER_TYPE = 0x05ff;
const SNAP = 'aaaa03000000';
const FRAGMENT = { ANY: 1, LATER: 2 };
const MAX_EXTENSION_HEADERS = 64;

class FieldReader {
  readonly numbers = new Map<string, bigint>();
  readonly frame: Buffer;
  tagAt: number | undefined;
  networkAt: number | undefined;
  transportAt: number | undefined;
  protocol = 0;
  fragment = 0;
  /** Behind the last octet of the packet: padding is not read. */
  end: number;

  constructor(frame: Buffer) {
    this.frame = frame;
    this.end = frame.length;
  }

  set(field: string, value: number): void {
    this.numbers.set(field, BigInt(value));
  }

  octets(field: string, at: number, lengthBytes: number): void {
    this.numbers.set(field, BigInt(`0x${this.frame.toString('hex', at, at + lengthBytes)}`));
  }
}

/** Reads a frame of at least 14 octets. One VLAN tag is looked through, as with Open vSwitch's vlan-limit 1. */
export function readFrameFields(frame: Buffer): FrameFields {
  if (frame.length < MIN_FRAME_BYTES) throw new RangeError(`${frame.length} octets are no frame`);
  const reader = new FieldReader(frame);
  reader.octets('eth_dst', 0, 6);
  reader.octets('eth_src', 6, 6);
  const etherTypeAt = readTag(reader);
  const { etherType, networkAt } = readEtherType(frame, etherTypeAt);
  reader.set('eth_type', etherType);
  reader.networkAt = networkAt;
  if (etherType === 0x0800) readIpv4(reader, networkAt);
  else if (etherType === 0x86dd) readIpv6(reader, networkAt);
  else if (etherType === 0x0806) readArp(reader, networkAt);
  const { numbers, tagAt, transportAt } = reader;
  return { numbers, layout: { etherTypeAt, tagAt, networkAt, transportAt } };
}

/** Returns where the EtherType behind the tag stands. A tag needs room for an EtherType behind it. */
function readTag(reader: FieldReader): number {
  const { frame } = reader;
  if (!TAG_TYPES.includes(frame.readUInt16BE(12)) || frame.length < 18) return 12;
  const control = frame.readUInt16BE(14);
  reader.tagAt = 12;
  reader.set('vlan_vid', 0x1000 | (control & 0xfff));
  reader.set('vlan_pcp', control >>> 13);
  return 16;
}

function readEtherType(frame: Buffer, at: number): { readonly etherType: number; readonly networkAt: number } {
  const etherType = frame.readUInt16BE(at);
  if (etherType >= FIRST_ETHER_TYPE) return { etherType, networkAt: at + 2 };
  const hasSnap = frame.length >= at + 10 && frame.toString('hex', at + 2, at + 8) === SNAP;
  const snapType = hasSnap ? frame.readUInt16BE(at + 8) : 0;
  if (snapType >= FIRST_ETHER_TYPE) return { etherType: snapType, networkAt: at + 10 };
  return { etherType: NO_ETHER_TYPE, networkAt: at + 2 };
}

function readIpv4(reader: FieldReader, at: number): void {
  const { frame } = reader;
  const sizeBytes = frame.length - at;
  if (sizeBytes < 20) return;
  const headerBytes = (frame[at]! & 0xf) * 4;
  const totalBytes = frame.readUInt16BE(at + 2);
  if (headerBytes < 20 || headerBytes > totalBytes || totalBytes > sizeBytes) return;
  reader.end = at + totalBytes;
  readTrafficClass(reader, frame[at + 1]!);
  reader.set('nw_ttl', frame[at + 8]!);
  reader.protocol = frame[at + 9]!;
  reader.octets('ipv4_src', at + 12, 4);
  reader.octets('ipv4_dst', at + 16, 4);
  const fragment = frame.readUInt16BE(at + 6);
  if ((fragment & 0x3fff) !== 0) reader.fragment = FRAGMENT.ANY;
  if ((fragment & 0x1fff) !== 0) reader.fragment |= FRAGMENT.LATER;
  readTransport(reader, at + headerBytes, 1);
}

function readIpv6(reader: FieldReader, at: number): void {
  const { frame } = reader;
  if (frame.length - at < 40) return;
  const payloadBytes = frame.readUInt16BE(at + 4);
  if (payloadBytes > frame.length - at - 40) return;
  reader.end = at + 40 + payloadBytes;
  reader.octets('ipv6_src', at + 8, 16);
  reader.octets('ipv6_dst', at + 24, 16);
  reader.protocol = frame[at + 6]!;
  const transportAt = skipExtensionHeaders(reader, at + 40);
  if (transportAt === undefined) return;
  const firstWord = frame.readUInt32BE(at);
  reader.set('ipv6_flabel', firstWord & 0xfffff);
  readTrafficClass(reader, (firstWord >>> 20) & 0xff);
  reader.set('nw_ttl', frame[at + 7]!);
  readTransport(reader, transportAt, 58);
}

/** Where the transport header starts; undefined when the chain is cut short, which leaves all but the addresses unread. */
function skipExtensionHeaders(reader: FieldReader, start: number): number | undefined {
  const { frame, end } = reader;
  let at = start;
  for (let count = 0; count < MAX_EXTENSION_HEADERS; count++) {
    const { protocol } = reader;
    if (![0, 43, 44, 51, 60].includes(protocol)) return at;
    if (end - at < 8) return undefined;
    const next = frame[at]!;
    const lengthBytes = protocol === 44 ? 8 : protocol === 51 ? (frame[at + 1]! + 2) * 4 : (frame[at + 1]! + 1) * 8;
    if (lengthBytes > end - at) return undefined;
    reader.protocol = next;
    const offset = frame.readUInt16BE(at + 2);
    at += lengthBytes;
    if (protocol !== 44 || offset === 0) continue;
    reader.fragment = FRAGMENT.ANY;
    if ((offset & 0xfff8) === 0) continue;
    reader.fragment |= FRAGMENT.LATER;
    reader.protocol = 44;
    return at;
  }
  return undefined;
}

function readTrafficClass(reader: FieldReader, octet: number): void {
  reader.set('ip_dscp', octet >>> 2);
  reader.set('ip_ecn', octet & 3);
}

const PORT_HEADERS = new Map([
  [6, { name: 'tcp', lengthBytes: 20 }],
  [17, { name: 'udp', lengthBytes: 8 }],
  [132, { name: 'sctp', lengthBytes: 12 }],
]);

function readTransport(reader: FieldReader, at: number, icmp: 1 | 58): void {
  const { frame, protocol, fragment, end } = reader;
  reader.set('ip_proto', protocol);
  reader.set('nw_frag', fragment);
  if ((fragment & FRAGMENT.LATER) !== 0) return;
  const header = PORT_HEADERS.get(protocol);
  if (header !== undefined && end - at >= header.lengthBytes && (protocol !== 6 || hasWholeTcpHeader(frame, at, end))) {
    reader.transportAt = at;
    reader.set(`${header.name}_src`, frame.readUInt16BE(at));
    reader.set(`${header.name}_dst`, frame.readUInt16BE(at + 2));
    if (protocol === 6) reader.set('tcp_flags', frame.readUInt16BE(at + 12) & 0xfff);
  } else if (protocol === icmp && end - at >= 8) {
    reader.transportAt = at;
    const name = icmp === 1 ? 'icmpv4' : 'icmpv6';
    reader.set(`${name}_type`, frame[at]!);
    reader.set(`${name}_code`, frame[at + 1]!);
  }
}

/** With its options, as long as it says it is (RFC 9293 §3.1). */
function hasWholeTcpHeader(frame: Buffer, at: number, end: number): boolean {
  const lengthBytes = (frame[at + 12]! >>> 4) * 4;
  return lengthBytes >= 20 && lengthBytes <= end - at;
}

/** Only ARP of IPv4 over Ethernet is read. */
function readArp(reader: FieldReader, at: number): void {
  const { frame } = reader;
  if (frame.length - at < 28 || frame.toString('hex', at, at + 6) !== '000108000604') return;
  const operation = frame.readUInt16BE(at + 6);
  if (operation <= 0xff) reader.set('arp_op', operation);
  reader.octets('arp_sha', at + 8, 6);
  reader.octets('arp_spa', at + 14, 4);
  reader.octets('arp_tha', at + 18, 6);
  reader.octets('arp_tpa', at + 24, 4);
}
