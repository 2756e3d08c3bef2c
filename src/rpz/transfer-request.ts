/** What secondaries ask: SOA, AXFR (RFC 5936) and IXFR (RFC 1995), as far as it is looked at. */
import { HEADER_FLAG, HEADER_OCTETS, questionNameEnd } from '../dns/message.ts';
import { canonicalName, type Name } from '../dns/name.ts';
import { RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import { sliceWireName, wireNameEnd } from '../dns/wire-name.ts';
import { parseTsigData, type TsigRecord } from './tsig.ts';

/** No good request is longer, TSIG and all. */
export const MAX_REQUEST_OCTETS = 4096;

export interface TransferRequest {
  readonly kind: 'request';
  readonly id: number;
  readonly opcode: number;
  /** The octets of the question section, as they came. */
  readonly question: Buffer;
  /** Canonical. */
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Of the SOA record in the authority section of an IXFR. */
  readonly serial: number | undefined;
  readonly hasOpt: boolean;
  readonly tsig: TsigRecord | undefined;
  /** What was signed: the message up to its TSIG record. */
  readonly signed: Buffer;
}

/** `malformed` gets FORMERR; `ignored` nothing at all: it is no query, or has no ID to answer to. */
export type ReadRequest =
  | TransferRequest
  | { readonly kind: 'malformed'; readonly id: number; readonly opcode: number }
  | { readonly kind: 'ignored' };

/** The most records behind the question: the SOA of an IXFR, OPT, TSIG. */
const MAX_RECORDS = 8;
const RECORD_HEAD_OCTETS = 10;
const SOA_NUMBERS_OCTETS = 20;

/** Reads a request; never throws, and never reads behind the end. */
export function readTransferRequest(octets: Buffer): ReadRequest {
  if (octets.length < HEADER_OCTETS) return { kind: 'ignored' };
  const flags = octets.readUInt16BE(2);
  if ((flags & HEADER_FLAG.QR) !== 0) return { kind: 'ignored' };
  const id = octets.readUInt16BE(0);
  const opcode = (flags >> 11) & 0xf;
  const nameEnd = questionNameEnd(octets, 0, octets.length);
  const records = typeof nameEnd === 'string' ? undefined : readRecords(octets, nameEnd + 4);
  if (typeof nameEnd === 'string' || records === undefined) return { kind: 'malformed', id, opcode };
  return {
    kind: 'request',
    id,
    opcode,
    question: octets.subarray(HEADER_OCTETS, nameEnd + 4),
    name: canonicalName(sliceWireName(octets, 0, HEADER_OCTETS)),
    type: octets.readUInt16BE(nameEnd),
    class: octets.readUInt16BE(nameEnd + 2),
    ...records,
  };
}

type RecordFacts = Pick<TransferRequest, 'serial' | 'hasOpt' | 'tsig' | 'signed'>;

/** Undefined when the records are not as many as the header says, or a TSIG record is not the last (RFC 8945 §5.1). */
function readRecords(octets: Buffer, start: number): RecordFacts | undefined {
  const authority = octets.readUInt16BE(8);
  const count = octets.readUInt16BE(6) + authority + octets.readUInt16BE(10);
  if (count > MAX_RECORDS || octets.readUInt16BE(6) !== 0) return undefined;
  let serial: number | undefined;
  let hasOpt = false;
  let tsig: TsigRecord | undefined;
  let signed = octets;
  let at = start;
  for (let index = 0; index < count; index++) {
    const record = readRecord(octets, at);
    if (record === undefined || tsig !== undefined) return undefined;
    if (index < authority) {
      if (record.type === RECORD_TYPE.SOA) serial = soaSerial(octets, record);
    } else if (record.type === RECORD_TYPE.OPT) hasOpt = true;
    else if (record.type === RECORD_TYPE.TSIG) {
      tsig = readTsig(octets, at, record);
      if (tsig === undefined) return undefined;
      signed = octets.subarray(0, at);
    }
    at = record.end;
  }
  return at === octets.length ? { serial, hasOpt, tsig, signed } : undefined;
}

interface RecordPlace {
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly dataAt: number;
  readonly end: number;
}

function readRecord(octets: Buffer, at: number): RecordPlace | undefined {
  const nameEnd = wireNameEnd(octets, 0, at, octets.length);
  const dataAt = nameEnd + RECORD_HEAD_OCTETS;
  if (nameEnd < 0 || dataAt > octets.length) return undefined;
  const end = dataAt + octets.readUInt16BE(nameEnd + 8);
  if (end > octets.length) return undefined;
  return {
    type: octets.readUInt16BE(nameEnd),
    class: octets.readUInt16BE(nameEnd + 2),
    ttlSeconds: octets.readUInt32BE(nameEnd + 4),
    dataAt,
    end,
  };
}

function soaSerial(octets: Buffer, { dataAt, end }: RecordPlace): number | undefined {
  const primaryEnd = wireNameEnd(octets, 0, dataAt, end);
  const mailboxEnd = primaryEnd < 0 ? -1 : wireNameEnd(octets, 0, primaryEnd, end);
  return mailboxEnd >= 0 && mailboxEnd + SOA_NUMBERS_OCTETS === end ? octets.readUInt32BE(mailboxEnd) : undefined;
}

function readTsig(octets: Buffer, at: number, record: RecordPlace): TsigRecord | undefined {
  // Both are signed as what they must be (RFC 8945 §4.2).
  if (record.class !== RECORD_CLASS.ANY || record.ttlSeconds !== 0) return undefined;
  const data = parseTsigData(octets, record.dataAt, record.end - record.dataAt);
  return data === undefined ? undefined : { keyName: canonicalName(sliceWireName(octets, 0, at)), ...data };
}
