import { parseAddress } from '../../core/address.ts';
import { HEADER_FLAG } from '../../dns/message.ts';
import { canonicalName } from '../../dns/name.ts';
import { RECORD_CLASS } from '../../dns/registry.ts';
import { addAnswer, type OpenEntry } from '../exchange-book.ts';
import { ExchangeJoiner } from '../exchange-joiner.ts';
import { keepEntries, keptEntries } from '../kept-entries.ts';
import type { Role } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { roleByFlags } from '../message-facts.ts';
import { readPort } from '../peer-text.ts';
import { readState, writeState } from '../reader-state.ts';
import { WindowsDate } from './windows-date.ts';
import { contextOf, readPacket, type WindowsPacket } from './windows-packet.ts';

/** The debug log of Windows DNS servers, with details or without. */
export const windowsDebugFormat: LogFormat = {
  name: 'windows-debug',
  title: 'Windows DNS debug log',
  framing: 'lines',
  create: (parts) => new WindowsDebugReader(parts),
};

/** A message of which the lines that follow may say more. */
interface Event {
  readonly key: string;
  readonly isResponse: boolean;
  /** Whether the remote end is the client. */
  readonly isClients: boolean;
  readonly entry: OpenEntry;
  /** Where in the details of the message it is, and the type of the record there. */
  section: string;
  recordType: number;
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf';
/** How the file begins, apart from lines that are indented. */
const HEADER = /^(?:DNS Server log file creation at|Log file wrap at|Message logging key)/;
const INFO = /^(?:UDP|TCP) (?:question|response) info at /;
/** The longest line of details that is looked at. */
const MAX_DETAIL = 512;
const DETAIL = {
  remote: /^ {1,8}Remote addr (?:\S{1,64}), port (\d{1,5})$/,
  section: /^ {1,8}([A-Z]{1,16}) SECTION:$/,
  class: /^ {1,12}QCLASS {1,4}(\d{1,5})$/,
  type: /^ {1,12}TYPE {1,4}\S{1,24} {1,4}\((\d{1,5})\)$/,
  data: /^ {1,12}DATA {1,4}\[?([\d.:a-fA-F]{2,45})\]?$/,
} as const;

class WindowsDebugReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #exchanges: ExchangeJoiner;
  readonly #date: WindowsDate;
  #event: Event | undefined;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#exchanges = new ExchangeJoiner(parts.entries, parts.openRoom);
    this.#date = new WindowsDate(parts.time);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const whole = octets.toString('latin1', start, end);
    const line = (whole.startsWith(BYTE_ORDER_MARK) ? whole.slice(BYTE_ORDER_MARK.length) : whole).trimEnd();
    if (line === '') return 'other';
    if (line.startsWith(' ') || line.startsWith('\t')) return this.#detail(line);
    const time = this.#date.read(line);
    if (time === undefined) return readUndated(line);
    this.#finishEvent();
    const context = contextOf(line, time.end);
    if (context === undefined) return { refused: 'a line in a form that is not known, or cut' };
    if (context !== 'PACKET') return 'other';
    const packet = readPacket(line, time.end);
    if (typeof packet === 'string') return { refused: packet };
    if (packet.opcode !== 'Q') return 'other';
    if (typeof time.atMs === 'string') return { refused: time.atMs };
    this.#event = this.#eventOf(packet, time.atMs);
    return 'taken';
  }

  settle(): void {
    this.#finishEvent();
    this.#exchanges.settle();
  }

  state(): string {
    const event = this.#event && { ...this.#event, entry: keepEntries([this.#event.entry]) };
    return writeState({ date: this.#date.state(), event, open: this.#exchanges.state() });
  }

  resume(state: string): void {
    const kept = readState(state);
    if (typeof kept !== 'object' || kept === null) return;
    const { date, event, open } = kept as Record<string, unknown>;
    this.#date.resume(date);
    this.#exchanges.resume(open);
    this.#event = readEvent(event);
  }

  #eventOf(packet: WindowsPacket, atMs: number): Event {
    const { isSent, isResponse, remote, flags, protocol, id, type, name } = packet;
    const isClients = isSent === isResponse;
    const { server: own } = this.#parts;
    const asking = isClients ? remote : own;
    const client = asking === undefined ? undefined : this.#parts.client(asking);
    const server = isClients ? own : remote;
    const entry: OpenEntry = {
      atMs,
      name,
      type,
      class: RECORD_CLASS.IN,
      client,
      clientPort: undefined,
      server,
      role: isClients ? roleByFlags(flags) : upstreamRole(flags),
      responseCode: isResponse ? flags & 0xf : undefined,
      answers: [],
      mark: undefined,
    };
    const way = isClients ? `from ${client}` : `to ${server}`;
    const key = `${way} ${protocol} ${id} ${type} ${canonicalName(name)}`;
    return { key, isResponse, isClients, entry, section: '', recordType: 0 };
  }

  /** An indented line: it says more of a message, or belongs to the beginning of the file. */
  #detail(line: string): RecordOutcome {
    const event = this.#event;
    if (event === undefined || line.length > MAX_DETAIL) return 'other';
    const section = DETAIL.section.exec(line)?.[1];
    if (section !== undefined) {
      event.section = section;
      return 'other';
    }
    return tellMore(event, line) ? 'taken' : 'other';
  }

  #finishEvent(): void {
    if (this.#event === undefined) return;
    const { key, isResponse, entry } = this.#event;
    this.#event = undefined;
    if (isResponse) this.#exchanges.response(key, entry);
    else this.#exchanges.query(key, entry);
  }
}

/** Without recursion desired the server asked those that serve the zone. */
function upstreamRole(flags: number): Role {
  return (flags & HEADER_FLAG.RD) === 0 ? 'authoritative' : 'forwarded';
}

/** A line that begins neither with a time nor with a blank. */
function readUndated(line: string): RecordOutcome {
  if (line.includes('\0')) return { refused: 'text in UTF-16: it is to be converted to UTF-8 first (iconv -f UTF-16)' };
  if (HEADER.test(line) || INFO.test(line)) return 'other';
  return { refused: 'no line of a Windows DNS debug log' };
}

/** Whether the line says what an entry holds. */
function tellMore(event: Event, line: string): boolean {
  const { entry, section } = event;
  const port = readPort(DETAIL.remote.exec(line)?.[1] ?? '');
  if (port !== undefined) {
    if (event.isClients) entry.clientPort = port;
    return event.isClients;
  }
  const dnsClass = section === 'QUESTION' ? Number(DETAIL.class.exec(line)?.[1]) : Number.NaN;
  if (dnsClass <= 0xffff) {
    entry.class = dnsClass;
    return true;
  }
  if (section !== 'ANSWER') return false;
  const type = DETAIL.type.exec(line)?.[1];
  if (type !== undefined) event.recordType = Number(type);
  if (event.recordType !== 1 && event.recordType !== 28) return false;
  const address = parseAddress(DETAIL.data.exec(line)?.[1] ?? '');
  if (address !== undefined) addAnswer(entry, address);
  return address !== undefined;
}

/** The event that JSON carried. */
function readEvent(value: unknown): Event | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { key, isResponse, isClients, entry, section, recordType } = value as Record<string, unknown>;
  const known = keptEntries(entry)[0];
  const isEvent = typeof key === 'string' && typeof section === 'string' && typeof recordType === 'number';
  if (known === undefined || !isEvent) return undefined;
  return {
    key,
    isResponse: isResponse === true,
    isClients: isClients === true,
    entry: { ...known },
    section,
    recordType,
  };
}
