/** The zone in DNS messages: answers to secondaries, and the NOTIFY that tells them of a new one (RFC 1996). */
import { HEADER_FLAG, HEADER_OCTETS } from '../dns/message.ts';
import type { Name } from '../dns/name.ts';
import { parseName, ROOT } from '../dns/name.ts';
import { OPCODE, RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import type { TransferRequest } from './transfer-request.ts';
import type { ZoneState } from './zone.ts';
import { ZONE_TIMES } from './zone-times.ts';

/** Room that a message leaves for OPT and TSIG; the whole stays within what a 14-bit pointer reaches. */
const MAX_MESSAGE_OCTETS = 15_000;
const OPT_UDP_OCTETS = 1232;
/** The name of the question, which is that of the zone. */
const ZONE_POINTER = Buffer.from([0xc0, HEADER_OCTETS]);
const LOCALHOST = Buffer.from(parseName('localhost')!, 'latin1');
const HOSTMASTER = Buffer.from(parseName('hostmaster.localhost')!, 'latin1');
const ROOT_OCTETS = Buffer.from(ROOT, 'latin1');

type Asked = Pick<TransferRequest, 'id' | 'opcode' | 'question' | 'hasOpt'>;

/** An answer that holds no records. */
export function composeRefusal(asked: Pick<Asked, 'id' | 'opcode'> & Partial<Asked>, rcode: number): Buffer {
  const question = asked.question ?? Buffer.alloc(0);
  return compose({ hasOpt: false, ...asked, question }, rcode, []);
}

/** The answer to a question for the SOA record, and to one who has all there is. */
export function composeSoaAnswer(asked: Asked, zone: ZoneState): Buffer {
  return compose(asked, 0, [soaRecord(zone)]);
}

/** The whole zone in as many messages as it takes, the SOA record first and last (RFC 5936 §2.2). */
export function* composeTransfer(asked: Asked, zone: ZoneState): Generator<Buffer, void> {
  let held: Buffer[] = [];
  let heldOctets = 0;
  for (const record of transferRecords(zone)) {
    if (heldOctets + record.length > MAX_MESSAGE_OCTETS) {
      yield compose(asked, 0, held);
      held = [];
      heldOctets = 0;
    }
    held.push(record);
    heldOctets += record.length;
  }
  yield compose(asked, 0, held);
}

/** Tells a secondary that there is a new serial (RFC 1996 §3.7). */
export function composeNotify(id: number, zone: ZoneState): Buffer {
  const question = Buffer.concat([
    Buffer.from(zone.apex, 'latin1'),
    Buffer.from([0, RECORD_TYPE.SOA, 0, RECORD_CLASS.IN]),
  ]);
  const message = compose({ id, opcode: OPCODE.NOTIFY, question, hasOpt: false }, 0, [soaRecord(zone)]);
  message.writeUInt16BE(message.readUInt16BE(2) & ~HEADER_FLAG.QR, 2);
  return message;
}

function* transferRecords(zone: ZoneState): Generator<Buffer, void> {
  const soa = soaRecord(zone);
  yield soa;
  yield record(ZONE_POINTER, RECORD_TYPE.NS, LOCALHOST);
  for (const { owners } of zone.entries) {
    for (const owner of owners) yield record(relativeName(owner, zone.apex), RECORD_TYPE.CNAME, ROOT_OCTETS);
  }
  yield soa;
}

function soaRecord({ serial }: ZoneState): Buffer {
  const { refreshSeconds, retrySeconds, expireSeconds, minimumSeconds } = ZONE_TIMES;
  const numbers = Buffer.alloc(20);
  for (const [index, number] of [serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds].entries()) {
    numbers.writeUInt32BE(number, index * 4);
  }
  return record(ZONE_POINTER, RECORD_TYPE.SOA, Buffer.concat([LOCALHOST, HOSTMASTER, numbers]));
}

function relativeName(owner: Name, apex: Name): Buffer {
  return Buffer.concat([Buffer.from(owner.slice(0, owner.length - apex.length), 'latin1'), ZONE_POINTER]);
}

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(RECORD_CLASS.IN, 2);
  head.writeUInt32BE(ZONE_TIMES.ttlSeconds, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, head, data]);
}

function compose({ id, opcode, question, hasOpt }: Asked, rcode: number, answers: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS);
  header.writeUInt16BE(id, 0);
  const authoritative = answers.length > 0 ? HEADER_FLAG.AA : 0;
  header.writeUInt16BE(HEADER_FLAG.QR | (opcode << 11) | authoritative | rcode, 2);
  header.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(hasOpt ? 1 : 0, 10);
  return Buffer.concat([header, question, ...answers, hasOpt ? optRecord() : Buffer.alloc(0)]);
}

/** EDNS without an option (RFC 6891 §6.1.1: who asked with it is answered with it). */
function optRecord(): Buffer {
  const octets = Buffer.alloc(11);
  octets.writeUInt16BE(RECORD_TYPE.OPT, 1);
  octets.writeUInt16BE(OPT_UDP_OCTETS, 3);
  return octets;
}
