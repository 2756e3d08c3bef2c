/**
 * DNS messages as the firewall reads them (RFC 1035 §4): one pass over the octets, and objects only for what is kept.
 *
 *     0   ID
 *     2   QR OPCODE(4) AA TC RD | RA Z AD CD RCODE(4)
 *     4   QDCOUNT   6 ANCOUNT   8 NSCOUNT   10 ARCOUNT
 *     12  question, answer, authority, additional sections
 *
 * Record: owner name, TYPE(2) CLASS(2) TTL(4) RDLENGTH(2), then RDLENGTH octets.
 */
import { type Address, readIpv4, readIpv6 } from '../core/address.ts';
import { canonicalName, type Name } from './name.ts';
import type { AddressRecord, NsRecord, Question } from './observation.ts';
import { RECORD_CLASS, RECORD_TYPE } from './registry.ts';
import { sliceWireName, wireNameEnd } from './wire-name.ts';

/**
 * Why a message cannot be read:
 * - `short-header`: fewer than 12 octets
 * - `question-count`: QDCOUNT is not 1
 * - `bad-name`: a name runs past the end, is too long, has a reserved label type or a pointer that leads not backwards
 * - `counts-too-large`: the sections promise more records than the octets can hold
 * - `record-overrun`: a record, or the fixed part of the question, runs past the end of the message
 * - `bad-rdata`: an A, AAAA or NS record of class IN whose RDATA does not fill its RDLENGTH exactly
 */
export type DnsProblem =
  | 'short-header'
  | 'question-count'
  | 'bad-name'
  | 'counts-too-large'
  | 'record-overrun'
  | 'bad-rdata';

export interface UnreadableMessage {
  readonly ok: false;
  readonly problem: DnsProblem;
}

/** The header and the one question of a message. */
export interface QueryHead {
  readonly ok: true;
  readonly id: number;
  /** QR: false for a query, true for a response. */
  readonly isResponse: boolean;
  readonly opcode: number;
  /** TC: the sections may lack records (RFC 2181 §9). */
  readonly truncated: boolean;
  /** RD: the client asks for recursion. */
  readonly recursionDesired: boolean;
  /** The four bits of the header, without the extension of EDNS. */
  readonly headerRcode: number;
  readonly question: Question;
  /** Offset in the buffer of the first octet behind the question. */
  readonly questionEnd: number;
}

/** What a message can teach, and the head by which it is matched to its query. */
export interface MessageRecords {
  readonly ok: true;
  readonly head: QueryHead;
  /** With the upper eight bits from the OPT record where there is one (RFC 6891 §6.1.3). */
  readonly rcode: number;
  /** NS records of class IN in the answer and authority sections. */
  readonly nameServers: readonly NsRecord[];
  /** A and AAAA records of class IN in the answer section. */
  readonly answers: readonly AddressRecord[];
  /** A and AAAA records of class IN in the additional section. */
  readonly additional: readonly AddressRecord[];
}

const HEADER_OCTETS = 12;
/** The root as owner, type, class, TTL and RDLENGTH 0. */
const MIN_RECORD_OCTETS = 11;
const RECORD_FIXED_OCTETS = 10;

/**
 * Reads the header and the question of the message in `octets[start, end)`. What follows the question is not looked
 * at. The caller guarantees 0 <= start <= end <= octets.length.
 */
export function readQuestion(octets: Buffer, start: number, end: number): QueryHead | UnreadableMessage {
  if (end - start < HEADER_OCTETS) return unreadable('short-header');
  if (octets.readUInt16BE(start + 4) !== 1) return unreadable('question-count');
  const nameAt = start + HEADER_OCTETS;
  const nameEnd = wireNameEnd(octets, start, nameAt, end);
  if (nameEnd < 0) return unreadable('bad-name');
  if (nameEnd + 4 > end) return unreadable('record-overrun');
  const flags = octets.readUInt16BE(start + 2);
  return {
    ok: true,
    id: octets.readUInt16BE(start),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    headerRcode: flags & 0xf,
    question: {
      name: sliceWireName(octets, start, nameAt),
      type: octets.readUInt16BE(nameEnd),
      class: octets.readUInt16BE(nameEnd + 2),
    },
    questionEnd: nameEnd + 4,
  };
}

/**
 * Reads the message in `octets[start, end)` to the end of its last record. A message is read as a whole or refused as
 * a whole: one bad record, and nothing in it counts. Octets behind the last record are left alone.
 */
