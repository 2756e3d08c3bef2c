import { readUint16 } from '../core/read-integer.ts';
import { type DnsProblem, HEADER_FLAG, HEADER_OCTETS, questionNameEnd } from './message.ts';
import { MessageNames, UNKNOWN } from './message-names.ts';
import { MAX_NAME_OCTETS } from './name.ts';
import {
  ADDRESS_WORDS,
  ANSWER_RECORD,
  FLAG,
  IPV6_RECORD,
  KIND,
  MAX_RECORDS,
  NS_WORDS,
  WORD,
} from './observation-layout.ts';
import type { ObservationWriter } from './observation-writer.ts';
import { RECORD_CLASS, RECORD_TYPE } from './registry.ts';
import { POINTER_KIND, pointedAt, wireNameEnd } from './wire-name.ts';

/** The root as owner, type, class, TTL and RDLENGTH 0. */
const MIN_RECORD_OCTETS = 11;
const RECORD_FIXED_OCTETS = 10;
const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;

/** To read octets into words in the order in which they lie in memory. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const SECTION = { ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2 } as const;
type Section = (typeof SECTION)[keyof typeof SECTION];

/**
 * Reads one message after the other in one pass each, and packs what they teach (observation-layout.ts). It makes no objects;
 * its fields are those of the message that was read last without a problem.
 */
export class MessageReader {
  id = 0;
  /** The second word of the header: HEADER_FLAG, opcode, the lower bits of the response code. */
  header = 0;
  /** With the upper eight bits from the OPT record where there is one (RFC 6891 §6.1.3); of a response only. */
  rcode = 0;
  questionType = 0;
  questionClass = 0;
  /** What was read last, and a view of its memory. */
  #octets: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #names = new MessageNames();
  readonly #questionWords = new Int32Array((MAX_NAME_OCTETS + 1) / 4);
  readonly #question = new Uint8Array(this.#questionWords.buffer);
  #questionOctets = 0;
  readonly #nameServers = new Int32Array(MAX_RECORDS * NS_WORDS);
  #nameServerCount = 0;
  readonly #addresses = new Int32Array(2 * MAX_RECORDS * ADDRESS_WORDS);
  #answerCount = 0;
  #additionalCount = 0;
  #leftOut = 0;
  #hasAnswers = false;
  #extendedRcode = 0;
  /** Of the record in hand: the index of its owner's name, or UNKNOWN before it is kept. */
  #owner = UNKNOWN;

  /** QR. */
  get isResponse(): boolean {
    return (this.header & HEADER_FLAG.QR) !== 0;
  }

  get opcode(): number {
    return (this.header >> 11) & 0xf;
  }

  /**
   * Reads the header and the question of the message in `octets[start, end)` and nothing behind them. The caller guarantees
   * 0 <= start <= end <= octets.length.
   */
  readQuery(octets: Buffer, start: number, end: number): DnsProblem | undefined {
    const nameEnd = questionNameEnd(octets, start, end);
    if (typeof nameEnd === 'string') return nameEnd;
    this.#begin(octets, start, nameEnd);
    return undefined;
  }

