/**
 * One frame, read down to its UDP or TCP payload. What stands before the IP header is read in link-layer.ts.
 *
 *     IPv4          RFC 791, with options
 *     IPv6          RFC 8200, with hop-by-hop, routing, destination options and fragment headers
 *     UDP           RFC 768;  TCP  RFC 9293, with options
 *
 * Lengths come from the IP and UDP headers, never from the frame: short frames are padded (IEEE 802.3 §4.2.3.3).
 */
import { type Address, readIpv4, readIpv6 } from '../core/address.ts';
import { readUint16 } from '../core/read-integer.ts';
import { findIp, type IpPlace, LINK_TYPE, type LinkProblem, NO_ADDRESSES, NO_TAG } from './link-layer.ts';
import { IP_PROTOCOL } from './protocol-numbers.ts';

/**
 * Why a frame cannot be read:
 * - `truncated`: the capture holds fewer octets than the headers announce
 * - `not-ip`: the link layer carries neither IPv4 nor IPv6, or its type is not read here
 * - `bad-version`: the version field is not what the link layer announces
 * - `bad-length`: a length field contradicts the header it belongs to or the one around it
 * - `too-many-headers`: more than eight IPv6 extension headers, or a fragment within a fragment
 */
export type FrameProblem = LinkProblem | 'bad-version' | 'bad-length' | 'too-many-headers';

/** `none`: a whole datagram; `first`: the fragment with the transport header; `later`: one without it. */
export type Fragment = 'none' | 'first' | 'later';

const MAX_EXTENSION_HEADERS = 8;
const IPV4_OCTETS = 20;
const IPV6_OCTETS = 40;
const UDP_OCTETS = 8;
const TCP_OCTETS = 20;

/** The hardware addresses and the VLAN of a frame. */
export interface FrameLink {
  /** 48 bits. */
  readonly sourceMac: number;
  readonly destinationMac: number;
  /** Of the outermost tag; undefined without one. */
  readonly vlan: number | undefined;
}

/**
 * A view that is filled anew by each `parse`, so that a capture allocates nothing per frame. The fields hold only after a
 * `parse` that returned undefined, and until the next one or until its octets change.
 */
export class FrameView implements IpPlace {
  /** How many VLAN tags stand before the EtherType. */
  vlanTags = 0;
  vlan: number = NO_TAG;
  macsAt: number = NO_ADDRESSES;
  ipStart = 0;
  ipLimit = 0;
  ipVersion: 4 | 6 = 4;
  /** The frame, in which the addresses are, and where they are: 4 or 16 octets by `ipVersion`. */
  frameOctets: Buffer = Buffer.alloc(0);
  sourceAt = 0;
  destinationAt = 0;
  /** How many IPv6 extension headers were read. */
  extensionHeaders = 0;
  /** The IP protocol number behind all extension headers this reader knows. */
  protocol = 0;
  /** The fields of fragments hold whenever this is not `none`, even after a `parse` that found a problem. */
  fragment: Fragment = 'none';
  /** What IPv4 calls the identification: 16 bits; 32 bits in IPv6. */
  fragmentId = 0;
  /** Where the fragment belongs in its datagram, octets. */
  fragmentOffset = 0;
  moreFragments = false;
  /** The protocol of what was cut, and where this piece of it lies in the buffer. */
  fragmentProtocol = 0;
  fragmentStart = 0;
  fragmentEnd = 0;
  /** Ports of UDP and TCP; 0 for other protocols and for later fragments. */
  sourcePort = 0;
  destinationPort = 0;
  /** The flags octet and the sequence number of TCP, else 0. */
  tcpFlags = 0;
  tcpSequence = 0;
  /** Where the header of UDP or TCP begins in the buffer; does not hold for later fragments. */
  transportStart = 0;
  /**
   * Where the payload of UDP or TCP lies in the buffer; for other protocols and later fragments the payload of IP. In
   * a first fragment it ends with the fragment.
   */
  payloadStart = 0;
  payloadEnd = 0;

