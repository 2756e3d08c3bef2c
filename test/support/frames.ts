/** Composes frames for tests, with addresses for documentation. Checksums are left 0: nothing here verifies them. */
import { addressOctets, parseAddress } from '../../src/core/address.ts';

export interface FrameFields {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly tcpFlags?: number;
  readonly tcpSequence?: number;
  /** The IP protocol number, where it is not that of `transport`. */
  readonly protocol?: number;
  /** The hardware addresses in hex, destination first. */
  readonly macs?: string;
  /** EtherTypes of VLAN tags, outermost first; all of VLAN 10. */
  readonly tags?: readonly number[];
  /** Octets behind the datagram. */
  readonly padding?: Buffer;
  /** IPv4 options or IPv6 extension headers, already composed; for IPv6 with the number of the first one. */
  readonly options?: Buffer;
  readonly firstHeader?: number;
  /** IPv4 flags and fragment offset. */
  readonly fragmentField?: number;
  readonly identification?: number;
}

/** An Ethernet frame around `payload`; IPv4 or IPv6 by the family of `source`. */
export function composeFrame(payload: Buffer, fields: FrameFields = {}): Buffer {
  return composeIpFrame(composeSegment(payload, fields), fields);
}

/** An Ethernet frame around an IP payload. */
export function composeIpFrame(segment: Buffer, fields: FrameFields = {}): Buffer {
  const packet = composePacket(segment, fields);
  const tags = (fields.tags ?? []).map((tag) => Buffer.from([tag >> 8, tag & 0xff, 0x00, 0x0a]));
  const etherType = Buffer.from(packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd]);
  const macs = Buffer.from(fields.macs ?? '020000000001020000000002', 'hex');
  return Buffer.concat([macs, ...tags, etherType, packet, fields.padding ?? Buffer.alloc(0)]);
}

/** An IP packet around its payload. */
export function composePacket(segment: Buffer, fields: FrameFields = {}): Buffer {
  const source = addressOctets(parseAddress(fields.source ?? '192.0.2.1')!);
  const destination = addressOctets(parseAddress(fields.destination ?? '198.51.100.53')!);
  return source.length === 4 ? ipv4(source, destination, segment, fields) : ipv6(source, destination, segment, fields);
}

/** A UDP datagram or TCP segment around its payload. */
export function composeSegment(payload: Buffer, fields: FrameFields = {}): Buffer {
  return fields.transport === 'tcp' ? tcpSegment(payload, fields) : udpDatagram(payload, fields);
}

/**
 * Ethernet frames with the fragments of an IP payload, cut at multiples of eight octets. `identification` tells datagrams
 * apart.
 */
export function composeFragments(segment: Buffer, cuts: readonly number[], fields: FrameFields = {}): Buffer[] {
  const edges = [0, ...cuts, segment.length];
  return edges.slice(1).map((end, index) => {
    return composeFragment(segment.subarray(edges[index]!, end), edges[index]!, end < segment.length, fields);
  });
}

export function composeFragment(piece: Buffer, offset: number, moreFollow: boolean, fields: FrameFields = {}): Buffer {
  const isIpv6 = fields.source?.includes(':') === true;
  if (!isIpv6) return composeIpFrame(piece, { ...fields, fragmentField: (offset >> 3) | (moreFollow ? 0x2000 : 0) });
  const header = Buffer.alloc(8);
  header.writeUInt8(protocolOf(fields), 0);
  header.writeUInt16BE(offset | (moreFollow ? 1 : 0), 2);
  header.writeUInt32BE(fields.identification ?? 1, 4);
  return composeIpFrame(piece, { ...fields, options: header, firstHeader: 44 });
}

function protocolOf(fields: FrameFields): number {
  return fields.protocol ?? (fields.transport === 'tcp' ? 6 : 17);
}

function udpDatagram(payload: Buffer, fields: FrameFields): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(fields.sourcePort ?? 40000, 0);
  header.writeUInt16BE(fields.destinationPort ?? 53, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

function tcpSegment(payload: Buffer, fields: FrameFields): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt16BE(fields.sourcePort ?? 40000, 0);
  header.writeUInt16BE(fields.destinationPort ?? 53, 2);
  header.writeUInt32BE(fields.tcpSequence ?? 0, 4);
  // One option: maximum segment size.
  header.writeUInt8(6 << 4, 12);
  header.writeUInt8(fields.tcpFlags ?? 0x18, 13);
  header.writeUInt32BE(0x020405b4, 20);
  return Buffer.concat([header, payload]);
}

function ipv4(source: Buffer, destination: Buffer, segment: Buffer, fields: FrameFields): Buffer {
  const options = fields.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45 + options.length / 4, 0);
  header.writeUInt16BE(20 + options.length + segment.length, 2);
  header.writeUInt16BE(fields.identification ?? 1, 4);
  header.writeUInt16BE(fields.fragmentField ?? 0, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocolOf(fields), 9);
  return Buffer.concat([header.subarray(0, 12), source, destination, options, segment]);
}

function ipv6(source: Buffer, destination: Buffer, segment: Buffer, fields: FrameFields): Buffer {
  const headers = fields.options ?? Buffer.alloc(0);
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(headers.length + segment.length, 4);
  header.writeUInt8(fields.firstHeader ?? protocolOf(fields), 6);
  header.writeUInt8(64, 7);
  return Buffer.concat([header, source, destination, headers, segment]);
}

/** A DNS message with its length before it, as it travels over TCP (RFC 1035 §4.2.2). */
export function withTcpLength(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
}
