/**
 * What a matched response may teach: small pure rules, each with a name under which its refusals are counted.
 */
import { type Address, isIpv4 } from '../core/address.ts';
import { isAtOrBelow, labelCount, type Name, ROOT } from '../dns/name.ts';
import type { AddressRecord, DnsResponse, NsRecord } from '../dns/observation.ts';
import { RCODE } from '../dns/registry.ts';
import type { Trust } from './ns-triple.ts';

/**
 * `resolvers`: only responses to our trusted resolvers teach. `chain`: the responder must be known to serve a zone above
 * the owner, from the root hints down. `matched`: any matched response teaches, as in Ichise et al.
 */
export type TeachingMode = 'resolvers' | 'chain' | 'matched';

export type Refusal =
  | 'client is no trusted resolver'
  | 'response code is not NOERROR'
  | 'response is truncated'
  | 'owner is not above the query name'
  | 'owner is above what the responder serves'
  | 'root or TLD not taught by its parent'
  | 'unknown responder teaches a TLD'
  | 'unknown responder teaches'
  | 'address can be no name server';

/** Most name servers that one response may teach, and most addresses of each: no honest delegation has more. */
export const MAX_NAME_SERVERS = 20;
export const MAX_ADDRESSES = 13;

/** Whose exchanges count at all; in `resolvers` mode others may not even fill the table of pending queries. */
export function refuseClient(
  client: Address,
  mode: TeachingMode,
  trustedResolvers: ReadonlySet<Address>,
): Refusal | undefined {
  return mode === 'resolvers' && !trustedResolvers.has(client) ? 'client is no trusted resolver' : undefined;
}

/** Whether the response as a whole may teach: RFC 2308 §2 keeps NS records of failures apart, RFC 2181 §9 the truncated. */
export function refuseResponse(response: DnsResponse): Refusal | undefined {
  if (response.rcode !== RCODE.NOERROR) return 'response code is not NOERROR';
  return response.truncated ? 'response is truncated' : undefined;
}

/** The records of a response that are looked at, each once. */
export interface TeachableRecords {
  readonly nameServers: readonly NsRecord[];
  /** By name server; addresses of other names are not glue (RFC 9471 §2). */
  readonly glue: ReadonlyMap<Name, readonly AddressRecord[]>;
  /** Records beyond the maximum. */
  readonly refusedRecords: number;
}

export function teachableRecords(response: DnsResponse): TeachableRecords {
  const nameServers: NsRecord[] = [];
  const glue = new Map<Name, AddressRecord[]>();
  let refusedRecords = 0;
  for (const record of response.nameServers) {
    const { owner, nameServer } = record;
    // So few that a walk is faster than a table.
    if (nameServers.some((other) => other.nameServer === nameServer && other.owner === owner)) continue;
    if (nameServers.length >= MAX_NAME_SERVERS) {
      refusedRecords++;
      continue;
    }
    nameServers.push(record);
    glue.set(nameServer, []);
  }
  for (const record of response.additional) {
    const addresses = glue.get(record.owner);
    if (addresses === undefined || addresses.some(({ address }) => address === record.address)) continue;
    if (addresses.length < MAX_ADDRESSES) addresses.push(record);
    else refusedRecords++;
  }
  return { nameServers, glue, refusedRecords };
}

/**
 * How far a responder is believed about `owner`, or why it is not. `servedZone` is the closest zone above the query
 * name that the history knows the responder to serve; undefined when it knows none.
 */
export function judgeOwner(
  owner: Name,
  queryName: Name,
  servedZone: Name | undefined,
  mode: TeachingMode,
): Trust | Refusal {
  if (!isAtOrBelow(queryName, owner)) return 'owner is not above the query name';
  if (mode === 'chain' && servedZone === undefined) return 'unknown responder teaches';
  const judgement = judgeResponder(owner, servedZone);
  // The paper asks nothing of the responder; what the other modes refuse is taken with low trust.
  return mode === 'matched' && judgement !== 'high' ? 'low' : judgement;
}

function judgeResponder(owner: Name, servedZone: Name | undefined): Trust | Refusal {
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
