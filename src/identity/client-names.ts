import type { Address } from '../core/address.ts';
import type { NameSource } from './client-identity.ts';
import type { Lease } from './lease.ts';

/** Where names are looked up: in memory only. */
export interface NameSources {
  leaseOf(address: Address): Lease | undefined;
  namedLeaseOfMac(mac: number): Lease | undefined;
  reverseNameOf(address: Address): string | undefined;
}

/** Whose name is looked for. */
export interface NamedDevice {
  /** 48 bits; undefined when it is that of a router, or not known. */
  readonly mac: number | undefined;
  /** The address that is asked for, then the others of the device. */
  readonly addresses: readonly Address[];
}

interface FoundName {
  readonly name: string;
  readonly source: NameSource;
}

/**
 * The name of a device: that of a lease of its address, else of its MAC address, else of another of its addresses, else the
 * reverse name of one of them. A lease that another MAC address has names nobody: somebody uses its address.
 */
export function findName(sources: NameSources, { mac, addresses }: NamedDevice): FoundName | undefined {
  const leased = (address: Address | undefined): string | undefined => {
    const lease = address === undefined ? undefined : sources.leaseOf(address);
    return lease !== undefined && isOf(lease, mac) ? lease.hostname : undefined;
  };
  const [own, ...others] = addresses;
  const ofMac = () => (mac === undefined ? undefined : sources.namedLeaseOfMac(mac)?.hostname);
  const name = leased(own) ?? ofMac() ?? firstOf(others, leased);
  if (name !== undefined) return { name, source: 'lease' };
  const reverse = firstOf(addresses, (address) => sources.reverseNameOf(address));
  return reverse === undefined ? undefined : { name: reverse, source: 'ptr' };
}

/** Whether a lease may be that of the device with this MAC address. */
export function isOf(lease: Lease, mac: number | undefined): boolean {
  return lease.mac === undefined || mac === undefined || lease.mac === mac;
}

function firstOf(addresses: readonly Address[], find: (address: Address) => string | undefined): string | undefined {
  for (const address of addresses) {
    const found = find(address);
    if (found !== undefined) return found;
  }
  return undefined;
}
