/**
 * A DNS message for people to read (RFC 1035 §4), of any octets: it goes as far as the message can be read, and says what is
 * wrong where it ends. Nothing here decides anything; verdicts are made from what src/dns reads.
 */
import { addressFromOctets, formatAddress } from '../core/address.ts';
import { readUint16 } from '../core/read-integer.ts';
import { HEADER_FLAG, HEADER_OCTETS } from '../dns/message.ts';
import { formatName, type Name } from '../dns/name.ts';
import { formatRecordType, OPCODE, RCODE, RECORD_CLASS, RECORD_TYPE } from '../dns/registry.ts';
import { sliceWireName, wireNameEnd } from '../dns/wire-name.ts';

export interface DecodedQuestion {
  readonly name: string;
  readonly type: string;
  readonly class: string;
}

export interface DecodedRecord {
  readonly section: 'answer' | 'authority' | 'additional';
  readonly name: string;
  readonly type: string;
  /** Seconds; 0 for OPT, whose field says something else. */
  readonly ttl: number;
  /** As a zone file has it; what is not known here in the form of RFC 3597 §5. */
  readonly data: string;
}

export interface DecodedMessage {
  readonly id: number;
  readonly opcode: string;
  /** Such as `qr`, `rd`; of a response the response code too, such as `NXDOMAIN`. */
  readonly flags: readonly string[];
  readonly questions: readonly DecodedQuestion[];
  readonly records: readonly DecodedRecord[];
  /** Why the rest cannot be read, or is not shown; null when all of it is. */
  readonly problem: string | null;
}

/** Questions and records that are shown: more than fit into one Ethernet frame. */
const MAX_SHOWN = 200;
/** Octets of a record that are shown one by one. */
const MAX_HEX_OCTETS = 256;
const RECORD_FIXED_OCTETS = 10;
/** AD and CD (RFC 4035 §3.2.2, §3.2.3) beside those that src/dns reads. */
const FLAGS: readonly (readonly [mask: number, word: string])[] = [
  [HEADER_FLAG.QR, 'qr'],
  [HEADER_FLAG.AA, 'aa'],
  [HEADER_FLAG.TC, 'tc'],
  [HEADER_FLAG.RD, 'rd'],
  [HEADER_FLAG.RA, 'ra'],
  [0x0020, 'ad'],
  [0x0010, 'cd'],
];
const SECTIONS = ['answer', 'authority', 'additional'] as const;

const wordsOf = (numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(numbers).map(([word, number]) => [number, word]));
const OPCODES = wordsOf(OPCODE);
const RCODES = wordsOf(RCODE);
const CLASSES = wordsOf(RECORD_CLASS);

/** Reads the message in `octets[start, end)`; the caller guarantees 0 <= start <= end <= octets.length. Never throws. */
export function decodeMessage(octets: Buffer, start: number, end: number): DecodedMessage {
  const message = octets.subarray(start, end);
  if (message.length < HEADER_OCTETS) {
    const id = message.length < 2 ? 0 : readUint16(message, 0);
    const problem = `the message ends within its header: it has ${message.length} octets, a header has ${HEADER_OCTETS}`;
    return { id, opcode: 'unknown', flags: [], questions: [], records: [], problem };
  }
  const header = readUint16(message, 2);
  const opcode = (header >> 11) & 0xf;
  const reading = new Reading(message);
  reading.read();
  const { questions, records, problem } = reading;
  return {
    id: readUint16(message, 0),
    opcode: OPCODES.get(opcode) ?? `OPCODE${opcode}`,
    flags: flagsOf(header),
    questions,
    records,
    problem: problem ?? null,
  };
}

function flagsOf(header: number): string[] {
  const rcode = header & 0xf;
  const isSaid = (header & HEADER_FLAG.QR) !== 0 || rcode !== 0;
  return [
    ...FLAGS.flatMap(([mask, word]) => ((header & mask) === 0 ? [] : [word])),
    ...((header & 0x0040) === 0 ? [] : ['z']),
    ...(isSaid ? [RCODES.get(rcode) ?? `RCODE${rcode}`] : []),
  ];
}

