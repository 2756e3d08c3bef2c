import { type Address, isIpv4, parseAddress } from '../core/address.ts';
import { parseMac } from '../core/mac-address.ts';
import { hexOctets, macOfDuid } from './duid.ts';
import { hostnameFrom } from './hostname.ts';
import type { Lease, LeaseParser, LeaseReading } from './lease.ts';
import { LeaseCollector } from './lease-collector.ts';
import { LeaseLines } from './lease-lines.ts';

const FIELDS = 5;
/** What dnsmasq writes where it has nothing. */
const NONE = '*';
/** Before the address of other hardware stands its ARP type (RFC 826); 01 is Ethernet. */
const ETHERNET_PREFIX = /^01-/;

/**
 * The file of `dhcp-leasefile` of dnsmasq, which is written anew as a whole:
 *
 *     EXPIRY MAC IPV4 HOSTNAME CLIENT-ID
 *     duid SERVER-DUID                          once, before the leases of DHCPv6
 *     EXPIRY IAID IPV6 HOSTNAME DUID            IAID with a T in front: a temporary address
 *
 * EXPIRY is in seconds since the Unix epoch, 0 when the lease never ends.
 */
export class DnsmasqLeases implements LeaseParser {
  readonly #collector: LeaseCollector;
  readonly #lines: LeaseLines;

  constructor(maxLeases: number, firstLine: number) {
    this.#collector = new LeaseCollector(maxLeases);
    this.#lines = new LeaseLines(firstLine, (line, lineNumber) => this.#take(line, lineNumber));
  }

  push(text: string): void {
    this.#lines.push(text);
  }

  finish(): LeaseReading {
    if (this.#lines.isCut) this.#collector.cut(undefined);
    return this.#collector.reading(false);
  }

  #take(line: string | undefined, lineNumber: number): void {
    if (line === undefined) {
      this.#collector.bad(lineNumber, 'is too long', undefined);
      return;
    }
    if (line === '' || /^duid \S+$/.test(line)) return;
    const fields = line.split(' ', FIELDS + 1);
    const address = parseAddress(fields[2] ?? '');
    const lease = address === undefined ? 'has no IP address as its third field' : leaseOf(address, fields);
    if (typeof lease === 'string') this.#collector.bad(lineNumber, lease, address);
    else this.#collector.put(lease);
  }
}

/** The lease, or what is wrong. */
function leaseOf(address: Address, fields: readonly string[]): Lease | string {
  const [expiry = '', second = '', , hostname = '', id = ''] = fields;
  if (fields.length !== FIELDS) return `has not ${FIELDS} fields`;
  if (!/^\d{1,11}$/.test(expiry)) return 'does not begin with a time in seconds';
  const expiresAtMs = expiry === '0' ? Number.POSITIVE_INFINITY : Number(expiry) * 1000;
  const common = { address, hostname: hostname === NONE ? undefined : hostnameFrom(hostname), expiresAtMs };
  if (isIpv4(address)) return { ...common, mac: parseMac(second.replace(ETHERNET_PREFIX, '')), duidMac: undefined };
  if (!/^T?\d{1,10}$/.test(second)) return 'has no IAID as its second field';
  const duid = id === NONE ? undefined : hexOctets(id);
  return { ...common, mac: undefined, duidMac: duid === undefined ? undefined : macOfDuid(duid) };
}
