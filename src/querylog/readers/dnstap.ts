import { type Address, parseAddress } from '../../core/address.ts';
import { canonicalName } from '../../dns/name.ts';
import { OPCODE } from '../../dns/registry.ts';
import { type DnstapMessage, readDnstap } from '../../dnstap/dnstap-message.ts';
import { ExchangeJoiner } from '../exchange-joiner.ts';
import type { LogEntry, Role } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { type MessageFacts, readFacts } from '../message-facts.ts';
import { readState, writeState } from '../reader-state.ts';

/** What the side that answers is, by who writes (dnstap.proto, Message.Type); of a tool the flags tell. */
const ROLES: Readonly<Record<string, Role | undefined>> = {
  auth: 'authoritative',
  resolver: 'authoritative',
  client: 'recursive',
  forwarder: 'forwarded',
  stub: 'forwarded',
  tool: undefined,
};

/** Writers that answer; the others ask. */
const ANSWERING: ReadonlySet<string> = new Set(['auth', 'client']);

/** dnstap, frame by frame. */
export const dnstapFormat: LogFormat = {
  name: 'dnstap',
  title: 'dnstap',
  framing: 'frames',
  create: (parts) => new DnstapReader(parts),
};

class DnstapReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #exchanges: ExchangeJoiner;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#exchanges = new ExchangeJoiner(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const message = readDnstap(octets.subarray(start, end));
    if (typeof message === 'string') return { refused: message };
    const [writer, side] = message.type.split(' ') as [string, 'query' | 'response'];
    if (!Object.hasOwn(ROLES, writer)) return 'other';
    const isResponse = side === 'response';
    // A response that does not stand there itself may be told by its query.
    const dns = (isResponse ? message.responseMessage : undefined) ?? message.queryMessage ?? message.responseMessage;
    if (dns === undefined) return { refused: 'no DNS message' };
    const facts = readFacts(dns, 0, dns.length);
    if (typeof facts === 'string') return { refused: `a DNS message that cannot be read: ${facts}` };
    if (facts.head.opcode !== OPCODE.QUERY) return 'other';
    return this.#take(message, writer, isResponse, facts);
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

  #take(message: DnstapMessage, writer: string, isResponse: boolean, facts: MessageFacts): RecordOutcome {
    const saidAtMs = message.queryAtMs ?? message.responseAtMs;
    if (saidAtMs === undefined) return { refused: 'no time is said' };
    const atMs = this.#parts.time.instant(saidAtMs);
    if (typeof atMs === 'string') return { refused: atMs };
    const { name, type, class: dnsClass } = facts.head.question;
    const isKnown = isResponse && facts.head.isResponse;
    const isAnswering = ANSWERING.has(writer);
    const own = this.#parts.server;
    const asking = specified(message.queryAddress) ?? (isAnswering ? undefined : own);
    const entry: LogEntry = {
      atMs,
      name,
      type,
      class: dnsClass,
      client: asking === undefined ? undefined : this.#parts.client(asking),
      clientPort: message.queryPort,
      server: specified(message.responseAddress) ?? (isAnswering ? own : undefined),
      role: ROLES[writer] ?? facts.role,
      responseCode: isKnown ? facts.responseCode : undefined,
      answers: isKnown ? facts.answers : [],
      mark: undefined,
    };
    // BIND calls the query of a stub resolver CLIENT_QUERY and its own authoritative answer AUTH_RESPONSE.
    const key = keyOf(entry, isAnswering ? 'answering' : writer, facts.head.id);
    if (isResponse) this.#exchanges.response(key, entry);
    else this.#exchanges.query(key, entry);
    return 'taken';
  }
}

function keyOf(
  { client, clientPort, server, name, type, class: dnsClass }: LogEntry,
  writer: string,
  id: number,
): string {
  return `${writer} ${client} ${clientPort} ${server} ${id} ${type} ${dnsClass} ${canonicalName(name)}`;
}

/** Writers that do not know an address say 0.0.0.0 or ::. */
function specified(address: Address | undefined): Address | undefined {
  return address === 0 || address === UNSPECIFIED_IPV6 ? undefined : address;
}

const UNSPECIFIED_IPV6 = parseAddress('::')!;
