import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GluewallError } from '../../../../src/core/errors.ts';
import { DnsTcpReader } from '../../../../src/services/read-dns-tcp.ts';
import { sharedFolder } from '../../../conditions.ts';
import { describeIf } from '../../../support/describe-if.ts';

interface ExpectedFile {
  readonly answers?: number;
  readonly a_records?: number;
  readonly tcp_syn?: { readonly syns: number; readonly after_answer_1s: number; readonly any_answer: number };
}

/** Answers, address records, SYNs, those within a second after an answer to their destination, those after any. */
type Row = readonly [number, number, number, number, number];

const FOLDER = join(sharedFolder, 'data', 'pcap');

/** What is counted here where tshark counts otherwise, and why. */
const DIFFERENCES: Readonly<Record<string, { readonly row: Row; readonly reason: string }>> = {
  'dnscap/dnso1tcp-midmiss.pcap': {
    row: [3, 3, 1, 0, 0],
    reason: 'tshark gives up behind a gap in a TCP stream; here the next message is found',
  },
  'go-dnscollector/dnsdump_udp_truncated+tcp_fragmented.pcap': {
    row: [1, 300, 1, 0, 0],
    reason: 'an answer of 2048 addresses: an observation carries 300',
  },
  'libpcap/arcnet-rfc1201-arp-icmp-http.pcap': { row: [0, 0, 0, 0, 0], reason: 'ARCNET is not read here, and said so' },
  'libpcap/http_PPI.pcap': { row: [0, 0, 0, 0, 0], reason: 'PPI is not read here, and said so' },
  'pcapplusplus/dns_over_tcp.pcapng': {
    row: [2, 2, 0, 0, 0],
    reason: 'after the silence of years a stream is begun anew here, and its message counts again',
  },
  'sidn-entrada/multiple-dns-msg-over-tcp.pcap': {
    row: [0, 0, 0, 0, 0],
    reason: 'a zone transfer, of which the messages behind the first have no question: no lookup',
  },
  'suricata-verify/dns-invalid-opcode-input.pcap': {
    row: [0, 0, 0, 0, 0],
    reason: 'an opcode that is no query: no lookup',
  },
  'zeek/max-compression-depth.pcap': { row: [0, 0, 0, 0, 0], reason: 'a response that goes to port 53' },
};

function* expectedFiles(): Generator<readonly [string, ExpectedFile]> {
  for (const entry of existsSync(FOLDER) ? readdirSync(FOLDER, { withFileTypes: true }) : []) {
    if (!entry.isDirectory()) continue;
    const { files } = JSON.parse(readFileSync(join(FOLDER, entry.name, 'expected.json'), 'utf8'));
    for (const [name, file] of Object.entries(files as Record<string, ExpectedFile>))
      yield [`${entry.name}/${name}`, file];
  }
}

async function countFile(name: string): Promise<Row> {
  const path = join(FOLDER, name);
  const reader = new DnsTcpReader([path], 1000);
  try {
    await reader.read(path);
  } catch (error) {
    // What cannot be read says so, and counts as nothing; tshark refuses five such files, too.
    if (!(error instanceof GluewallError) || error.code !== 'capture-file') throw error;
  }
  const { answers, addressRecords, syns, anyClient } = (await reader.finish()).tables;
  return [answers, addressRecords, syns, anyClient.withinWindow, anyClient.ever];
}

describeIf(['shared'], 'the DNS and TCP of the shared captures', () => {
  it('is counted as tshark and dnspython count it, apart from those listed', async () => {
    const found: Record<string, Row> = {};
    const totals = [0, 0, 0, 0, 0];
    let files = 0;
    for (const [name, { answers = 0, a_records = 0, tcp_syn }] of expectedFiles()) {
      const { syns = 0, after_answer_1s = 0, any_answer = 0 } = tcp_syn ?? {};
      const expected: Row = [answers, a_records, syns, after_answer_1s, any_answer];
      const row = await countFile(name);
      if (JSON.stringify(row) !== JSON.stringify(expected)) found[name] = row;
      for (const [index, count] of row.entries()) totals[index] = totals[index]! + count;
      files++;
    }
    const listed = Object.entries(DIFFERENCES).map(([name, { row }]) => [name, row]);
    expect(found).toEqual(Object.fromEntries(listed));
    expect(files).toBeGreaterThan(200);
    // Something was counted at all.
    expect(totals[2]).toBe(482);
    expect(totals[3]).toBe(204);
  }, 60_000);
});
