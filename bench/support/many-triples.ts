/** Triples of a history as large as is wanted. */
import { type Address, parseAddress } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import type { NsTriple } from '../../src/nsdb/ns-triple.ts';

const HOST_ZONES = 50;
const HOLDS_MS = 172_800_000;

/**
 * Zones with two to four name servers, two in five on servers that fifty zones share; half of the servers have IPv6, too. The
 * first of them expire within a second of a time of their own.
 */
export function* manyTriples(
  most: number,
  nowMs: number,
  expiring: { readonly count: number; readonly atMs: number },
): Generator<NsTriple, void> {
  for (let zone = 0, count = 0; count < most; zone++) {
    const isHosted = zone % 5 < 2;
    const zoneName = nameOf(`zone${zone}.example`);
    const queryName = nameOf(`www${zone % 256}.zone${zone}.example`);
    for (let server = 0; server < 2 + (zone % 3); server++) {
      const host = isHosted ? Math.floor(zone / HOST_ZONES) : zone;
      const nameServer = nameOf(isHosted ? `ns${server}.host${host}.example` : `ns${server}.zone${zone}.example`);
      for (const address of addressesOf(isHosted ? host + (1 << 23) : host, server)) {
        if (count++ === most) return;
        const untilMs = count <= expiring.count ? expiring.atMs + (count % 1000) : nowMs + HOLDS_MS;
        yield tripleOf(zoneName, nameServer, address, queryName, nowMs, untilMs);
      }
    }
  }
}

function addressesOf(host: number, server: number): Address[] {
  const ipv4 = ((100 << 24) | (host << 2) | server) as Address;
  if (server % 2 === 0) return [ipv4];
  return [ipv4, parseAddress(`2001:db8:${(host >>> 16).toString(16)}:${(host & 0xffff).toString(16)}::${server}`)!];
}

function tripleOf(
  zone: Name,
  nameServer: Name,
  address: Address,
  queryName: Name,
  nowMs: number,
  expiresAtMs: number,
): NsTriple {
  const lesson = {
    nsTtlSeconds: 172_800,
    glueTtlSeconds: 172_800,
    queryAtMs: nowMs - 10,
    queryId: 1,
    queryName,
    responseAtMs: nowMs,
  };
  const times = { firstSeenAtMs: nowMs, lastSeenAtMs: nowMs };
  const teachers = [parseAddress('192.5.6.30')!];
  return {
    zone,
    nameServer,
    address,
    origin: 'learned',
    trust: 'referral',
    glue: 'in-domain',
    ...times,
    expiresAtMs,
    sightings: 1,
    teachers,
    lesson,
  };
}

function nameOf(text: string): Name {
  return parseName(text)!;
}
