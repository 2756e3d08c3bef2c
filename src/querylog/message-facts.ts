import { type Address, addressFromOctets } from '../core/address.ts';
import { readUint16 } from '../core/read-integer.ts';
import { type DnsProblem, HEADER_FLAG, type QueryHead, readQuestion } from '../dns/message.ts';
import { RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import { wireNameEnd } from '../dns/wire-name.ts';
import { MAX_ANSWERS, type Role } from './log-entry.ts';

/** What an entry tells of a DNS message. */
export interface MessageFacts {
  readonly head: QueryHead;
  /** What a server is to who asks it so, as far as the flags tell. */
  readonly role: Role;
  /** Of a response: with the upper eight bits from its OPT record (RFC 6891 §6.1.3). */
  readonly responseCode: number;
  /** Of a response: the addresses of its answer section, MAX_ANSWERS at most. */
  readonly answers: readonly Address[];
}

const FIXED_OCTETS = 10;

/**
 * Reads the message in `octets[start, end)`. Who writes logs may cut messages short: records that cannot be read end the
 * reading, and those before them count.
 */
export function readFacts(octets: Buffer, start: number, end: number): MessageFacts | DnsProblem {
  const head = readQuestion(octets, start, end);
  if (!head.ok) return head.problem;
  const role = roleByFlags(readUint16(octets, start + 2));
  const answers: Address[] = [];
  if (!head.isResponse) return { head, role, responseCode: 0, answers };
  const extended = readRecords(octets, start, head.questionEnd, end, answers);
  return { head, role, responseCode: extended | head.headerRcode, answers };
}

/**
 * `flags`: the second word of the header. Who does not desire recursion asks a server about its zones, and who gets an
 * authoritative answer from a server without recursion did, too.
 */
export function roleByFlags(flags: number): Role {
  const { QR, AA, RD, RA } = HEADER_FLAG;
  const isAuthoritative = (flags & RD) === 0 || ((flags & QR) !== 0 && (flags & AA) !== 0 && (flags & RA) === 0);
  return isAuthoritative ? 'authoritative' : 'recursive';
}

/** Adds the addresses of the answer section; returns the upper bits of the response code where an OPT record has them. */
function readRecords(octets: Buffer, start: number, questionEnd: number, end: number, answers: Address[]): number {
  const answerCount = readUint16(octets, start + 6);
  const count = answerCount + readUint16(octets, start + 8) + readUint16(octets, start + 10);
  let at = questionEnd;
  for (let index = 0; index < count; index++) {
    const fixedAt = wireNameEnd(octets, start, at, end);
    const dataAt = fixedAt + FIXED_OCTETS;
    if (fixedAt < 0 || dataAt > end) return 0;
    const dataEnd = dataAt + readUint16(octets, fixedAt + 8);
    if (dataEnd > end) return 0;
    const type = readUint16(octets, fixedAt);
    if (type === RECORD_TYPE.OPT) return octets[fixedAt + 4]! << 4;
    const isIn = readUint16(octets, fixedAt + 2) === RECORD_CLASS.IN;
    if (index < answerCount && isIn && answers.length < MAX_ANSWERS) {
      const address = addressOf(octets, type, dataAt, dataEnd);
      if (address !== undefined) answers.push(address);
    }
    at = dataEnd;
  }
  return 0;
}

function addressOf(octets: Buffer, type: number, dataAt: number, dataEnd: number): Address | undefined {
  const length = type === RECORD_TYPE.A ? 4 : 16;
  const isAddress = type === RECORD_TYPE.A || type === RECORD_TYPE.AAAA;
  if (!isAddress || dataEnd - dataAt !== length) return undefined;
  return addressFromOctets(octets.subarray(dataAt, dataEnd));
}
