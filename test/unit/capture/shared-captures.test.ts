import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCaptureSource } from '../../../src/capture/container/capture-source.ts';
import { readCapture } from '../../../src/capture/container/read-capture.ts';
import { type CaptureCounter, Observer } from '../../../src/capture/observe.ts';
import { Counters } from '../../../src/core/counters.ts';
import { isReadableLinkType } from '../../../src/packet/link-layer.ts';
import { sharedFolder } from '../../conditions.ts';
import { CollectedObservations } from '../../support/collected-observations.ts';
import { describeIf } from '../../support/describe-if.ts';
import { glueRows } from '../../support/glue-rows.ts';

interface ExpectedFile {
  /** Missing where tshark reads nothing. */
  readonly packets?: number;
  readonly messages?: Readonly<Record<string, { readonly queries: number; readonly responses: number }>>;
  readonly glue?: readonly (readonly (string | number)[])[];
}

const FOLDER = join(sharedFolder, 'data', 'pcap');

type Reason = CaptureCounter | 'link type' | 'silence';

/**
 * Where other numbers of messages are observed than tshark finds: UDP queries and responses, TCP queries and responses, more
 * or less, and what is counted instead. tshark gives up behind a gap in a TCP stream and in one that it sees from the
 * middle; after the silence of years this reader begins a stream anew.
 */
const DIFFERENCES: Readonly<Record<string, readonly [number, number, number, number, ...Reason[]]>> = {
  'chuayupeng/good.pcap': [-302, -16, -6, -1, 'dns-question-count', 'other-opcode', 'wrong-way', 'tcp unsynchronised'],
  'compactor/knot-live.raw.pcapng': [-5, -1, 0, 0, 'dns-bad-name', 'dns-question-count', 'other-opcode'],
  'compactor/nsd-live.ignored.pcap': [-1, 0, 0, 0, 'dns-bad-name'],
  'dnscap/dnso1tcp-midmiss.pcap': [0, 0, 0, 2, 'tcp gaps'],
  'dpkt/truncated_dns.pcap': [0, -1, 0, 0, 'frame-truncated'],
  'dpkt/truncated_dns_2.pcap': [0, -1, 0, 0, 'frame-truncated'],
  'libpcap/arcnet-rfc1201-arp-icmp-http.pcap': [-2, -2, 0, 0, 'frame-not-ip', 'link type'],
  'libpcap/http_PPI.pcap': [-1, -1, 0, 0, 'frame-not-ip', 'link type'],
  'ndpi/dns_invert_query.pcapng': [-1, -1, 0, 0, 'dns-question-count'],
  'pcapplusplus/DnsTooManyResources.pcap': [-1, 0, 0, 0, 'dns-question-count'],
  'pcapplusplus/dns_over_tcp.pcapng': [0, 0, 0, 1, 'silence'],
  'pcapplusplus/fuzz-5766939894087680.pcap': [-1, 0, 0, 0, 'frame-truncated'],
  'sidn-entrada/dynamic-updates.pcap': [-34, -34, 0, 0, 'other-opcode'],
  'sidn-entrada/multiple-dns-msg-over-tcp.pcap': [0, 0, 0, -5, 'dns-question-count'],
  'sidn-entrada/tcp-stream-continued.pcap': [0, 0, 0, 12, 'tcp unsynchronised'],
  'suricata-verify/dns-answer-emptydata-input.pcap': [0, 0, -1, -1, 'other-opcode'],
  'suricata-verify/dns-forward-pointer-input.pcap': [-1, 0, 0, 0, 'dns-question-count'],
  'suricata-verify/dns-invalid-opcode-input.pcap': [-1, -1, 0, 0, 'other-opcode'],
  'suricata-verify/dns-udp-junkrequest-first-input.pcap': [-1, -1, 0, 0, 'dns-question-count'],
  'tcpdump/dns-badlabel.pcap': [0, -1, 0, 0, 'dns-question-count'],
  'tcpdump/dns_fwdptr.pcap': [0, -1, 0, 0, 'dns-question-count'],
  'zeek/conn-count-too-large.pcap': [-1, 0, 0, 0, 'dns-question-count'],
  'zeek/dns_notify2.pcap': [-1, -1, 0, 0, 'other-opcode'],
  'zeek/dynamic-update.pcap': [-2, -2, 0, 0, 'other-opcode'],
  'zeek/max-compression-depth.pcap': [0, -1, 0, 0, 'wrong-way'],
};

