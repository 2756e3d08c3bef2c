/**
 * IP addresses and networks as compact keys.
 *
 * An IPv4 address is its 32 bits as a signed integer, an IPv6 address its 16 octets as a latin1 string. Both are
 * cheap to read from a packet, compare with `===` and serve as Map keys; the type of the value tells the family.
 */
import { isIPv4, isIPv6 } from 'node:net';

declare const ipv4Brand: unique symbol;
declare const ipv6Brand: unique symbol;

/** An IPv4 address: 32 bits, network order, as a signed integer. */
export type Ipv4Address = number & { readonly [ipv4Brand]: true };
/** An IPv6 address: 16 octets, network order, as a latin1 string. */
export type Ipv6Address = string & { readonly [ipv6Brand]: true };
export type Address = Ipv4Address | Ipv6Address;

/** An address block in CIDR form (RFC 4632, RFC 4291 §2.3). Host bits of `base` are zero. */
export interface Network {
  readonly base: Address;
  readonly prefixLength: number;
}

export function isIpv4(address: Address): address is Ipv4Address {
  return typeof address === 'number';
}

/** Reads four octets; the caller has checked that they are there. */
export function readIpv4(octets: Buffer, offset: number): Ipv4Address {
  return octets.readInt32BE(offset) as Ipv4Address;
}

/** Reads sixteen octets; the caller has checked that they are there. */
export function readIpv6(octets: Buffer, offset: number): Ipv6Address {
  return octets.toString('latin1', offset, offset + 16) as Ipv6Address;
}

/** The octets of an address, network order: 4 or 16 of them. */
export function addressOctets(address: Address): Buffer {
  if (!isIpv4(address)) return Buffer.from(address, 'latin1');
  const octets = Buffer.allocUnsafe(4);
  octets.writeInt32BE(address);
  return octets;
}

/** The address that four or sixteen octets spell, else undefined. */
export function addressFromOctets(octets: Buffer): Address | undefined {
  if (octets.length === 4) return readIpv4(octets, 0);
  if (octets.length === 16) return readIpv6(octets, 0);
  return undefined;
}

/** Reads an address in text form (RFC 4291 §2.2 for IPv6, no zone index); undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) {
    const octets = text.split('.').map(Number);
    return readIpv4(Buffer.from(octets), 0);
  }
  if (isIPv6(text) && !text.includes('%')) return parseIpv6(text);
  return undefined;
}

function parseIpv6(text: string): Ipv6Address {
  const [head = '', tail] = text.split('::');
  const front = ipv6Groups(head);
  const back = tail === undefined ? [] : ipv6Groups(tail);
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  const octets = Buffer.alloc(16);
  for (const [index, group] of [...front, ...zeros, ...back].entries()) octets.writeUInt16BE(group, index * 2);
  return readIpv6(octets, 0);
}

function ipv6Groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** The text form of an address; IPv6 in the canonical form of RFC 5952. */
export function formatAddress(address: Address): string {
  if (isIpv4(address)) {
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((address.charCodeAt(index) << 8) | address.charCodeAt(index + 1));
  }
  return formatIpv6Groups(groups);
}

function formatIpv6Groups(groups: readonly number[]): string {
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > bestLength) {
      bestStart = start;
      bestLength = end - start;
    }
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (bestStart < 0) return hex(groups);
  return `${hex(groups.slice(0, bestStart))}::${hex(groups.slice(bestStart + bestLength))}`;
}

/** Reads `ADDRESS/LENGTH`; undefined when it is no network, or when bits are set beyond the prefix. */
export function parseNetwork(text: string): Network | undefined {
  const network = networkAround(text);
  return network !== undefined && parseAddress(text.split('/')[0]!) === network.base ? network : undefined;
}

/** The network that the address of `ADDRESS/LENGTH` is in, whatever bits are set beyond the prefix. */
export function networkAround(text: string): Network | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const prefixLength = Number(match?.[2]);
  if (address === undefined || prefixLength > (isIpv4(address) ? 32 : 128)) return undefined;
  const mask = networkMask(address, prefixLength);
  const octets = addressOctets(address).map((octet, index) => octet & mask[index]!);
  return { base: addressFromOctets(Buffer.from(octets))!, prefixLength };
}

/** The mask of a prefix length in the family of `address`: 4 or 16 octets. */
export function networkMask(address: Address, prefixLength: number): Buffer {
  const mask = Buffer.alloc(isIpv4(address) ? 4 : 16);
  for (let bit = 0; bit < prefixLength; bit++) mask[bit >> 3]! |= 0x80 >> (bit & 7);
  return mask;
}

export function networkContains(network: Network, address: Address): boolean {
  const { base, prefixLength } = network;
  if (isIpv4(base)) {
    if (!isIpv4(address)) return false;
    return prefixLength === 0 || (base ^ address) >>> (32 - prefixLength) === 0;
  }
  if (isIpv4(address)) return false;
  const wholeOctets = prefixLength >> 3;
  if (!address.startsWith(base.slice(0, wholeOctets))) return false;
  const restBits = prefixLength & 7;
  if (restBits === 0) return true;
  return ((base.charCodeAt(wholeOctets) ^ address.charCodeAt(wholeOctets)) & (0xff00 >> restBits) & 0xff) === 0;
}