  /**
   * Reads the message in `octets[start, end)` to the end of its last record. A message is read as a whole or refused as
   * a whole: one bad record, and nothing in it counts. Octets behind the last record are left alone.
   */
  readResponse(octets: Buffer, start: number, end: number): DnsProblem | undefined {
    const nameEnd = questionNameEnd(octets, start, end);
    if (typeof nameEnd === 'string') return nameEnd;
    const answerCount = readUint16(octets, start + 6);
    const authorityCount = readUint16(octets, start + 8);
    const additionalCount = readUint16(octets, start + 10);
    const questionEnd = nameEnd + 4;
    const totalCount = answerCount + authorityCount + additionalCount;
    if (totalCount * MIN_RECORD_OCTETS > end - questionEnd) return 'counts-too-large';
    this.#begin(octets, start, nameEnd);
    this.#hasAnswers = answerCount > 0;
    let at = questionEnd;
    for (let index = 0; index < totalCount; index++) {
      this.#owner = this.#names.knownIndexOf(octets, start, at, end);
      const fixedAt = this.#owner === UNKNOWN ? wireNameEnd(octets, start, at, end) : at + 2;
      if (fixedAt < 0) return 'bad-name';
      const dataAt = fixedAt + RECORD_FIXED_OCTETS;
      if (dataAt > end) return 'record-overrun';
      const dataEnd = dataAt + readUint16(octets, fixedAt + 8);
      if (dataEnd > end) return 'record-overrun';
      const behindAnswers = index < answerCount + authorityCount ? SECTION.AUTHORITY : SECTION.ADDITIONAL;
      const section = index < answerCount ? SECTION.ANSWER : behindAnswers;
      if (!this.#record(octets, start, at, fixedAt, dataEnd, section)) return 'bad-rdata';
      at = dataEnd;
    }
    this.rcode = this.#extendedRcode | (this.header & 0xf);
    return undefined;
  }

  /**
   * Packs the message as a query or a response into a record of its own. Returns the first word of the record, in which the
   * flags of the header stand; the caller adds the time, the ends, and what he knows of transport and flags.
   */
  pack(writer: ObservationWriter, kind: number): number {
    const names = this.#names;
    const nsWords = this.#nameServerCount * NS_WORDS;
    const addressWords = (this.#answerCount + this.#additionalCount) * ADDRESS_WORDS;
    const questionWords = wordsFor(this.#questionOctets);
    const nameWords = names.lengthOctets >> 2;
    const questionAt = WORD.NAMES + names.count + nsWords + addressWords;
    const at = writer.begin(4 * (questionAt + questionWords + nameWords));
    const { words } = writer;
    words[at + WORD.KIND] = kind | (this.#flags() << 16);
    words[at + WORD.ID] = this.id | (kind === KIND.RESPONSE ? this.rcode << 16 : 0);
    words[at + WORD.TYPE] = this.questionType | (this.questionClass << 16);
    words[at + WORD.COUNTS] = this.#nameServerCount | (this.#answerCount << 16);
    words[at + WORD.MORE_COUNTS] = this.#additionalCount | (names.count << 16);
    words[at + WORD.LEFT_OUT] = this.#leftOut;
    words[at + WORD.QUESTION] = 4 * questionAt;
    let word = at + WORD.NAMES;
    const firstName = 4 * (questionAt + questionWords);
    for (let index = 0; index < names.count; index++) words[word++] = firstName + names.starts[index]!;
    word = copyWords(this.#nameServers, nsWords, words, word);
    word = copyWords(this.#addresses, addressWords, words, word);
    word = copyWords(this.#questionWords, questionWords, words, word);
    copyWords(names.words, nameWords, words, word);
    return at;
  }

  #begin(octets: Buffer, start: number, nameEnd: number): void {
    if (octets !== this.#octets) {
      this.#octets = octets;
      this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    }
    const view = this.#view;
    this.id = view.getUint16(start);
    this.header = view.getUint16(start + 2);
    this.questionType = view.getUint16(nameEnd);
    this.questionClass = view.getUint16(nameEnd + 2);
    this.#names.reset();
    this.#nameServerCount = 0;
    this.#answerCount = 0;
    this.#additionalCount = 0;
    this.#leftOut = 0;
    this.#hasAnswers = false;
    this.#extendedRcode = 0;
    this.#copyQuestion(octets, start, nameEnd);
  }

  /** The name of the question as it stands, with its letter case. */
  #copyQuestion(octets: Buffer, start: number, nameEnd: number): void {
    const nameAt = start + HEADER_OCTETS;
    // Seen from its end: a name without pointers ends with the root, before which no pointer begins.
    const hasNoPointer = octets[nameEnd - 1] === 0 && octets[nameEnd - 2]! < POINTER_KIND;
    if (!hasNoPointer) {
      this.#questionOctets = copyName(octets, start, nameAt, this.#question);
      return;
    }
    this.#questionOctets = nameEnd - nameAt;
    // Type and class stand behind the name, so that its last word can be read whole.
    const words = wordsFor(this.#questionOctets);
    for (let word = 0; word < words; word++) {
      this.#questionWords[word] = this.#view.getInt32(nameAt + 4 * word, IS_LITTLE_ENDIAN);
    }
  }

  /** Takes the record whose owner is at `ownerAt` and whose fixed part is at `fixedAt`; false when its RDATA are bad. */
  #record(octets: Buffer, start: number, ownerAt: number, fixedAt: number, dataEnd: number, section: Section): boolean {
    const type = readUint16(octets, fixedAt);
    if (type === RECORD_TYPE.OPT) {
      if (section === SECTION.ADDITIONAL) this.#extendedRcode = octets[fixedAt + 4]! << 4;
      return true;
    }
    if (readUint16(octets, fixedAt + 2) !== RECORD_CLASS.IN) return true;
    const dataAt = fixedAt + RECORD_FIXED_OCTETS;
    if (type === RECORD_TYPE.NS) {
      if (wireNameEnd(octets, start, dataAt, dataEnd) !== dataEnd) return false;
      if (section !== SECTION.ADDITIONAL) this.#keepNs(octets, start, ownerAt, fixedAt, section);
      return true;
    }
    if (type !== RECORD_TYPE.A && type !== RECORD_TYPE.AAAA) return true;
    if (dataEnd - dataAt !== (type === RECORD_TYPE.A ? IPV4_OCTETS : IPV6_OCTETS)) return false;
    if (section !== SECTION.AUTHORITY) this.#keepAddress(octets, start, ownerAt, fixedAt, section, type);
    return true;
  }

  #keepNs(octets: Buffer, start: number, ownerAt: number, fixedAt: number, section: Section): void {
    if (this.#nameServerCount === MAX_RECORDS) {
      this.#leftOut++;
      return;
    }
    const word = this.#nameServerCount++ * NS_WORDS;
    const owner = this.#ownerIndex(octets, start, ownerAt);
    this.#nameServers[word] = owner | (section === SECTION.ANSWER ? ANSWER_RECORD : 0);
    this.#nameServers[word + 1] = this.#view.getInt32(fixedAt + 4);
    this.#nameServers[word + 2] = this.#names.indexOf(octets, this.#view, start, fixedAt + RECORD_FIXED_OCTETS);
  }

  #ownerIndex(octets: Buffer, start: number, ownerAt: number): number {
    return this.#owner === UNKNOWN ? this.#names.indexOf(octets, this.#view, start, ownerAt) : this.#owner;
  }

  /** Those of the answer section come before those of the additional section, as in the message. */
  #keepAddress(octets: Buffer, start: number, ownerAt: number, fixedAt: number, section: Section, type: number): void {
    const isAnswer = section === SECTION.ANSWER;
    if ((isAnswer ? this.#answerCount : this.#additionalCount) === MAX_RECORDS) {
      this.#leftOut++;
      return;
    }
    const words = this.#addresses;
    const word = (this.#answerCount + this.#additionalCount) * ADDRESS_WORDS;
    if (isAnswer) this.#answerCount++;
    else this.#additionalCount++;
    const dataAt = fixedAt + RECORD_FIXED_OCTETS;
    const owner = this.#ownerIndex(octets, start, ownerAt);
    words[word + 1] = this.#view.getInt32(fixedAt + 4);
    if (type === RECORD_TYPE.A) {
      words[word] = owner;
      words[word + 2] = this.#view.getInt32(dataAt);
      return;
    }
    words[word] = owner | IPV6_RECORD;
    for (let index = 0; index < IPV6_OCTETS / 4; index++) {
      words[word + 2 + index] = this.#view.getInt32(dataAt + 4 * index, IS_LITTLE_ENDIAN);
    }
  }

  #flags(): number {
    const { header } = this;
    return (
      ((header & HEADER_FLAG.AA) !== 0 ? FLAG.AA : 0) |
      ((header & HEADER_FLAG.TC) !== 0 ? FLAG.TC : 0) |
      ((header & HEADER_FLAG.RD) !== 0 ? FLAG.RD : 0) |
      ((header & HEADER_FLAG.RA) !== 0 ? FLAG.RA : 0) |
      (this.#hasAnswers ? FLAG.ANSWERS : 0)
    );
  }
}

/** Copies the name at `offset`, which is a name, uncompressed. Returns its length. */
function copyName(octets: Buffer, start: number, offset: number, to: Uint8Array): number {
  let lengthOctets = 0;
  for (let from = offset; ; ) {
    const lead = octets[from]!;
    if (lead >= POINTER_KIND) {
      from = start + pointedAt(octets, from);
      continue;
    }
    for (const labelEnd = from + lead; from <= labelEnd; from++) to[lengthOctets++] = octets[from]!;
    if (lead === 0) return lengthOctets;
  }
}

function wordsFor(octets: number): number {
  return (octets + 3) >> 2;
}

/** Returns the word behind the last one written. */
function copyWords(from: Int32Array, count: number, to: Int32Array, toWord: number): number {
  for (let index = 0; index < count; index++) to[toWord + index] = from[index]!;
  return toWord + count;
}