/** One pass over one message, which ends at the first thing that cannot be read. */
class Reading {
  readonly questions: DecodedQuestion[] = [];
  readonly records: DecodedRecord[] = [];
  problem: string | undefined;
  readonly #message: Buffer;
  #at = HEADER_OCTETS;

  constructor(message: Buffer) {
    this.#message = message;
  }

  read(): void {
    const message = this.#message;
    const questionCount = readUint16(message, 4);
    for (let index = 0; index < questionCount; index++) if (!this.#question(index)) return;
    for (const [index, section] of SECTIONS.entries()) {
      const count = readUint16(message, 6 + 2 * index);
      for (let number = 0; number < count; number++) if (!this.#record(section, number)) return;
    }
    const left = message.length - this.#at;
    if (left > 0) this.problem = `${left} octets stand behind the last record`;
  }

  #question(index: number): boolean {
    const name = this.#name(`question ${index + 1}`);
    if (name === undefined || !this.#hasMore(4, `question ${index + 1}`)) return false;
    const type = readUint16(this.#message, this.#at);
    const dnsClass = readUint16(this.#message, this.#at + 2);
    this.#at += 4;
    this.questions.push({ name: formatName(name), type: formatRecordType(type), class: formatClass(dnsClass) });
    return this.#hasRoom();
  }

  #record(section: DecodedRecord['section'], index: number): boolean {
    const what = `record ${index + 1} of the ${section} section`;
    const name = this.#name(what);
    if (name === undefined || !this.#hasMore(RECORD_FIXED_OCTETS, what)) return false;
    const message = this.#message;
    const fixedAt = this.#at;
    const dataAt = fixedAt + RECORD_FIXED_OCTETS;
    const dataEnd = dataAt + readUint16(message, fixedAt + 8);
    this.#at = dataAt;
    if (!this.#hasMore(dataEnd - dataAt, what)) return false;
    const type = readUint16(message, fixedAt);
    const isOpt = type === RECORD_TYPE.OPT;
    this.records.push({
      section,
      name: formatName(name),
      type: formatRecordType(type),
      ttl: isOpt ? 0 : message.readUInt32BE(fixedAt + 4),
      data: isOpt ? optText(message, fixedAt, dataEnd) : dataText(message, type, dataAt, dataEnd),
    });
    this.#at = dataEnd;
    return this.#hasRoom();
  }

  #name(what: string): Name | undefined {
    const nameEnd = wireNameEnd(this.#message, 0, this.#at, this.#message.length);
    if (nameEnd < 0) {
      this.problem = `the name of ${what}, at octet ${this.#at}, is no name`;
      return undefined;
    }
    const name = sliceWireName(this.#message, 0, this.#at);
    this.#at = nameEnd;
    return name;
  }

  #hasMore(octets: number, what: string): boolean {
    if (this.#at + octets <= this.#message.length) return true;
    this.problem = `the message ends within ${what}`;
    return false;
  }

  #hasRoom(): boolean {
    if (this.questions.length + this.records.length < MAX_SHOWN) return true;
    this.problem = `no more than ${MAX_SHOWN} questions and records are shown`;
    return false;
  }
}

function formatClass(dnsClass: number): string {
  return CLASSES.get(dnsClass) ?? `CLASS${dnsClass}`;
}

/** RDATA that do not fit their type are shown as those of a type that is not known. */
function dataText(message: Buffer, type: number, at: number, end: number): string {
  return knownText(message, type, at, end) ?? unknownText(message, at, end);
}

function unknownText(message: Buffer, at: number, end: number): string {
  const shown = message.toString('hex', at, Math.min(end, at + MAX_HEX_OCTETS));
  const more = end - at > MAX_HEX_OCTETS ? '…' : '';
  return `\\# ${end - at}${shown === '' ? '' : ` ${shown}${more}`}`;
}

function knownText(message: Buffer, type: number, at: number, end: number): string | undefined {
  switch (type) {
    case RECORD_TYPE.A:
    case RECORD_TYPE.AAAA: {
      const isWhole = end - at === (type === RECORD_TYPE.A ? 4 : 16);
      const address = isWhole ? addressFromOctets(message.subarray(at, end)) : undefined;
      return address === undefined ? undefined : formatAddress(address);
    }
    case RECORD_TYPE.NS:
    case RECORD_TYPE.CNAME:
    case RECORD_TYPE.PTR:
    case RECORD_TYPE.DNAME:
      return namesText(message, at, end, 1);
    case RECORD_TYPE.MX:
      return numbersAndName(message, at, end, 1);
    case RECORD_TYPE.SRV:
      return numbersAndName(message, at, end, 3);
    case RECORD_TYPE.SOA:
      return soaText(message, at, end);
    case RECORD_TYPE.TXT:
    case RECORD_TYPE.SPF:
      return stringsText(message, at, end);
    default:
      return undefined;
  }
}

/** `count` names that fill the octets up to `end`. */
function namesText(message: Buffer, at: number, end: number, count: number): string | undefined {
  const read = readNames(message, at, end, count);
  return read?.end === end ? read.text : undefined;
}

function readNames(message: Buffer, at: number, end: number, count: number) {
  const names: string[] = [];
  let from = at;
  for (let index = 0; index < count; index++) {
    const nameEnd = wireNameEnd(message, 0, from, end);
    if (nameEnd < 0) return undefined;
    names.push(formatName(sliceWireName(message, 0, from)));
    from = nameEnd;
  }
  return { text: names.join(' '), end: from };
}

/** Numbers of 16 bits, and a name behind them. */
function numbersAndName(message: Buffer, at: number, end: number, count: number): string | undefined {
  const nameAt = at + 2 * count;
  if (nameAt >= end) return undefined;
  const numbers = Array.from({ length: count }, (_, index) => readUint16(message, at + 2 * index));
  const name = namesText(message, nameAt, end, 1);
  return name === undefined ? undefined : `${numbers.join(' ')} ${name}`;
}

function soaText(message: Buffer, at: number, end: number): string | undefined {
  const names = readNames(message, at, end, 2);
  if (names === undefined || end - names.end !== 20) return undefined;
  const numbers = Array.from({ length: 5 }, (_, index) => message.readUInt32BE(names.end + 4 * index));
  return `${names.text} ${numbers.join(' ')}`;
}

/** Character-strings (RFC 1035 §3.3) in quotes; octets that are no printable ASCII as `\DDD`. */
function stringsText(message: Buffer, at: number, end: number): string | undefined {
  const strings: string[] = [];
  for (let from = at; from < end; ) {
    const stringEnd = from + 1 + message[from]!;
    if (stringEnd > end) return undefined;
    const text = message.toString('latin1', from + 1, stringEnd);
    strings.push(`"${text.replace(/[^ !#-[\]-~]/g, escapeOctet)}"`);
    from = stringEnd;
  }
  return strings.length === 0 ? undefined : strings.join(' ');
}

function escapeOctet(octet: string): string {
  return octet === '"' || octet === '\\' ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`;
}

/** EDNS (RFC 6891 §6.1.2, §6.1.3): the size is in the class, and the rest in the TTL. */
function optText(message: Buffer, fixedAt: number, dataEnd: number): string {
  const [extended, version] = [message[fixedAt + 4]!, message[fixedAt + 5]!];
  const isDnssecOk = (message[fixedAt + 6]! & 0x80) !== 0;
  const parts = [`EDNS version ${version}`, `UDP size ${readUint16(message, fixedAt + 2)}`];
  if (extended !== 0) parts.push(`extended RCODE ${extended}`);
  if (isDnssecOk) parts.push('do');
  let at = fixedAt + RECORD_FIXED_OCTETS;
  for (; at + 4 <= dataEnd; ) {
    const optionEnd = at + 4 + readUint16(message, at + 2);
    if (optionEnd > dataEnd) break;
    const hex = message.toString('hex', at + 4, Math.min(optionEnd, at + 4 + MAX_HEX_OCTETS));
    parts.push(`option ${readUint16(message, at)}${hex === '' ? '' : ` ${hex}`}`);
    at = optionEnd;
  }
  if (at < dataEnd) parts.push(`${dataEnd - at} octets that are no option`);
  return parts.join(', ');
}