  get source(): Address {
    return this.#addressAt(this.sourceAt);
  }

  get destination(): Address {
    return this.#addressAt(this.destinationAt);
  }

  /** Undefined where the link type shows no hardware addresses. */
  get link(): FrameLink | undefined {
    const { frameOctets, macsAt, vlan } = this;
    if (macsAt === NO_ADDRESSES) return undefined;
    return {
      sourceMac: frameOctets.readUIntBE(macsAt + 6, 6),
      destinationMac: frameOctets.readUIntBE(macsAt, 6),
      vlan: vlan === NO_TAG ? undefined : vlan,
    };
  }

  /**
   * Reads the frame in `octets[start, end)`; undefined when all went well. The caller guarantees
   * 0 <= start <= end <= octets.length. `linkType`: one of LINK_TYPE.
   */
  parse(octets: Buffer, start: number, end: number, linkType: number = LINK_TYPE.ETHERNET): FrameProblem | undefined {
    this.fragment = 'none';
    this.frameOctets = octets;
    const problem = findIp(octets, start, end, linkType, this);
    if (problem !== undefined) return problem;
    return this.ipVersion === 4
      ? this.#parseIpv4(octets, this.ipStart, this.ipLimit)
      : this.#parseIpv6(octets, this.ipStart, this.ipLimit);
  }

  /** Reads on in what the fragments of a datagram were put together to; addresses stay those of the last `parse`. */
  parseReassembled(octets: Buffer, protocol: number): FrameProblem | undefined {
    this.fragment = 'none';
    this.protocol = protocol;
    if (this.ipVersion === 4) return this.#parseTransport(octets, 0, octets.length);
    const problem = this.#parseExtensionHeaders(octets, 0, octets.length);
    return this.fragment === 'none' ? problem : 'too-many-headers';
  }

