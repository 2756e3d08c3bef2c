import { type Address, parseAddress } from '../core/address.ts';
import { parseMac } from '../core/mac-address.ts';
import { hexOctets, macOfDuid } from './duid.ts';
import { hostnameFrom } from './hostname.ts';
import type { Lease, LeaseParser, LeaseReading } from './lease.ts';
import { LeaseCollector } from './lease-collector.ts';
import { LeaseLines } from './lease-lines.ts';

/** What the header of a Kea lease file has; and beside it what of DHCPv4, or what of DHCPv6. */
const NEEDED = ['address', 'valid_lifetime', 'expire', 'hostname', 'hwaddr', 'state'] as const;
const OF_IPV4 = ['client_id'] as const;
const OF_IPV6 = ['duid', 'lease_type'] as const;
const HEADER = /^address,/;
const MAX_COLUMNS = 64;
/** Values of `state` in which a client has the address; others are declined, reclaimed or released. */
const STATES_IN_FORCE = ['', '0', '4'];
/** Values of `lease_type`: an address of a client, a temporary one, and a prefix, which is nobody's address. */
const PREFIX = '2';
/** A lifetime of this many seconds has no end (RFC 8415 §7.7). */
const INFINITE_SECONDS = 0xffffffff;

type Columns = ReadonlyMap<string, number>;

/**
 * The files of Kea's memfile, `kea-leases4.csv` and `kea-leases6.csv`: a header that names the columns, and a row for each
 * change. A lease that ends early comes again with a lifetime of 0 or another state. A comma in a value stands as `&#x2c`.
 * When Kea tidies the file up, it begins a new one that holds only what changes from then on.
 */
export class KeaLeases implements LeaseParser {
  readonly #collector: LeaseCollector;
  readonly #lines: LeaseLines;
  #columns: Columns | undefined;

  constructor(maxLeases: number, firstLine: number) {
    this.#collector = new LeaseCollector(maxLeases);
    this.#lines = new LeaseLines(firstLine, (line, lineNumber) => this.#take(line, lineNumber));
  }

  push(text: string): void {
    this.#lines.push(text);
  }

  finish(): LeaseReading {
    if (this.#lines.isCut) this.#collector.cut(undefined);
    return this.#collector.reading(true);
  }

  #take(line: string | undefined, lineNumber: number): void {
    if (line === '') return;
    if (line === undefined) this.#collector.bad(lineNumber, 'is too long', undefined);
    else if (this.#columns === undefined || HEADER.test(line)) this.#takeHeader(line, lineNumber);
    else this.#takeRow(line, lineNumber, this.#columns);
  }

  #takeHeader(line: string, lineNumber: number): void {
    const columns = new Map(line.split(',', MAX_COLUMNS).map((name, index) => [name, index]));
    const isOfIpv6 = OF_IPV6.some((name) => columns.has(name));
    const lacking = [...NEEDED, ...(isOfIpv6 ? OF_IPV6 : OF_IPV4)].filter((name) => !columns.has(name));
    if (lacking.length === 0) this.#columns = columns;
    else this.#collector.bad(lineNumber, `is no header of a lease file: no column ${lacking.join(', ')}`, undefined);
  }

  #takeRow(line: string, lineNumber: number, columns: Columns): void {
    const values = line.split(',', MAX_COLUMNS + 1);
    const value = (name: string) => values[columns.get(name) ?? -1] ?? '';
    const address = parseAddress(value('address'));
    if (address === undefined) {
      this.#collector.bad(lineNumber, 'does not begin with an IP address', undefined);
      return;
    }
    if (values.length !== columns.size) {
      this.#collector.bad(lineNumber, `has ${values.length} columns, the header ${columns.size}`, address);
      return;
    }
    if (value('lease_type') === PREFIX) return;
    const lease = leaseOf(address, value);
    if (lease === 'ended') this.#collector.end(address);
    else if (typeof lease === 'string') this.#collector.bad(lineNumber, lease, address);
    else this.#collector.put(lease);
  }
}

/** The lease, `ended`, or what is wrong. */
function leaseOf(address: Address, value: (name: string) => string): Lease | string {
  const lifetime = value('valid_lifetime');
  const expire = value('expire');
  const state = value('state');
  if (!/^\d{1,10}$/.test(lifetime)) return 'has no valid_lifetime in seconds';
  if (!/^\d{1,11}$/.test(expire)) return 'has no expire in seconds';
  if (!/^\d{0,3}$/.test(state)) return 'has no number as its state';
  if (Number(lifetime) === 0 || !STATES_IN_FORCE.includes(state)) return 'ended';
  const mac = parseMac(value('hwaddr'));
  const duid = hexOctets(value('duid'));
  return {
    address,
    // Of DHCPv6 it may be out of the DUID too.
    mac: value('duid') === '' ? mac : undefined,
    duidMac: value('duid') === '' || duid === undefined ? undefined : (mac ?? macOfDuid(duid)),
    hostname: hostnameFrom(unescaped(value('hostname'))),
    expiresAtMs: Number(lifetime) === INFINITE_SECONDS ? Number.POSITIVE_INFINITY : Number(expire) * 1000,
  };
}

function unescaped(value: string): string {
  return value.replace(/&#x([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
