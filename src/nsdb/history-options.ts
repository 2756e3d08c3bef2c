import type { Address } from '../core/address.ts';

export interface HistoryOptions {
  /** No sighting counts for less than this. */
  readonly ttlFloorSeconds: number;
  /** No sighting counts for more than this; also what a TTL with the top bit set becomes (RFC 8767 §4). */
  readonly ttlCapSeconds: number;
  /** The most rows held, those that have expired and are still remembered among them. */
  readonly size: number;
  /** How long a row is remembered after it has expired, milliseconds. */
  readonly keepMs: number;
  /** What others than the parent say of a zone never prolongs it beyond the parent's last referral (ghost domains). */
  readonly isParentBound: boolean;
  /** How long an address may still be used after it has expired (RFC 8767), milliseconds. */
  readonly staleMs: number;
}

/** What the history tells its subscribers; called in the same turn, so keep it short. */
export interface HistorySubscriber {
  /** The address was not known before. */
  learned?(address: Address): void;
  /** The last triple of the address has expired. */
  expired?(address: Address): void;
  /** Triples wait for `takeChanged`, where none did before. */
  changed?(): void;
}
