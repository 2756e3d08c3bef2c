/**
 * DNS messages (RFC 1035 §4), as far as the firewall reads them: the header and the question. message-reader.ts reads the rest.
 *
 *     0   ID
 *     2   QR OPCODE(4) AA TC RD | RA Z AD CD RCODE(4)
 *     4   QDCOUNT   6 ANCOUNT   8 NSCOUNT   10 ARCOUNT
 *     12  question, answer, authority, additional sections
 *
 * Record: owner name, TYPE(2) CLASS(2) TTL(4) RDLENGTH(2), then RDLENGTH octets.
 */
import { readUint16 } from '../core/read-integer.ts';
import type { Question } from './observation.ts';
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

export const HEADER_OCTETS = 12;

/** The bits of the second word of the header that have names (RFC 1035 §4.1.1). */
export const HEADER_FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080 } as const;

/**
 * Checks the header and the question of the message in `octets[start, end)`. Returns the offset behind the question's name,
 * which begins behind the header, with type and class following it; or what is wrong. The caller guarantees
 * 0 <= start <= end <= octets.length.
 */
export function questionNameEnd(octets: Buffer, start: number, end: number): number | DnsProblem {
  if (end - start < HEADER_OCTETS) return 'short-header';
  if (readUint16(octets, start + 4) !== 1) return 'question-count';
  const nameEnd = wireNameEnd(octets, start, start + HEADER_OCTETS, end);
  if (nameEnd < 0) return 'bad-name';
  return nameEnd + 4 > end ? 'record-overrun' : nameEnd;
}

/** Reads the header and the question of the message in `octets[start, end)`. What follows the question is not looked at. */
export function readQuestion(octets: Buffer, start: number, end: number): QueryHead | UnreadableMessage {
  const nameEnd = questionNameEnd(octets, start, end);
  if (typeof nameEnd === 'string') return { ok: false, problem: nameEnd };
  const flags = readUint16(octets, start + 2);
  return {
    ok: true,
    id: readUint16(octets, start),
    isResponse: (flags & HEADER_FLAG.QR) !== 0,
    opcode: (flags >> 11) & 0xf,
    truncated: (flags & HEADER_FLAG.TC) !== 0,
    recursionDesired: (flags & HEADER_FLAG.RD) !== 0,
    headerRcode: flags & 0xf,
    question: {
      name: sliceWireName(octets, start, start + HEADER_OCTETS),
      type: readUint16(octets, nameEnd),
      class: readUint16(octets, nameEnd + 2),
    },
    questionEnd: nameEnd + 4,
  };
}
