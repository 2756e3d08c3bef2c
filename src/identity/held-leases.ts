import type { Address } from '../core/address.ts';
import type { Lease, LeaseReading } from './lease.ts';

/**
 * What is held of a lease file after one more reading. What the reading names counts. What it does not name is over, unless
 * it may stand in a row that could not be read, or the file is a journal.
 */
export function holdLeases(
  held: ReadonlyMap<Address, Lease>,
  reading: LeaseReading,
  maxLeases: number,
  nowMs: number,
): ReadonlyMap<Address, Lease> {
  const { leases, ended, unread, isCut, isJournal, hasUnknownRow } = reading;
  const next = new Map<Address, Lease>();
  const keep = (lease: Lease) => {
    if (lease.expiresAtMs > nowMs && next.size < maxLeases) next.set(lease.address, lease);
  };
  for (const lease of leases.values()) keep(lease);
  const isWhole = !isCut && !isJournal && !hasUnknownRow;
  for (const lease of held.values()) {
    const { address } = lease;
    const isUntold = !isWhole && !leases.has(address) && !ended.has(address);
    if (isUntold || unread.has(address)) keep(lease);
  }
  return next;
}
