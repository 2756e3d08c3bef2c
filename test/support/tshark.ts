/** What tshark reads in DNS messages. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcapFile } from './capture-file-builder.ts';
import { composePacket, composeSegment } from './frames.ts';

/** The records of one message as `OWNER TTL ADDRESS` and `OWNER TTL NAME-SERVER`, names in lower case, in their order. */
export interface TsharkMessage {
  readonly id: number;
  readonly question: string;
  readonly nameServers: readonly string[];
  readonly answers: readonly string[];
  readonly additional: readonly string[];
}

const RAW_IP = 101;
const FIELDS = [
  '_ws.malformed',
  'dns.id',
  'dns.qry.name',
  'dns.count.answers',
  'dns.count.auth_rr',
  'dns.resp.name',
  'dns.resp.type',
  'dns.resp.class',
  'dns.resp.ttl',
  'dns.ns',
  'dns.a',
  'dns.aaaa',
] as const;
const TYPE = { A: '1', NS: '2', AAAA: '28', OPT: '41' } as const;

/** One answer for each message, undefined where tshark takes it for malformed or tells too little of it. */
export function readWithTshark(messages: readonly Buffer[]): (TsharkMessage | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-tshark-'));
  try {
    const file = join(folder, 'messages.pcap');
    writeFileSync(file, pcapFile(messages.map(toRecord), { linkField: RAW_IP }));
    const fields = FIELDS.flatMap((field) => ['-e', field]);
    const args = ['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=\x1f', ...fields];
    const { status, stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 2 ** 29 });
    if (status !== 0) throw new Error(`tshark ended with ${status}: ${stderr}`);
    const lines = stdout.split('\n').slice(0, -1);
    if (lines.length !== messages.length) throw new Error(`${lines.length} lines for ${messages.length} messages`);
    return lines.map(fromLine);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toRecord(message: Buffer, index: number) {
  const ends = { source: '198.51.100.53', destination: '192.0.2.1', sourcePort: 53, destinationPort: 40_000 };
  const octets = composePacket(composeSegment(message, ends), ends);
  return { seconds: index, ticks: 0, octets };
}

function fromLine(line: string): TsharkMessage | undefined {
  const columns = line.split('\t').map((column) => (column === '' ? [] : column.split('\x1f')));
  const [malformed, ids, questions, answerCounts, authorityCounts, owners, types, classes, ttls, ns, a, aaaa] = columns;
  // tshark gives OPT neither class nor TTL, and SRV no owner.
  const isEven = owners!.length === types!.length && classes!.length === types!.filter((t) => t !== TYPE.OPT).length;
  if (malformed!.length > 0 || ids!.length !== 1 || !isEven) return undefined;
  const rest = { [TYPE.NS]: ns!.values(), [TYPE.A]: a!.values(), [TYPE.AAAA]: aaaa!.values() };
  const fixed = classes!.map((text, index) => ({ class: Number(text), ttl: Number(ttls![index]) })).values();
  const sections = { nameServers: [] as string[], answers: [] as string[], additional: [] as string[] };
  const answerCount = Number(answerCounts![0]);
  const authorityEnd = answerCount + Number(authorityCounts![0]);
  for (const [index, type] of types!.entries()) {
    if (type === TYPE.OPT) continue;
    const { class: recordClass, ttl } = fixed.next().value!;
    if (type !== TYPE.NS && type !== TYPE.A && type !== TYPE.AAAA) continue;
    const data = rest[type].next().value;
    if (recordClass !== 1) continue;
    const row = `${owners![index]} ${ttl} ${data}`.toLowerCase();
    if (type === TYPE.NS && index < authorityEnd) sections.nameServers.push(row);
    else if (type !== TYPE.NS && index < answerCount) sections.answers.push(row);
    else if (type !== TYPE.NS && index >= authorityEnd) sections.additional.push(row);
  }
  return { id: Number(ids![0]), question: questions![0] ?? '', ...sections };
}
