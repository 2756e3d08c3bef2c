import { type Address, isIpv4 } from '../../core/address.ts';

/** A host that is looked at for others it belongs to. */
export interface Suspect {
  /** Its number in the host table. */
  readonly host: number;
  /** PairTable.generation of it: another one means that the number is another host's. */
  readonly generation: number;
  readonly address: Address;
  /** 0 to 1. */
  readonly score: number;
}

/** The order of addresses in lists: IPv4 first, each by its number. */
export function compareAddresses(a: Address, b: Address): number {
  if (isIpv4(a)) return isIpv4(b) ? (a >>> 0) - (b >>> 0) : -1;
  if (isIpv4(b)) return 1;
  return a < b ? -1 : Number(a > b);
}
