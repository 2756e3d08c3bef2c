import { formatAddress } from '../../src/core/address.ts';
import { formatName } from '../../src/dns/name.ts';
import type { DnsObservation } from '../../src/dns/observation.ts';

/** The distinct glue of observed responses: JSON of zone, name server, address, glue TTL and NS TTL, sorted. */
export function glueRows(observations: readonly DnsObservation[]): string[] {
  const rows = new Set<string>();
  for (const observation of observations) {
    if (observation.kind !== 'response') continue;
    for (const ns of observation.nameServers) {
      for (const glue of observation.additional.filter(({ owner }) => owner === ns.nameServer)) {
        const row = [formatName(ns.owner), formatName(ns.nameServer), formatAddress(glue.address), glue.ttl, ns.ttl];
        rows.add(JSON.stringify(row));
      }
    }
  }
  return [...rows].sort();
}
