/**
 * Finds the IP header in a frame of any link type that is read here. Link types are numbered as in capture files
 * (draft-ietf-opsawg-pcaplinktype).
 *
 *     Ethernet      destination(6) source(6) EtherType(2)
 *     802.3         destination(6) source(6) length(2) AA AA 03, organization 00 00 00, EtherType(2)   (IEEE 802, SNAP)
 *     VLAN tag      TCI(2) EtherType(2)                                      any number of them
 *     MPLS          label and TTL(4), the last one with the bottom bit set   (RFC 3032); then IP by its version
 *     PPPoE         version, type, code, session, length(6) protocol(2)      (RFC 2516)
 *     PPP           [FF 03] protocol(1 or 2)                                 (RFC 1661, RFC 1662)
 *     Linux cooked  16 octets, EtherType at 14; version 2: 20 octets, EtherType at 0
 *     BSD loopback  address family(4), in either octet order; some write an EtherType into its last two octets
 *     NFLOG         family(1) version(1) resource(2), then TLVs: length(2) type(2), the packet in type 9
 */

import { readUint16 } from '../core/read-integer.ts';
import { ETHER_TYPE, PPP_PROTOCOL } from './protocol-numbers.ts';

export const LINK_TYPE = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  RAW_BSD: 12,
  RAW_OPENBSD: 14,
  PPP_HDLC: 50,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  NFLOG: 239,
  LINUX_SLL2: 276,
} as const;

/** Of the two octets before the EtherType of a tag; the others are priorities. */
const VLAN_MASK = 0x0fff;

const READABLE: ReadonlySet<number> = new Set(Object.values(LINK_TYPE));

export function isReadableLinkType(linkType: number): boolean {
  return READABLE.has(linkType);
}

/** `truncated`: fewer octets than the headers announce. `not-ip`: what they carry is neither IPv4 nor IPv6. */
export type LinkProblem = 'truncated' | 'not-ip';

/** Where the IP header is. The fields hold after a call that returned undefined. */
export interface IpPlace {
  ipStart: number;
  /** Where the IP packet ends at the latest; link layers may pad it. */
  ipLimit: number;
  /** The version that the link layer announces. */
  ipVersion: 4 | 6;
  /** How many VLAN tags stand before it. */
  vlanTags: number;
  /** The VLAN of the outermost tag; NO_TAG without one. */
  vlan: number;
  /** Where the hardware addresses of an Ethernet frame begin, destination first; NO_ADDRESSES in other frames. */
  macsAt: number;
}

export const NO_TAG = -1;
export const NO_ADDRESSES = -1;

/** Finds the IP header of the frame in `octets[start, end)` and fills `place`. */
export function findIp(
  octets: Buffer,
  start: number,
  end: number,
  linkType: number,
  place: IpPlace,
): LinkProblem | undefined {
  place.vlanTags = 0;
  place.vlan = NO_TAG;
  place.macsAt = NO_ADDRESSES;
  place.ipLimit = end;
  switch (linkType) {
    case LINK_TYPE.ETHERNET:
      place.macsAt = start;
      return behindType(octets, start + 12, end, place);
    case LINK_TYPE.LINUX_SLL:
      return behindType(octets, start + 14, end, place);
    case LINK_TYPE.LINUX_SLL2:
      if (start + 20 > end) return 'truncated';
      return behindEtherType(octets, readUint16(octets, start), start + 20, end, place);
    case LINK_TYPE.NULL:
    case LINK_TYPE.LOOP:
      return behindFamily(octets, start, end, place);
    case LINK_TYPE.PPP:
    case LINK_TYPE.PPP_HDLC:
      return behindPpp(octets, start, end, place);
    case LINK_TYPE.NFLOG:
      return behindNflog(octets, start, end, place);
    case LINK_TYPE.RAW:
    case LINK_TYPE.RAW_BSD:
    case LINK_TYPE.RAW_OPENBSD:
    case LINK_TYPE.IPV4:
    case LINK_TYPE.IPV6:
      return byVersion(octets, start, end, place);
    default:
      return 'not-ip';
  }
}

function found(ipVersion: 4 | 6, at: number, place: IpPlace): undefined {
  place.ipVersion = ipVersion;
  place.ipStart = at;
}

function byVersion(octets: Buffer, at: number, end: number, place: IpPlace): LinkProblem | undefined {
  if (at >= end) return 'truncated';
  const version = octets[at]! >> 4;
  return version === 4 || version === 6 ? found(version, at, place) : 'not-ip';
}

function behindType(octets: Buffer, typeAt: number, end: number, place: IpPlace): LinkProblem | undefined {
  if (typeAt + 2 > end) return 'truncated';
  return behindEtherType(octets, readUint16(octets, typeAt), typeAt + 2, end, place);
}

