/**
 * A second reading of DNS messages, plain and with objects, beside which MessageReader is held. What it says of a message is
 * what MessageReader must say, for any octets.
 */
import { type Address, readIpv4, readIpv6 } from '../../src/core/address.ts';
import { type DnsProblem, readQuestion } from '../../src/dns/message.ts';
import { canonicalName } from '../../src/dns/name.ts';
import type { AddressRecord, DnsResponse, NsRecord } from '../../src/dns/observation.ts';
import { sliceWireName, wireNameEnd } from '../../src/dns/wire-name.ts';

/** Of an observed response, what the message itself says. */
export type MessageContent = Pick<
  DnsResponse,
  'id' | 'question' | 'rcode' | 'authoritative' | 'truncated' | 'hasAnswers' | 'nameServers' | 'answers' | 'additional'
>;

type Section = 'answer' | 'authority' | 'additional';

interface PlainRecord {
  readonly ownerAt: number;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly dataAt: number;
  readonly dataEnd: number;
}

/** The record at `at`, or what is wrong with it. */
function readRecord(octets: Buffer, start: number, at: number, end: number): PlainRecord | DnsProblem {
  const fixedAt = wireNameEnd(octets, start, at, end);
  if (fixedAt < 0) return 'bad-name';
  if (fixedAt + 10 > end) return 'record-overrun';
  const dataEnd = fixedAt + 10 + octets.readUInt16BE(fixedAt + 8);
  if (dataEnd > end) return 'record-overrun';
  return {
    ownerAt: at,
    type: octets.readUInt16BE(fixedAt),
    class: octets.readUInt16BE(fixedAt + 2),
    ttl: octets.readUInt32BE(fixedAt + 4),
    dataAt: fixedAt + 10,
    dataEnd,
  };
}

function readAddress(octets: Buffer, { type, dataAt, dataEnd }: PlainRecord): Address | undefined {
  if (type === 1) return dataEnd - dataAt === 4 ? readIpv4(octets, dataAt) : undefined;
  return dataEnd - dataAt === 16 ? readIpv6(octets, dataAt) : undefined;
}

/** Reads the message in `octets[start, end)` as a response, whatever its QR bit says. */
export function readPlainly(octets: Buffer, start: number, end: number): MessageContent | DnsProblem {
  const head = readQuestion(octets, start, end);
  if (!head.ok) return head.problem;
  const counts = [6, 8, 10].map((at) => octets.readUInt16BE(start + at));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total * 11 > end - head.questionEnd) return 'counts-too-large';
  const nameServers: NsRecord[] = [];
  const addresses: Record<Section, AddressRecord[]> = { answer: [], authority: [], additional: [] };
  const nameAt = (at: number) => canonicalName(sliceWireName(octets, start, at));
  let upperRcode = 0;
  let at = head.questionEnd;
  for (const [index, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let count = 0; count < counts[index]!; count++) {
      const record = readRecord(octets, start, at, end);
      if (typeof record === 'string') return record;
      at = record.dataEnd;
      if (record.type === 41 && section === 'additional') upperRcode = record.ttl >>> 24;
      if (record.type === 41 || record.class !== 1) continue;
      const { ownerAt, ttl, dataAt, dataEnd } = record;
      if (record.type === 2) {
        if (wireNameEnd(octets, start, dataAt, dataEnd) !== dataEnd) return 'bad-rdata';
        if (section !== 'additional') {
          nameServers.push({ owner: nameAt(ownerAt), ttl, nameServer: nameAt(dataAt), section });
        }
      } else if (record.type === 1 || record.type === 28) {
        const address = readAddress(octets, record);
        if (address === undefined) return 'bad-rdata';
        addresses[section].push({ owner: nameAt(ownerAt), ttl, address });
      }
    }
  }
  return {
    id: head.id,
    question: head.question,
    rcode: (upperRcode << 4) | head.headerRcode,
    authoritative: (octets[start + 2]! & 0x04) !== 0,
    truncated: head.truncated,
    hasAnswers: counts[0]! > 0,
    nameServers,
    answers: addresses.answer,
    additional: addresses.additional,
  };
}
