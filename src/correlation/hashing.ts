import { type Address, isIpv4 } from '../core/address.ts';

/** 32 bits mixed so that each depends on all of them. */
export function mixBits(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** 32 bits of a text from an offset on. With a random seed nobody can choose texts that meet. */
export function hashText(text: string, seed: number, from = 0): number {
  let hash = seed ^ text.length;
  for (let index = from; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mixBits(hash);
}

/** 32 bits of an address. */
export function hashAddress(address: Address, seed: number): number {
  return isIpv4(address) ? mixBits(address ^ seed) : hashText(address, seed);
}
