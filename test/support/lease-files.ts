import { readFileSync } from 'node:fs';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { AnyLeases } from '../../src/identity/any-leases.ts';
import type { Lease, LeaseReading } from '../../src/identity/lease.ts';
import { addressOf } from './observations.ts';

export const MAX_LEASES = 1000;

export const LEASE_FILES = [
  'dnsmasq.leases',
  'dhcpd.leases',
  'dhcpd6.leases',
  'kea-leases4.csv',
  'kea-leases6.csv',
] as const;

/** A real lease file, one character for each octet. */
export function realLeaseFile(name: (typeof LEASE_FILES)[number]): string {
  return readFileSync(repositoryPath('test', 'vectors', 'leases', name), 'latin1');
}

/** Reads a lease file that comes in these pieces. */
export function readLeases(...pieces: readonly string[]): LeaseReading {
  const parser = new AnyLeases(MAX_LEASES);
  for (const piece of pieces) parser.push(piece);
  return parser.finish();
}

/** A lease by its address, with nothing else known that is not given. */
export function leaseOf(address: string, known: Partial<Omit<Lease, 'address'>> = {}): Lease {
  return {
    address: addressOf(address),
    mac: undefined,
    duidMac: undefined,
    hostname: undefined,
    expiresAtMs: Number.POSITIVE_INFINITY,
    ...known,
  };
}
