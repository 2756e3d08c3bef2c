import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { Counters } from '../../../src/core/counters.ts';
import { formatName } from '../../../src/dns/name.ts';
import type { DnsResponse } from '../../../src/dns/observation.ts';
import { sharedFolder } from '../../conditions.ts';
import { describeIf } from '../../support/describe-if.ts';
import { readPcapFile } from '../../support/pcap-file.ts';

interface ExpectedFile {
  readonly linktype?: string;
  readonly filetype?: string;
  readonly glue: readonly (readonly (string | number)[])[] | number;
}

const FOLDER = join(sharedFolder, 'data', 'pcap');

/** The rows of zone, name server, address and both TTLs in the responses of a capture. */
function glueRows(path: string): Set<string> {
  const observer = new Observer(new Counters<CaptureCounter>());
  const rows = new Set<string>();
  for (const { octets, atMs } of readPcapFile(path).packets) {
    const response = observer.observe(octets, 0, octets.length, atMs, 'inbound') as DnsResponse | undefined;
    for (const { owner, nameServer, ttl } of response?.nameServers ?? []) {
      for (const glue of response!.additional.filter((record) => record.owner === nameServer)) {
        const row = [formatName(owner), formatName(nameServer), formatAddress(glue.address), glue.ttl, ttl];
        rows.add(JSON.stringify(row));
      }
    }
  }
  return rows;
}

describeIf(['shared'], 'Observer on the shared captures', () => {
  it('finds no glue that tshark does not, and most of what it does', () => {
    let files = 0;
    let found = 0;
    let known = 0;
    for (const source of existsSync(FOLDER) ? readdirSync(FOLDER, { withFileTypes: true }) : []) {
      if (!source.isDirectory()) continue;
      const expected = JSON.parse(readFileSync(join(FOLDER, source.name, 'expected.json'), 'utf8'));
      for (const [name, file] of Object.entries(expected.files as Record<string, ExpectedFile>)) {
        if (file.filetype !== 'pcap' || file.linktype !== 'ether' || typeof file.glue === 'number') continue;
        const golden = new Set(file.glue.map((row) => JSON.stringify(row)));
        const rows = glueRows(join(FOLDER, source.name, name));
        expect(
          [...rows].filter((row) => !golden.has(row)),
          `${source.name}/${name}`,
        ).toEqual([]);
        files++;
        found += rows.size;
        known += golden.size;
      }
    }
    expect(files).toBeGreaterThan(100);
    // The rest is in fragments and in TCP messages of several segments.
    expect(found / known).toBeGreaterThan(0.9);
  });
});