export function readMessage(octets: Buffer, start: number, end: number): MessageRecords | UnreadableMessage {
  const head = readQuestion(octets, start, end);
  if (!head.ok) return head;
  const answerCount = octets.readUInt16BE(start + 6);
  const authorityCount = octets.readUInt16BE(start + 8);
  const additionalCount = octets.readUInt16BE(start + 10);
  const totalCount = answerCount + authorityCount + additionalCount;
  if (totalCount * MIN_RECORD_OCTETS > end - head.questionEnd) return unreadable('counts-too-large');

  const reading = new Reading(octets, start, end, head);
  for (let index = 0; index < totalCount; index++) {
    const section = index < answerCount ? 'answer' : index < answerCount + authorityCount ? 'authority' : 'additional';
    const problem = reading.readRecord(section);
    if (problem !== undefined) return unreadable(problem);
  }
  const { nameServers, answers, additional } = reading;
  return { ok: true, head, rcode: reading.extendedRcode | head.headerRcode, nameServers, answers, additional };
}

function unreadable(problem: DnsProblem): UnreadableMessage {
  return { ok: false, problem };
}

type Section = 'answer' | 'authority' | 'additional';

/** The state of one pass over the records of one message. */
class Reading {
  readonly nameServers: NsRecord[] = [];
  readonly answers: AddressRecord[] = [];
  readonly additional: AddressRecord[] = [];
  extendedRcode = 0;
  readonly #octets: Buffer;
  readonly #start: number;
  readonly #end: number;
  #offset: number;
  #ownerPointer = -1;
  #ownerName: Name | undefined;

  constructor(octets: Buffer, start: number, end: number, head: QueryHead) {
    this.#octets = octets;
    this.#start = start;
    this.#end = end;
    this.#offset = head.questionEnd;
  }

  readRecord(section: Section): DnsProblem | undefined {
    const octets = this.#octets;
    const ownerAt = this.#offset;
    const fixedAt = wireNameEnd(octets, this.#start, ownerAt, this.#end);
    if (fixedAt < 0) return 'bad-name';
    const dataAt = fixedAt + RECORD_FIXED_OCTETS;
    if (dataAt > this.#end) return 'record-overrun';
    const dataEnd = dataAt + octets.readUInt16BE(fixedAt + 8);
    if (dataEnd > this.#end) return 'record-overrun';
    this.#offset = dataEnd;

    const type = octets.readUInt16BE(fixedAt);
    if (type === RECORD_TYPE.OPT) {
      if (section === 'additional') this.extendedRcode = octets[fixedAt + 4]! << 4;
      return undefined;
    }
    if (octets.readUInt16BE(fixedAt + 2) !== RECORD_CLASS.IN) return undefined;
    const ttl = octets.readUInt32BE(fixedAt + 4);
    if (type === RECORD_TYPE.NS) return this.#readNs(ownerAt, ttl, dataAt, dataEnd, section !== 'additional');
    if (type !== RECORD_TYPE.A && type !== RECORD_TYPE.AAAA) return undefined;
    const address = this.#readAddress(type, dataAt, dataEnd);
    if (address === undefined) return 'bad-rdata';
    if (section !== 'authority') {
      const list = section === 'answer' ? this.answers : this.additional;
      list.push({ owner: this.#owner(ownerAt), ttl, address });
    }
    return undefined;
  }

  #readAddress(type: number, dataAt: number, dataEnd: number): Address | undefined {
    const lengthOctets = dataEnd - dataAt;
    if (type === RECORD_TYPE.A) return lengthOctets === 4 ? readIpv4(this.#octets, dataAt) : undefined;
    return lengthOctets === 16 ? readIpv6(this.#octets, dataAt) : undefined;
  }

  #readNs(ownerAt: number, ttl: number, dataAt: number, dataEnd: number, kept: boolean): DnsProblem | undefined {
    const nameEnd = wireNameEnd(this.#octets, this.#start, dataAt, dataEnd);
    if (nameEnd !== dataEnd) return 'bad-rdata';
    if (kept) {
      const nameServer = canonicalName(sliceWireName(this.#octets, this.#start, dataAt));
      this.nameServers.push({ owner: this.#owner(ownerAt), ttl, nameServer });
    }
    return undefined;
  }

  /** The canonical owner. Records of a set mostly share one pointer, so the last one's name is kept. */
  #owner(ownerAt: number): Name {
    const lead = this.#octets.readUInt16BE(ownerAt);
    if (lead < 0xc000) return canonicalName(sliceWireName(this.#octets, this.#start, ownerAt));
    if (lead !== this.#ownerPointer || this.#ownerName === undefined) {
      this.#ownerName = canonicalName(sliceWireName(this.#octets, this.#start, ownerAt));
      this.#ownerPointer = lead;
    }
    return this.#ownerName;
  }
}