function* expectedFiles(): Generator<readonly [string, ExpectedFile]> {
  for (const entry of existsSync(FOLDER) ? readdirSync(FOLDER, { withFileTypes: true }) : []) {
    if (!entry.isDirectory()) continue;
    const { files } = JSON.parse(readFileSync(join(FOLDER, entry.name, 'expected.json'), 'utf8'));
    for (const [name, file] of Object.entries(files as Record<string, ExpectedFile>)) {
      if (file.packets !== undefined) yield [`${entry.name}/${name}`, file];
    }
  }
}

/** Messages observed, and what holds of the rest of the file. */
async function observeFile(name: string) {
  const counters = new Counters<CaptureCounter>();
  const seen = [0, 0, 0, 0];
  const reasons = new Set<string>();
  let lastMs: number | undefined;
  const collected = new CollectedObservations();
  const observer = new Observer(counters, collected.writer);
  await readCapture(await openCaptureSource(join(FOLDER, name)), (octets, start, end, atMs, linkType) => {
    if (!isReadableLinkType(linkType)) reasons.add('link type');
    if (lastMs !== undefined && atMs - lastMs > 86_400_000) reasons.add('silence');
    lastMs = atMs;
    observer.observe(octets, start, end, atMs, 'by-message', linkType);
  });
  observer.finish();
  for (const { transport, kind } of collected.all) {
    const place = (transport === 'udp' ? 0 : 2) + (kind === 'query' ? 0 : 1);
    seen[place] = seen[place]! + 1;
  }
  for (const counter of Object.keys(counters.snapshot())) reasons.add(counter);
  return { seen, reasons, observations: collected.all };
}

describeIf(['shared'], 'Observer on the shared captures', () => {
  it('finds the messages that tshark finds, apart from those listed', async () => {
    const found: Record<string, number[]> = {};
    let files = 0;
    for (const [name, { messages }] of expectedFiles()) {
      const expected = ['udp', 'tcp'].flatMap((transport) => {
        const { queries = 0, responses = 0 } = messages?.[transport] ?? {};
        return [queries, responses];
      });
      const { seen, reasons } = await observeFile(name);
      const difference = seen.map((count, index) => count - expected[index]!);
      if (difference.some((count) => count !== 0)) found[name] = difference;
      for (const reason of DIFFERENCES[name]?.slice(4) ?? []) expect([...reasons], name).toContain(reason);
      files++;
    }
    const listed = Object.entries(DIFFERENCES).map(([name, row]) => [name, row.slice(0, 4)]);
    expect(found).toEqual(Object.fromEntries(listed));
    expect(files).toBeGreaterThan(200);
  }, 30_000);

  it('learns from no file of an ICMP error or another port', async () => {
    const quoted = [...expectedFiles()].filter(([, { messages }]) => {
      return messages !== undefined && messages.udp === undefined && messages.tcp === undefined;
    });
    const seen = await Promise.all(quoted.map(async ([name]) => (await observeFile(name)).seen));
    expect(seen.flat().filter((count) => count !== 0)).toEqual([]);
    expect(quoted.length).toBeGreaterThan(3);
  });

  it('finds the glue that dnspython finds: names, addresses and TTLs', async () => {
    let rows = 0;
    const different: Record<string, unknown> = {};
    for (const [name, { glue = [] }] of expectedFiles()) {
      const expected = glue.map((row) => JSON.stringify(row)).sort();
      const found = glueRows((await observeFile(name)).observations);
      const more = found.filter((row) => !expected.includes(row));
      const less = expected.filter((row) => !found.includes(row));
      if (more.length + less.length > 0)
        different[name] = [more.length, less.length, more.slice(0, 3), less.slice(0, 3)];
      rows += found.length;
    }
    expect(different).toEqual({});
    expect(rows).toBeGreaterThan(1000);
  }, 30_000);
});
