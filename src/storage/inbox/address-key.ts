/** Addresses as octets that compare as numbers do, so that a network is a range of them. */
import { type Address, addressOctets, isIpv4, networkMask, parseAddress } from '../../core/address.ts';
import type { AddressValue } from '../../inbox/search.ts';

/** What an IPv4 address stands behind (RFC 4291 section 2.5.5.2). */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

/** 16 octets. */
export function addressKey(address: Address): Buffer {
  const octets = addressOctets(address);
  return isIpv4(address) ? Buffer.concat([MAPPED, octets]) : octets;
}

/** The first and the last key of an address or a network; undefined when it is none. */
export function addressKeyRange({
  address: text,
  prefixLength,
}: AddressValue): { readonly first: Buffer; readonly last: Buffer } | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const first = addressKey(address);
  const last = Buffer.from(first);
  if (prefixLength === undefined) return { first, last };
  const mask = networkMask(address, prefixLength);
  const start = first.length - mask.length;
  for (const [index, octet] of mask.entries()) {
    first[start + index]! &= octet;
    last[start + index]! |= ~octet & 0xff;
  }
  return { first, last };
}
