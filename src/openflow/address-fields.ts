/** Which parts of a message are addresses. */
import { type Address, isIpv4 } from '../core/address.ts';
import { ip4, ip6, type Kind } from './kinds.ts';
import { oxmRow } from './oxm.ts';

/** Whether `name` of an element outside a match holds an address, as the ranges of `nat` do. */
export function isAddress(name: string, value: unknown): value is Address {
  if (name.startsWith('ipv4')) return typeof value === 'number';
  return name.startsWith('ipv6') && typeof value === 'string' && value.length === 16;
}

/** Whether the value and the mask of a match field are addresses. */
export function isAddressField(field: string): boolean {
  const kind: Kind<unknown> | undefined = oxmRow(field)?.kind;
  return kind === ip4 || kind === ip6;
}

/** How many leading bits a mask has when it has no others; undefined when it has. */
export function prefixLength(mask: Address): number | undefined {
  const words = isIpv4(mask) ? [mask] : [0, 4, 8, 12].map((at) => Buffer.from(mask, 'latin1').readInt32BE(at));
  const bits = words.map((word) => (word >>> 0).toString(2).padStart(32, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
