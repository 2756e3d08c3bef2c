import { createHash } from 'node:crypto';
import { type Address, addressOctets, parseAddress } from '../core/address.ts';

/** Of which no log has a client (RFC 3849). */
const PROBE = parseAddress('2001:db8:6c6f:6773:7562:6a65:6374:7321')!;
const MARK_CHARACTERS = 22;

/**
 * Tells one way of writing clients in a log from another (plain, or with the pseudonyms of one key), and nothing of the key:
 * a digest of what stands there for an address that nobody has.
 */
export function clientMark(client: (address: Address) => Address): string {
  const octets = addressOctets(client(PROBE));
  return createHash('sha256').update(octets).digest('base64url').slice(0, MARK_CHARACTERS);
}
