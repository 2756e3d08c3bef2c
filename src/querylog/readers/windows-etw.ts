import type { Address } from '../../core/address.ts';
import { canonicalName } from '../../dns/name.ts';
import type { Question } from '../../dns/observation.ts';
import { RECORD_CLASS } from '../../dns/registry.ts';
import { ExchangeJoiner } from '../exchange-joiner.ts';
import type { LogEntry } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { type MessageFacts, readFacts, roleByFlags } from '../message-facts.ts';
import { readPort, readServer } from '../peer-text.ts';
import { readName } from '../plain-name.ts';
import { readState, writeState } from '../reader-state.ts';
import { readTime } from '../written-time.ts';

/** Events of Microsoft-Windows-DNSServer/Analytical as objects of JSON, one on each line, as shippers of logs write them. */
export const windowsEtwFormat: LogFormat = {
  name: 'windows-etw',
  title: 'Windows DNS analytical log (JSON)',
  framing: 'lines',
  create: (parts) => new WindowsEtwReader(parts),
};

/** What the event is of: a query or a response, exchanged with a client or with another server. */
interface Kind {
  readonly isResponse: boolean;
  readonly isClients: boolean;
}

/** QUERY_RECEIVED, RESPONSE_SUCCESS, RESPONSE_FAILURE, RECURSE_QUERY_OUT, RECURSE_RESPONSE_IN. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['256', { isResponse: false, isClients: true }],
  ['257', { isResponse: true, isClients: true }],
  ['258', { isResponse: true, isClients: true }],
  ['260', { isResponse: false, isClients: false }],
  ['261', { isResponse: true, isClients: false }],
]);
const UNSPECIFIED = new Set(['0.0.0.0', '::']);

type Values = Readonly<Record<string, unknown>>;

class WindowsEtwReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #exchanges: ExchangeJoiner;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#exchanges = new ExchangeJoiner(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const event = parseObject(octets.toString('latin1', start, end));
    if (event === undefined) return { refused: 'no object of JSON' };
    // Winlogbeat has objects in objects.
    const log = objectIn(event, 'winlog');
    const code = textOf(event, 'code') ?? textOf(objectIn(event, 'event'), 'code') ?? textOf(log, 'event_id');
    const data = objectIn(event, 'event_data') ?? objectIn(log, 'event_data');
    if (code === undefined || data === undefined) return { refused: 'no event of a DNS server' };
    const kind = KINDS.get(code);
    if (kind === undefined) return 'other';
    const stamp = textOf(event, '@timestamp');
    if (stamp === undefined) return { refused: 'no time is said' };
    const atMs = readTime(stamp.slice(0, 64), 0)?.resolve(this.#parts.time) ?? 'no such time';
    return typeof atMs === 'string' ? { refused: atMs } : this.#take(kind, data, atMs);
  }

  settle(): void {
    this.#exchanges.settle();
  }

  state(): string {
    return writeState(this.#exchanges.state());
  }

  resume(state: string): void {
    this.#exchanges.resume(readState(state));
  }

  #take({ isResponse, isClients }: Kind, data: Values, atMs: number): RecordOutcome {
    const facts = readPacketData(data);
    const question = facts?.head.question ?? readNamed(data);
    if (question === undefined) return { refused: 'neither a DNS message nor a name and its type' };
    const remote = addressOf(data, isClients === isResponse ? 'Destination' : 'Source');
    const own = addressOf(data, 'InterfaceIP') ?? this.#parts.server;
    if (remote === undefined) return { refused: 'an address that is none' };
    const asking = isClients ? remote : own;
    const client = asking === undefined ? undefined : this.#parts.client(asking);
    const server = isClients ? own : remote;
    const entry: LogEntry = {
      atMs,
      ...question,
      client,
      // Of what is exchanged with other servers some versions name the port of the one end, some of the other.
      clientPort: isClients ? numberOf(data, 'Port') || undefined : undefined,
      server,
      role: roleOf(facts, data, isClients),
      responseCode: isResponse ? responseCodeOf(facts, data) : undefined,
      answers: isResponse && facts?.head.isResponse ? facts.answers : [],
      mark: undefined,
    };
    const { name, type, class: dnsClass } = question;
    const id = facts?.head.id ?? numberOf(data, 'XID');
    const way = isClients ? `from ${client} ${entry.clientPort}` : `to ${server}`;
    const key = `${way} ${id} ${type} ${dnsClass} ${canonicalName(name)}`;
    if (isResponse) this.#exchanges.response(key, entry);
    else this.#exchanges.query(key, entry);
    return 'taken';
  }
}

function parseObject(text: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
  } catch {
    return undefined;
  }
}

function objectIn(values: Values | undefined, key: string): Values | undefined {
  const value = values?.[key];
  return typeof value === 'object' && value !== null ? (value as Values) : undefined;
}

/** A text, or a number as a text. */
function textOf(values: Values | undefined, key: string): string | undefined {
  const value = values?.[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Sixteen bits, as those of a port. */
function numberOf(values: Values, key: string): number | undefined {
  return readPort(textOf(values, key) ?? '');
}

/** 0.0.0.0 and :: stand for what the server does not know. */
function addressOf(values: Values, key: string): Address | undefined {
  const text = textOf(values, key);
  return text === undefined || UNSPECIFIED.has(text) ? undefined : readServer(text);
}

/** The whole message is in the event, in hexadecimal digits. */
function readPacketData(data: Values): MessageFacts | undefined {
  const digits = textOf(data, 'PacketData');
  if (digits === undefined || !/^0x(?:[\dA-Fa-f]{2})+$/.test(digits)) return undefined;
  const octets = Buffer.from(digits.slice(2), 'hex');
  const facts = readFacts(octets, 0, octets.length);
  return typeof facts === 'string' ? undefined : facts;
}

function readNamed(data: Values): Question | undefined {
  const name = readName(textOf(data, 'QNAME') ?? '');
  const type = numberOf(data, 'QTYPE');
  return name === undefined || type === undefined ? undefined : { name, type, class: RECORD_CLASS.IN };
}

/** Where the message cannot be read: `Flags` are the second word of its header, and `RD` is one bit of them. */
function roleOf(facts: MessageFacts | undefined, data: Values, isClients: boolean): LogEntry['role'] {
  const flags = numberOf(data, 'Flags');
  const said = flags === undefined ? undefined : roleByFlags(flags);
  const role = facts?.role ?? said;
  return role === 'recursive' && !isClients ? 'forwarded' : role;
}

/** The event has four bits or all of them. */
function responseCodeOf(facts: MessageFacts | undefined, data: Values): number | undefined {
  const said = numberOf(data, 'RCODE');
  return facts?.head.isResponse ? facts.responseCode : said;
}