  #addressAt(at: number): Address {
    return this.ipVersion === 4 ? readIpv4(this.frameOctets, at) : readIpv6(this.frameOctets, at);
  }

  #parseIpv4(octets: Buffer, at: number, end: number): FrameProblem | undefined {
    if (at + IPV4_OCTETS > end) return 'truncated';
    const versionAndLength = octets[at]!;
    if (versionAndLength >> 4 !== 4) return 'bad-version';
    const headerOctets = (versionAndLength & 0xf) * 4;
    const totalOctets = readUint16(octets, at + 2);
    if (headerOctets < IPV4_OCTETS || totalOctets < headerOctets) return 'bad-length';
    if (at + totalOctets > end) return 'truncated';
    this.ipVersion = 4;
    this.extensionHeaders = 0;
    this.sourceAt = at + 12;
    this.destinationAt = at + 16;
    this.protocol = octets[at + 9]!;
    const fragmentField = readUint16(octets, at + 6);
    const isWhole = (fragmentField & 0x3fff) === 0;
    if (!isWhole) {
      this.#setFragment(fragmentField & 0x1fff, (fragmentField & 0x2000) !== 0, at + headerOctets, at + totalOctets);
      this.fragmentId = readUint16(octets, at + 4);
      this.fragmentProtocol = this.protocol;
    }
    return this.#parseTransport(octets, at + headerOctets, at + totalOctets);
  }

  /** `offset` counts eight octets each. A fragment that is first and last at once is whole (RFC 6946). */
  #setFragment(offset: number, moreFollow: boolean, start: number, end: number): void {
    if (offset === 0 && !moreFollow) return;
    this.fragment = offset === 0 ? 'first' : 'later';
    this.fragmentOffset = offset * 8;
    this.moreFragments = moreFollow;
    this.fragmentStart = start;
    this.fragmentEnd = end;
  }

  #parseIpv6(octets: Buffer, at: number, end: number): FrameProblem | undefined {
    if (at + IPV6_OCTETS > end) return 'truncated';
    if (octets[at]! >> 4 !== 6) return 'bad-version';
    const payloadAt = at + IPV6_OCTETS;
    const ipEnd = payloadAt + readUint16(octets, at + 4);
    if (ipEnd > end) return 'truncated';
    this.ipVersion = 6;
    this.sourceAt = at + 8;
    this.destinationAt = at + 24;
    this.protocol = octets[at + 6]!;
    return this.#parseExtensionHeaders(octets, payloadAt, ipEnd);
  }

  #parseExtensionHeaders(octets: Buffer, payloadAt: number, ipEnd: number): FrameProblem | undefined {
    let at = payloadAt;
    this.extensionHeaders = 0;
    while (isExtensionHeader(this.protocol)) {
      if (this.extensionHeaders === MAX_EXTENSION_HEADERS) return 'too-many-headers';
      this.extensionHeaders++;
      if (at + 8 > ipEnd) return 'bad-length';
      const isFragment = this.protocol === IP_PROTOCOL.FRAGMENT;
      const headerOctets = isFragment ? 8 : (octets[at + 1]! + 1) * 8;
      if (isFragment && this.fragment === 'none') {
        const field = readUint16(octets, at + 2);
        this.#setFragment(field >> 3, (field & 1) !== 0, at + 8, ipEnd);
        this.fragmentId = octets.readUInt32BE(at + 4);
        this.fragmentProtocol = octets[at]!;
      }
      this.protocol = octets[at]!;
      at += headerOctets;
      if (at > ipEnd) return 'bad-length';
      // Behind the header of a later fragment stands the middle of something: no header to read on with.
      if (this.fragment === 'later') break;
    }
    return this.#parseTransport(octets, at, ipEnd);
  }

  #parseTransport(octets: Buffer, at: number, ipEnd: number): FrameProblem | undefined {
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.tcpFlags = 0;
    this.tcpSequence = 0;
    this.transportStart = at;
    this.payloadStart = at;
    this.payloadEnd = ipEnd;
    if (this.fragment === 'later') return undefined;
    if (this.protocol === IP_PROTOCOL.UDP) return this.#parseUdp(octets, at, ipEnd);
    if (this.protocol === IP_PROTOCOL.TCP) return this.#parseTcp(octets, at, ipEnd);
    return undefined;
  }

  #parseUdp(octets: Buffer, at: number, ipEnd: number): FrameProblem | undefined {
    if (at + UDP_OCTETS > ipEnd) return 'bad-length';
    const udpEnd = at + readUint16(octets, at + 4);
    if (udpEnd < at + UDP_OCTETS) return 'bad-length';
    if (udpEnd > ipEnd && this.fragment === 'none') return 'bad-length';
    this.sourcePort = readUint16(octets, at);
    this.destinationPort = readUint16(octets, at + 2);
    this.payloadStart = at + UDP_OCTETS;
    this.payloadEnd = Math.min(udpEnd, ipEnd);
    return undefined;
  }

  #parseTcp(octets: Buffer, at: number, ipEnd: number): FrameProblem | undefined {
    if (at + TCP_OCTETS > ipEnd) return 'bad-length';
    const payloadStart = at + (octets[at + 12]! >> 4) * 4;
    if (payloadStart < at + TCP_OCTETS || payloadStart > ipEnd) return 'bad-length';
    this.sourcePort = readUint16(octets, at);
    this.destinationPort = readUint16(octets, at + 2);
    this.tcpSequence = octets.readUInt32BE(at + 4);
    this.tcpFlags = octets[at + 13]!;
    this.payloadStart = payloadStart;
    return undefined;
  }
}

function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === IP_PROTOCOL.HOP_BY_HOP ||
    protocol === IP_PROTOCOL.ROUTING ||
    protocol === IP_PROTOCOL.FRAGMENT ||
    protocol === IP_PROTOCOL.DESTINATION_OPTIONS
  );
}
