import { formatAddress } from '../../src/core/address.ts';
import { KIND } from '../../src/dns/observation-layout.ts';
import { ObservationReader } from '../../src/dns/observation-reader.ts';

const KINDS = Object.fromEntries(Object.entries(KIND).map(([name, kind]) => [kind, name]));

/** What batches hold, one text each, such as `SYN 192.0.2.1 40000 > 198.51.100.53 80`. Throws on a damaged one. */
export function describeRecords(batches: readonly Uint8Array[]): string[] {
  const reader = new ObservationReader();
  const texts: string[] = [];
  for (const batch of batches) {
    reader.open(batch);
    for (let found = reader.next(); found !== 'end'; found = reader.next()) {
      if (found === 'damaged') throw new Error(`batch damaged behind ${texts.length} records`);
      const { kind, client, clientPort, server, serverPort, link } = reader;
      const station =
        link === undefined ? '' : ` [${link.mac.toString(16)}${link.vlan === undefined ? '' : ` ${link.vlan}`}]`;
      texts.push(
        `${KINDS[kind]} ${formatAddress(client)} ${clientPort} > ${formatAddress(server)} ${serverPort}${station}`,
      );
    }
  }
  return texts;
}
