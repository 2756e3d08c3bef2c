import type { Address } from '../core/address.ts';
import { parseName } from '../dns/name.ts';
import type { NsHistory } from './ns-history.ts';

/** The zone and name server that a seeded address is filed under: no query name lies below it (RFC 2606 §2). */
const SEED_NAME = parseName('seed.invalid')!;

/** Makes addresses known from the start, for demonstration and measurement. They never expire and teach nothing more. */
export function keepSeed(history: NsHistory, addresses: readonly Address[]): void {
  for (const address of addresses) history.keep('seed', SEED_NAME, SEED_NAME, address);
}
