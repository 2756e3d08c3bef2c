import { canonicalName } from '../../dns/name.ts';
import { parseRecordClass, parseRecordType, parseResponseCode } from '../../dns/registry.ts';
import type { LogEntry } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readClient, readPort, readServer } from '../peer-text.ts';
import { readName } from '../plain-name.ts';
import { PrefixCache } from '../prefix-cache.ts';
import { readState, writeState } from '../reader-state.ts';
import { ReplyBook } from '../reply-book.ts';

/** `unbound[46658:0] `, or `[9181:3] ` behind a header of syslog; what takePrefix may have left of it. */
const PROCESS = /(?:[\w./-]{1,64}(?:\[\d{1,10}\])?:? ?)?\[\d{1,10}:[\da-f]{1,8}\] /y;
const TAG = / ?(info|query|reply|debug|notice|warning|error|fatal error): /y;
const TAGS_OF_QUERIES = ['info', 'query', 'reply'];
/** `0.097209`: seconds. */
const TOOK = /^(\d{1,7})\.(\d{6})$/;
/** Where the client and the port stand in lines about local zones, inform zones and response policy zones. */
const CLIENT_AND_PORT = /^([^@]{2,64})@(\d{1,5})$/;

const GARBLED = { refused: 'a query that is cut or garbled' };
const OTHER_LINE = { refused: 'no line of Unbound' };

/** What stands in all lines that tell of a query. */
type Asked = Pick<LogEntry, 'name' | 'type' | 'class'>;

/**
 * Reads what Unbound writes with `log-queries`, `log-replies`, `log-local-actions` and for response policy zones, in any mixture,
 * to a file or to syslog. Names stand there without what is no letter, digit, `-`, `_` or `*`: a `?` instead. A query in which
 * Unbound found no question (`- - - FORMERR`) has no name and is no entry. An entry has the time of its query line; that of its
 * reply where only replies are logged.
 */
class UnboundReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #prefixes: PrefixCache;
  readonly #book: ReplyBook;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#prefixes = new PrefixCache(parts.time);
    this.#book = new ReplyBook(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const line = octets.toString('latin1', start, end);
    const prefix = this.#prefixes.take(line);
    const bodyAt = behindProcess(prefix.rest);
    TAG.lastIndex = bodyAt;
    const tag = TAG.exec(prefix.rest);
    if (tag === null) return bodyAt > 0 || prefix.program !== undefined ? 'other' : OTHER_LINE;
    if (!TAGS_OF_QUERIES.includes(tag[1]!)) return 'other';
    const words = prefix.rest.slice(TAG.lastIndex).trimEnd().split(' ');
    const told = isAboutLocal(words) ? this.#local(words) : this.#exchange(words);
    if (typeof told !== 'function') return told;
    const atMs = prefix.atMs ?? this.#parts.time.unsaid();
    if (typeof atMs === 'string') return { refused: atMs };
    told(atMs);
    return 'taken';
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

  /** `client name type class`, of a reply also `code seconds cached octets`, and `on protocol server port` behind it. */
  #exchange(words: readonly string[]): RecordOutcome | ((atMs: number) => void) {
    const client = readClient(words[0]!, this.#parts);
    if (client === undefined) return 'other';
    if (words[1] === '-') return 'other';
    const asked = readAsked(words[1], words[2], words[3]);
    if (asked === undefined) return GARBLED;
    const key = keyOf(client, asked);
    const entry = { ...asked, client, clientPort: undefined };
    if (words.length === 4) return (atMs) => this.#book.query(key, this.#entry(atMs, entry));
    const responseCode = parseResponseCode(words[4]!);
    const took = TOOK.exec(words[5] ?? '');
    const hasEnd = words.length === 8 || (words.length === 12 && words[8] === 'on');
    if (responseCode === undefined || took === null || !hasEnd) return GARBLED;
    const server = words.length === 12 ? readServer(words[10]!) : undefined;
    const tookMs = Number(took[1]) * 1000 + Number(took[2]) / 1000;
    return (atMs) => this.#book.response(key, { ...this.#entry(atMs, entry, server), responseCode }, tookMs);
  }

  /** `… client@port name type class`: what a zone that is configured here did. */
  #local(words: readonly string[]): RecordOutcome | ((atMs: number) => void) {
    const [peer, name, type, dnsClass] = words.slice(-4);
    const match = CLIENT_AND_PORT.exec(peer!)!;
    const client = readClient(match[1]!, this.#parts);
    const clientPort = readPort(match[2]!);
    const asked = readAsked(name, type, dnsClass);
    if (client === undefined || clientPort === undefined || asked === undefined) return GARBLED;
    return (atMs) =>
      this.#book.more(
        keyOf(client, asked),
        this.#entry(atMs, { ...asked, client, clientPort }),
        (open) => open.clientPort === undefined || open.clientPort === clientPort,
        (open) => {
          open.clientPort = clientPort;
        },
      );
  }

  #entry(atMs: number, told: Asked & Pick<LogEntry, 'client' | 'clientPort'>, server = this.#parts.server): LogEntry {
    return { atMs, ...told, server, role: 'recursive', responseCode: undefined, answers: [], mark: undefined };
  }
}

function behindProcess(text: string): number {
  PROCESS.lastIndex = 0;
  const match = PROCESS.exec(text);
  return match === null ? 0 : match[0].length;
}

function isAboutLocal(words: readonly string[]): boolean {
  return words.length >= 6 && CLIENT_AND_PORT.test(words.at(-4)!);
}

function readAsked(
  name: string | undefined,
  type: string | undefined,
  dnsClass: string | undefined,
): Asked | undefined {
  if (name === undefined || type === undefined || dnsClass === undefined) return undefined;
  const asked = { name: readName(name), type: parseRecordType(type), class: parseRecordClass(dnsClass) };
  if (asked.name === undefined || asked.type === undefined || asked.class === undefined) return undefined;
  return { name: asked.name, type: asked.type, class: asked.class };
}

function keyOf(client: LogEntry['client'], { name, type, class: dnsClass }: Asked): string {
  return `${client} ${type} ${dnsClass} ${canonicalName(name)}`;
}

export const unboundFormat: LogFormat = {
  name: 'unbound',
  title: 'Unbound: log-queries, log-replies, log-local-actions',
  framing: 'lines',
  create: (parts) => new UnboundReader(parts),
};
