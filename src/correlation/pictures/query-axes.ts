import { type Address, addressOctets, isIpv4 } from '../../core/address.ts';

/** One query, as far as the picture shows it. */
export interface AxesQuery {
  readonly client: Address;
  readonly clientPort: number;
  readonly server: Address;
  readonly serverPort: number;
}

export interface Axis {
  readonly label: string;
  /** Values go from 0 to here. */
  readonly most: number;
}

/** Equal queries are one line. */
export interface AxesLine {
  /** One for each axis. */
  readonly values: readonly number[];
  readonly queries: number;
}

/** The view of paper 1, figure 4, of one family. */
export interface QueryAxes {
  readonly family: 'ipv4' | 'ipv6';
  readonly axes: readonly Axis[];
  /** Those of most queries first, MAX_LINES at most. */
  readonly lines: readonly AxesLine[];
  readonly queries: number;
  /** Queries whose lines found no room. */
  readonly leftOut: number;
}

export const MAX_LINES = 5000;
const MAX_PORT = 65_535;

/**
 * Ten parallel axes for IPv4 as in paper 1: the port of the host, the four octets of its address, the four of the server's, the
 * port of the server. For IPv6 eighteen: an address there is eight groups of 16 bits, as it is written. No more than MAX_LINES different
 * lines are held, the first that came.
 */
export function queryAxes(queries: Iterable<AxesQuery>, family: QueryAxes['family']): QueryAxes {
  const held = new Map<string, { readonly values: readonly number[]; queries: number }>();
  let [total, leftOut] = [0, 0];
  for (const query of queries) {
    if (isIpv4(query.client) !== (family === 'ipv4') || isIpv4(query.server) !== (family === 'ipv4')) continue;
    total++;
    const values = [query.clientPort, ...groupsOf(query.client), ...groupsOf(query.server), query.serverPort];
    const key = values.join(' ');
    const line = held.get(key);
    if (line !== undefined) line.queries++;
    else if (held.size < MAX_LINES) held.set(key, { values, queries: 1 });
    else leftOut++;
  }
  const lines = [...held.values()].sort((one, other) => other.queries - one.queries);
  return { family, axes: axesOf(family), lines, queries: total, leftOut };
}

/** Octets of IPv4, groups of 16 bits of IPv6. */
function groupsOf(address: Address): number[] {
  const octets = addressOctets(address);
  if (octets.length === 4) return [...octets];
  return Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2));
}

function axesOf(family: QueryAxes['family']): Axis[] {
  const [parts, most, word] = family === 'ipv4' ? [4, 255, 'octet'] : [8, 0xffff, 'group'];
  const address = (whose: string) =>
    Array.from({ length: parts }, (_, index) => ({ label: `${whose} ${word} ${index + 1}`, most }));
  return [
    { label: 'host port', most: MAX_PORT },
    ...address('host'),
    ...address('server'),
    { label: 'server port', most: MAX_PORT },
  ];
}