/** Each step goes forward, so the end of the frame is the bound of the stack. */
function behindEtherType(
  octets: Buffer,
  type: number,
  from: number,
  end: number,
  place: IpPlace,
): LinkProblem | undefined {
  let etherType = type;
  let at = from;
  for (;;) {
    switch (etherType) {
      case ETHER_TYPE.IPV4:
        return found(4, at, place);
      case ETHER_TYPE.IPV6:
        return found(6, at, place);
      case ETHER_TYPE.VLAN:
      case ETHER_TYPE.SERVICE_VLAN:
      case ETHER_TYPE.OLD_QINQ:
        if (at + 4 > end) return 'truncated';
        if (place.vlanTags++ === 0) place.vlan = readUint16(octets, at) & VLAN_MASK;
        etherType = readUint16(octets, at + 2);
        at += 4;
        break;
      case ETHER_TYPE.MPLS:
      case ETHER_TYPE.MPLS_MULTICAST:
        return behindMpls(octets, at, end, place);
      case ETHER_TYPE.PPPOE_SESSION:
        return behindPpp(octets, at + 6, end, place);
      default:
        if (etherType > ETHER_TYPE.LAST_LENGTH) return 'not-ip';
        if (at + 8 > end) return 'truncated';
        // AA AA 03 00 00 00: SNAP, and an EtherType behind it.
        if (octets.readUInt32BE(at) !== 0xaaaa0300 || readUint16(octets, at + 4) !== 0) return 'not-ip';
        etherType = readUint16(octets, at + 6);
        if (etherType <= ETHER_TYPE.LAST_LENGTH) return 'not-ip';
        at += 8;
    }
  }
}

function behindMpls(octets: Buffer, from: number, end: number, place: IpPlace): LinkProblem | undefined {
  for (let at = from; at + 4 <= end; at += 4) {
    const isBottom = (octets[at + 2]! & 1) === 1;
    if (isBottom) return byVersion(octets, at + 4, end, place);
  }
  return 'truncated';
}

function behindPpp(octets: Buffer, from: number, end: number, place: IpPlace): LinkProblem | undefined {
  const hasAddress = from + 2 <= end && readUint16(octets, from) === 0xff03;
  const at = hasAddress ? from + 2 : from;
  if (at + 2 > end) return 'truncated';
  // A protocol number may be sent in one octet: only its last one is odd.
  const isShort = (octets[at]! & 1) === 1;
  const protocol = isShort ? octets[at]! : readUint16(octets, at);
  const behind = at + (isShort ? 1 : 2);
  if (protocol === PPP_PROTOCOL.IPV4) return found(4, behind, place);
  if (protocol === PPP_PROTOCOL.IPV6) return found(6, behind, place);
  return protocol === PPP_PROTOCOL.MPLS ? behindMpls(octets, behind, end, place) : 'not-ip';
}

const FAMILY_INET = 2;
/** AF_INET6 differs: Linux, the BSDs, macOS. */
const FAMILIES_INET6: readonly number[] = [10, 24, 28, 30];

/** The family is in the octet order of the machine that captured; it is a small number in one of the two. */
function behindFamily(octets: Buffer, start: number, end: number, place: IpPlace): LinkProblem | undefined {
  if (start + 4 > end) return 'truncated';
  const family = Math.min(octets.readUInt32LE(start), octets.readUInt32BE(start));
  const etherType = readUint16(octets, start + 2);
  if (family === FAMILY_INET || etherType === ETHER_TYPE.IPV4) return found(4, start + 4, place);
  const isIpv6 = FAMILIES_INET6.includes(family) || etherType === ETHER_TYPE.IPV6;
  return isIpv6 ? found(6, start + 4, place) : 'not-ip';
}

const NFLOG_PAYLOAD = 9;

/** TLVs are in the octet order of the machine that captured, nearly always little-endian; each is padded to four octets. */
function behindNflog(octets: Buffer, start: number, end: number, place: IpPlace): LinkProblem | undefined {
  for (let at = start + 4; at + 4 <= end; ) {
    const lengthOctets = octets.readUInt16LE(at);
    // The upper two bits of the type are flags.
    const type = octets.readUInt16LE(at + 2) & 0x3fff;
    if (lengthOctets < 4 || at + lengthOctets > end) return 'truncated';
    if (type === NFLOG_PAYLOAD) {
      place.ipLimit = at + lengthOctets;
      return byVersion(octets, at + 4, at + lengthOctets, place);
    }
    at += (lengthOctets + 3) & ~3;
  }
  return 'truncated';
}
