/**
 * What a matched response may teach: small pure rules, each with a name under which its refusals are counted.
 */
import { type Address, isIpv4 } from '../core/address.ts';
import { isAtOrBelow, labelCount, type Name, ROOT } from '../dns/name.ts';
import type { DnsResponse } from '../dns/observation.ts';
import { RCODE } from '../dns/registry.ts';
import type { Trust } from './ns-triple.ts';

/** `resolvers`: only responses to our trusted resolvers teach. `matched`: any matched response does, as in paper 3. */
export type TeachingMode = 'resolvers' | 'matched';

export type Refusal =
  | 'client is no trusted resolver'
  | 'response code is not NOERROR'
  | 'response is truncated'
  | 'owner is not above the query name'
  | 'owner is above what the responder serves'
  | 'root or TLD not taught by its parent'
  | 'unknown responder teaches a TLD'
  | 'address can be no name server';

/** Whether the response as a whole may teach: RFC 2308 §2 keeps NS records of failures apart, RFC 2181 §9 the truncated. */
export function refuseResponse(
  response: DnsResponse,
  mode: TeachingMode,
  trustedResolvers: ReadonlySet<Address>,
): Refusal | undefined {
  if (mode === 'resolvers' && !trustedResolvers.has(response.client)) return 'client is no trusted resolver';
  if (response.rcode !== RCODE.NOERROR) return 'response code is not NOERROR';
  return response.truncated ? 'response is truncated' : undefined;
}

/**
 * How far a responder is believed about `owner`, or why it is not. `servedZone` is the closest zone above the query
 * name that the history knows the responder to serve; undefined when it knows none.
 */
export function judgeOwner(owner: Name, queryName: Name, servedZone: Name | undefined): Trust | Refusal {
  if (!isAtOrBelow(queryName, owner)) return 'owner is not above the query name';
  if (labelCount(owner) <= 1) return judgeTopOwner(owner, servedZone);
  if (servedZone === undefined) return 'low';
  return isAtOrBelow(owner, servedZone) ? 'high' : 'owner is above what the responder serves';
}

/** `.` and the TLDs are taught only by the root's servers: as a referral, or as a priming response (RFC 9609). */
function judgeTopOwner(owner: Name, servedZone: Name | undefined): Trust | Refusal {
  if (servedZone === ROOT) return 'high';
  if (servedZone === undefined) return 'unknown responder teaches a TLD';
  return isAtOrBelow(owner, servedZone)
    ? 'root or TLD not taught by its parent'
    : 'owner is above what the responder serves';
}

const ZEROS = '\0'.repeat(15);
const IPV4_MAPPED = `${'\0'.repeat(10)}\xff\xff`;

/** Unspecified, loopback, multicast, broadcast and IPv4-mapped addresses (RFC 6890) name no server. */
export function canBeNameServer(address: Address): boolean {
  if (isIpv4(address)) {
    const firstOctet = address >>> 24;
    return firstOctet !== 0 && firstOctet !== 127 && (firstOctet & 0xf0) !== 0xe0 && address !== -1;
  }
  const unspecifiedOrLoopback = address.startsWith(ZEROS) && address.charCodeAt(15) <= 1;
  return !unspecifiedOrLoopback && !address.startsWith(IPV4_MAPPED) && address.charCodeAt(0) !== 0xff;
}
