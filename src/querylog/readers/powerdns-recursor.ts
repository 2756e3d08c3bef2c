import { canonicalName, type Name } from '../../dns/name.ts';
import { parseRecordType, RECORD_CLASS } from '../../dns/registry.ts';
import { type LinePrefix, takePrefix } from '../line-prefix.ts';
import type { LogEntry } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readPeer } from '../peer-text.ts';
import { readName } from '../plain-name.ts';
import { PrefixCache } from '../prefix-cache.ts';
import { readState, writeState } from '../reader-state.ts';
import { ReplyBook } from '../reply-book.ts';
import { readFields } from './powerdns-fields.ts';

/** Where the fields of a structured line begin, behind what may stand in front of them. */
const FIELDS = /msg="|\{"/;
const FRONT_CHARACTERS = 512;
/** `3 [1418626328/2] question for 'name|TYPE' from address:port`, before 4.9 and for those who have switched back to it. */
const QUESTION =
  /^(?:(\d{1,5}) )?\[(\d{1,20})\/\d{1,10}\] (?:TCP )?question for '([^ ]{1,1100})\|([\w-]{1,32})' from (\S{3,64})/;
const ANSWER =
  /^(?:(\d{1,5}) )?\[(\d{1,20})\/\d{1,10}\] answer to (?:non-rd )?question '([^ ]{1,1100})\|([\w-]{1,32})': .{0,400} ([\d.]{1,20}) tot ms, .{0,400} rcode=(-?\d{1,5})/;
const FROM_PACKET_CACHE = /^(?:\d{1,5} )?question answered from packet cache /;
const SECONDS = /^(\d{9,11})(?:\.(\d{1,9}))?$/;
const MAX_RESPONSE_CODE = 0xfff;

const GARBLED = { refused: 'a query that is cut or garbled' };
const NO_NAME = { refused: 'a query answered from the packet cache, whose name is not said' };
const OTHER_LINE = { refused: 'no line of PowerDNS Recursor' };

type Peer = ReturnType<typeof readPeer>;

/**
 * Reads what PowerDNS Recursor writes of questions and answers: text of `key="value"`, JSON, and the sentences of versions before
 * 4.9. Behind a proxy (PROXY protocol) the client is who asked the proxy. A structured line says its time itself, to the
 * millisecond. Addresses of answers and the server's own are not logged; the class is not either, and taken to be IN.
 */
class PowerdnsRecursorReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #prefixes: PrefixCache;
  readonly #book: ReplyBook;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#prefixes = new PrefixCache(parts.time);
    this.#book = new ReplyBook(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const line = octets.toString('latin1', start, end).trimEnd();
    const fieldsAt = FIELDS.exec(line.slice(0, FRONT_CHARACTERS));
    return fieldsAt === null ? this.#sentence(line) : this.#structured(line, fieldsAt.index);
  }

  settle(): void {
    this.#book.settle();
  }

  state(): string {
    return writeState(this.#book.state());
  }

  resume(state: string): void {
    this.#book.resume(readState(state));
  }

  #structured(line: string, fieldsAt: number): RecordOutcome {
    const fields = readFields(line.slice(fieldsAt));
    const message = fields?.get('msg');
    if (fields === undefined || message === undefined) return line.startsWith('m', fieldsAt) ? GARBLED : OTHER_LINE;
    const isQuestion = message === 'Question';
    const isAnswer = message === 'Answer';
    const isCached = message === 'Question answered from packet cache';
    if (!isQuestion && !isAnswer && !isCached) return 'other';
    const name = readName(fields.get('qname') ?? '');
    const type = parseRecordType(fields.get('qtype') ?? '');
    const peer = readRemote(fields.get('source'), this.#parts) ?? readRemote(fields.get('remote'), this.#parts);
    if (name === undefined || type === undefined || peer === undefined) return GARBLED;
    const atMs = this.#timeOf(fields.get('ts'), line.slice(0, fieldsAt));
    if (typeof atMs === 'string') return { refused: atMs };
    const thread = `${fields.get('tid')} ${fields.get('mtid')}`;
    const key = `${keyOf(thread, name, type)} ${peer.client} ${peer.clientPort}`;
    const responseCode = isAnswer ? readCode(fields.get('rcode') ?? '') : undefined;
    const entry = { ...this.#entry(atMs, name, type, peer), responseCode };
    if (isQuestion) this.#book.query(key, entry);
    else if (isAnswer) this.#book.response(key, entry, readMs(fields.get('totms')));
    // No question is told of before it.
    else this.#parts.entries.add(entry);
    return 'taken';
  }

  #timeOf(stamp: string | undefined, front: string): number | string {
    const { time } = this.#parts;
    const seconds = SECONDS.exec(stamp ?? '');
    if (seconds === null) return takePrefix(front, time).atMs ?? time.unsaid();
    return time.instant(Number(seconds[1]) * 1000 + Number((seconds[2] ?? '').padEnd(3, '0').slice(0, 3)));
  }

  #sentence(line: string): RecordOutcome {
    const prefix = this.#prefixes.take(line);
    const question = QUESTION.exec(prefix.rest);
    const match = question ?? ANSWER.exec(prefix.rest);
    if (match === null) return this.#otherSentence(prefix);
    const [, thread, context, nameText, typeWord] = match;
    const name = readName(nameText!);
    const type = parseRecordType(typeWord!);
    const peer = question === null ? undefined : readRemote(question[5], this.#parts);
    if (name === undefined || type === undefined || (question !== null && peer === undefined)) return GARBLED;
    const atMs = prefix.atMs ?? this.#parts.time.unsaid();
    if (typeof atMs === 'string') return { refused: atMs };
    const key = keyOf(`${thread} ${context}`, name, type);
    const entry = this.#entry(atMs, name, type, peer);
    if (question !== null) this.#book.query(key, entry);
    else this.#book.response(key, { ...entry, responseCode: readCode(match[6]!) }, readMs(match[5]));
    return 'taken';
  }

  #otherSentence({ program, rest }: LinePrefix): RecordOutcome {
    if (FROM_PACKET_CACHE.test(rest)) return NO_NAME;
    if (/^(?:\d{1,5} )?\[\d{1,20}\/\d{1,10}\] (?:TCP )?(?:question for|answer to) /.test(rest)) return GARBLED;
    return program === undefined ? OTHER_LINE : 'other';
  }

  #entry(atMs: number, name: Name, type: number, peer: Peer): LogEntry {
    return {
      atMs,
      name,
      type,
      class: RECORD_CLASS.IN,
      client: peer?.client,
      clientPort: peer?.clientPort,
      server: this.#parts.server,
      role: 'recursive',
      responseCode: undefined,
      answers: [],
      mark: undefined,
    };
  }
}

/** `address:port`, maybe followed by ` (proxied by address:port)`. */
function readRemote(text: string | undefined, parts: ReaderParts): Peer {
  if (text === undefined) return undefined;
  const blank = text.indexOf(' ');
  return readPeer(blank < 0 ? text : text.slice(0, blank), parts);
}

function keyOf(context: string, name: Name, type: number): string {
  return `${context} ${type} ${canonicalName(name)}`;
}

/** Undefined for what is none: the server says -1 when it gave up. */
function readCode(text: string): number | undefined {
  const code = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return code <= MAX_RESPONSE_CODE ? code : undefined;
}

function readMs(text: string | undefined): number {
  const milliseconds = Number(text);
  return Number.isFinite(milliseconds) ? milliseconds : 0;
}

export const powerdnsRecursorFormat: LogFormat = {
  name: 'powerdns-recursor',
  title: 'PowerDNS Recursor: questions and answers, as text or structured',
  framing: 'lines',
  create: (parts) => new PowerdnsRecursorReader(parts),
};
