import { type Address, parseAddress } from '../../core/address.ts';
import { parseRecordClass, parseRecordType, parseResponseCode } from '../../dns/registry.ts';
import type { LogEntry, Role } from '../log-entry.ts';
import type { ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readName } from '../plain-name.ts';

/** What one line tells of a query: that it was asked, what was answered, or why it was refused or failed. */
export interface ToldQuery {
  readonly told: 'query' | 'response' | 'denied' | 'failed';
  readonly entry: LogEntry;
}

/** Reads what stands behind the client, at `at` in the line; undefined when it is of no query. */
export type MessageParser = (line: string, at: number, sender: Sender) => ToldQuery | RecordOutcome | undefined;

/** What an entry has beside what the message says. */
export interface Sender {
  readonly parts: ReaderParts;
  readonly atMs: number;
  readonly client: Address | undefined;
  readonly clientPort: number | undefined;
}

/** Escapes make of one octet four characters at most. */
const NAME = String.raw`(\S{1,1024})`;
const WORD = String.raw`([\w-]{1,16})`;
const FLAGS = `([+-])[A-Za-z0-9()]{0,32}`;
/** The server's own address; what may follow it, such as the client subnet, is not read. */
const LOCAL = String.raw`\(([^\s()]{1,128})\)(?: [^]*)?`;
/** The client: signer, name and view may stand behind it; of the view only where a query follows. */
const SENDER = new RegExp(
  String.raw`client (?:@0x[0-9a-fA-F]{1,16} )?(?:([0-9a-fA-F.:]{2,45})(?:%[^\s#]{1,64})?#(\d{1,5})|\(no-peer\))` +
    String.raw`(?:/key \S{1,1024})?(?: \(\S{1,1024}\))?(?::(?: view [^]{1,255}?:(?= (?:query|response|UDP|TCP)[ :]))?)? `,
  'y',
);
const QUERY = new RegExp(`query: ${NAME} ${WORD} ${WORD}(?: ${FLAGS}(?: ${LOCAL})?)? *$`, 'y');
const RESPONSE = new RegExp(
  String.raw`response: ${NAME} ${WORD} ${WORD} ${WORD} \d{1,5} \d{1,5} \d{1,5} ${FLAGS} ${LOCAL}$`,
  'y',
);
const DENIED = new RegExp(String.raw`query (?:\(cache\) )?'${NAME}/${WORD}/${WORD}' denied(?: [^]*)?$`, 'y');
const FAILED = new RegExp(
  String.raw`query failed \(([^)]{1,64})\) for ${NAME}/${WORD}/${WORD}(?: at \S{1,64})? *$`,
  'y',
);
const MESSAGE_OF_QUERY = /(?:(?:UDP|TCP): )?(?:query|response): /y;

/** Reads a line of named from `client` on, at `at`; `parsers` know what else a server says than BIND does. */
export function parseBindLine(
  line: string,
  at: number,
  atMs: number,
  parts: ReaderParts,
  parser: MessageParser | undefined,
): ToldQuery | RecordOutcome {
  SENDER.lastIndex = at;
  const match = SENDER.exec(line);
  if (match === null) return / (?:query|response): /.test(line) ? { refused: 'a client that cannot be read' } : 'other';
  const messageAt = at + match[0].length;
  const address = match[1] === undefined ? undefined : parseAddress(match[1]);
  const clientPort = match[2] === undefined ? undefined : Number(match[2]);
  if (match[1] !== undefined && (address === undefined || clientPort! > 0xffff)) {
    return { refused: 'no such client address' };
  }
  const client = address === undefined ? undefined : parts.client(address);
  const sender = { parts, atMs, client, clientPort };
  return parser?.(line, messageAt, sender) ?? parseMessage(line, messageAt, sender);
}

function parseMessage(line: string, at: number, sender: Sender): ToldQuery | RecordOutcome {
  const query = matchAt(QUERY, line, at);
  if (query !== undefined) {
    const [, name, dnsClass, type, flag, local] = query;
    return tell('query', sender, { name, dnsClass, type, code: undefined, flag, local });
  }
  const response = matchAt(RESPONSE, line, at);
  if (response !== undefined) {
    const [, name, dnsClass, type, code, flag, local] = response;
    return tell('response', sender, { name, dnsClass, type, code, flag, local });
  }
  const denied = matchAt(DENIED, line, at);
  if (denied !== undefined) {
    const [, name, type, dnsClass] = denied;
    return tell('denied', sender, { name, dnsClass, type, code: 'REFUSED', flag: undefined, local: undefined });
  }
  const failed = matchAt(FAILED, line, at);
  if (failed !== undefined) {
    const [, result, name, dnsClass, type] = failed;
    // What went wrong inside is told to the client as SERVFAIL.
    const code = parseResponseCode(result!) === undefined ? 'SERVFAIL' : result;
    return tell('failed', sender, { name, dnsClass, type, code, flag: undefined, local: undefined });
  }
  return matchAt(MESSAGE_OF_QUERY, line, at) === undefined ? 'other' : { refused: 'a query that cannot be read' };
}

/** What a message says, in its words. */
interface Words {
  readonly name: string | undefined;
  readonly dnsClass: string | undefined;
  readonly type: string | undefined;
  readonly code: string | undefined;
  /** `+` or `-`: whether RD was set. */
  readonly flag: string | undefined;
  /** The address of the server. */
  readonly local: string | undefined;
}

/** What the words tell of a query; or why they are none. */
export function tell(
  what: ToldQuery['told'],
  { parts, atMs, client, clientPort }: Sender,
  words: Words,
): ToldQuery | { readonly refused: string } {
  const name = readName(words.name!);
  if (name === undefined) return { refused: 'no domain name' };
  const type = words.type === 'RESERVED0' ? 0 : parseRecordType(words.type!);
  if (type === undefined) return { refused: 'no such record type' };
  const dnsClass = words.dnsClass === 'RESERVED0' ? 0 : parseRecordClass(words.dnsClass!);
  if (dnsClass === undefined) return { refused: 'no such class' };
  const responseCode = words.code === undefined ? undefined : parseResponseCode(words.code);
  if (words.code !== undefined && responseCode === undefined) return { refused: 'no such response code' };
  return {
    told: what,
    entry: {
      atMs,
      name,
      type,
      class: dnsClass,
      client,
      clientPort,
      server: serverOf(words.local) ?? parts.server,
      role: roleOf(words.flag),
      responseCode,
      answers: [],
      mark: undefined,
    },
  };
}

/** RD asks a server to resolve (RFC 1035 §4.1.1); who does not set it asks about the server's own zones. */
function roleOf(flag: string | undefined): Role | undefined {
  if (flag === undefined) return undefined;
  return flag === '+' ? 'recursive' : 'authoritative';
}

/** `ADDRESS`, `ADDRESS#PORT`, `ADDRESS%SCOPE#PORT`. */
function serverOf(local: string | undefined): Address | undefined {
  return local === undefined ? undefined : parseAddress(/^[^%#]*/.exec(local)![0]);
}

export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
