import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { canonicalName, type Name, parseName, ROOT } from '../dns/name.ts';
import type { NsHistory } from './ns-history.ts';

/** A root server's name and one of its addresses. */
export interface RootHint {
  readonly nameServer: Name;
  readonly address: Address;
}

/** When the list below was last compared with IANA's named.root. */
export const BUILT_IN_ROOT_HINTS_DATE = '2024-04-18';

/** The root servers' addresses by letter: https://www.iana.org/domains/root/files */
const ROOT_SERVERS: Readonly<Record<string, readonly [ipv4: string, ipv6: string]>> = {
  a: ['198.41.0.4', '2001:503:ba3e::2:30'],
  b: ['170.247.170.2', '2801:1b8:10::b'],
  c: ['192.33.4.12', '2001:500:2::c'],
  d: ['199.7.91.13', '2001:500:2d::d'],
  e: ['192.203.230.10', '2001:500:a8::e'],
  f: ['192.5.5.241', '2001:500:2f::f'],
  g: ['192.112.36.4', '2001:500:12::d0d'],
  h: ['198.97.190.53', '2001:500:1::53'],
  i: ['192.36.148.17', '2001:7fe::53'],
  j: ['192.58.128.30', '2001:503:c27::2:30'],
  k: ['193.0.14.129', '2001:7fd::1'],
  l: ['199.7.83.42', '2001:500:9f::42'],
  m: ['202.12.27.33', '2001:dc3::35'],
};

export function builtInRootHints(): RootHint[] {
  return Object.entries(ROOT_SERVERS).flatMap(([letter, addresses]) =>
    addresses.map((address) => ({
      nameServer: parseName(`${letter}.root-servers.net`)!,
      address: parseAddress(address)!,
    })),
  );
}

const RECORD = /^(?<owner>\S+)(?:\s+\d+)?(?:\s+IN)?\s+(?<type>A|AAAA|NS)\s+(?<data>\S+)$/i;

/**
 * Reads a root hints file: the A and AAAA records of a master file in the form of IANA's named.root (RFC 1035 §5.1,
 * one record a line, `;` comments). Throws GluewallError `root-hints` with file and line for a line it cannot use.
 */
export function parseRootHints(text: string, file: string): RootHint[] {
  const hints: RootHint[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const record = line.replace(/;.*/, '').trim();
    if (record === '') continue;
    const hint = parseRecord(record);
    if (hint === undefined) {
      const problem = `${file}:${index + 1}: not a root hint: "${line.trim()}"`;
      throw new GluewallError('root-hints', `${problem} (want: NAME TTL A|AAAA ADDRESS, or NAME TTL NS NAME)`);
    }
    if (hint !== 'ns') hints.push(hint);
  }
  if (hints.length === 0) throw new GluewallError('root-hints', `${file}: holds no A or AAAA record of a root server`);
  return hints;
}

/** `ns` for an NS record, which the address records make superfluous; undefined for what is neither. */
function parseRecord(record: string): RootHint | 'ns' | undefined {
  const { owner = '', type = '', data = '' } = RECORD.exec(record)?.groups ?? {};
  const nameServer = parseName(owner);
  if (nameServer === undefined) return undefined;
  if (type.toUpperCase() === 'NS') return parseName(data) === undefined ? undefined : 'ns';
  const address = parseAddress(data);
  if (address === undefined || isIpv4(address) !== (type.toUpperCase() === 'A')) return undefined;
  return { nameServer: canonicalName(nameServer), address };
}

/** Root servers are known from the start and never expire. */
export function keepRootHints(history: NsHistory, hints: readonly RootHint[]): void {
  for (const { nameServer, address } of hints) history.keep('rootHints', ROOT, nameServer, address);
}
