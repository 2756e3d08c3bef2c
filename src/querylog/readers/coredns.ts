import { parseRecordClass, parseRecordType, parseResponseCode } from '../../dns/registry.ts';
import { takePrefix } from '../line-prefix.ts';
import type { Role } from '../log-entry.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readPeer } from '../peer-text.ts';
import { readName } from '../plain-name.ts';

/** `{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}`. */
const QUERY =
  /^(\S{3,64}) - \d{1,5} "(\S{1,32}) (\S{1,32}) (\S{1,1100}) (?:udp|tcp|-) -?\d{1,10} (?:true|false|-) (?:\d{1,10}|-)" (\S{1,32}) (\S{1,64}) -?\d{1,10} [\d.]{1,32}s(?: "\d{1,3}")?$/;
const LIKE_QUERY = /^\S{3,64} - \d/;
const NOT_DEFAULT = { refused: 'a query that is cut, garbled or in a form that is not the default' };
/** How each line begins, behind what a container's log puts in front. */
const LEVEL = /\[(INFO|WARNING|ERROR|FATAL|DEBUG|NOTICE)\] /;
const LEVEL_CHARACTERS = 512;
/** What it says when it starts. */
const BANNER = /^(?:CoreDNS-\d|linux\/|\S{1,255}:\d{1,5}(?: on \S{1,64})?$|\s*$)/;
/** The file in which docker keeps what a container writes. */
const DOCKER_LINE = '{"log":';

/**
 * Reads the lines of CoreDNS's `log` plugin in its default form, `{common}` or `{combined}`; one line tells of a query and of its
 * response. The role is `authoritative` where the response has the AA flag, `recursive` where it has RA, or RD alone. CoreDNS
 * writes no times itself: they are those that the container's log or syslog has put in front, and where nobody did, assumed.
 */
class CorednsReader implements LogReader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const line = octets.toString('latin1', start, end);
    const text = line.startsWith(DOCKER_LINE) ? (withoutDocker(line) ?? line) : line;
    const level = LEVEL.exec(text.slice(0, LEVEL_CHARACTERS));
    if (level === null) return BANNER.test(text) ? 'other' : { refused: 'no line of CoreDNS' };
    const body = text.slice(level.index + level[0].length).trimEnd();
    const match = level[1] === 'INFO' ? QUERY.exec(body) : undefined;
    if (match === undefined) return 'other';
    if (match === null) return LIKE_QUERY.test(body) ? NOT_DEFAULT : 'other';
    const [, remote, typeWord, classWord, nameText, code, flags] = match;
    const peer = readPeer(remote!, this.#parts);
    const name = readName(nameText!);
    const type = parseRecordType(typeWord!);
    const dnsClass = parseRecordClass(classWord!);
    const responseCode = code === '-' ? undefined : parseResponseCode(code!);
    const isSound = peer !== undefined && name !== undefined && type !== undefined && dnsClass !== undefined;
    if (!isSound || (code !== '-' && responseCode === undefined)) {
      return { refused: 'a query with an address, a name, a type, a class or a response code that is none' };
    }
    const { time, entries, server } = this.#parts;
    const front = text.slice(0, level.index);
    const atMs = (front === '' ? undefined : takePrefix(front, time).atMs) ?? time.unsaid();
    if (typeof atMs === 'string') return { refused: atMs };
    const role = roleOf(flags!);
    const told = { atMs, ...peer, name, type, class: dnsClass, server, role, responseCode };
    entries.add({ ...told, answers: [], mark: undefined });
    return 'taken';
  }

  settle(): void {}

  state(): string {
    return '';
  }

  resume(): void {}
}

/** The line that a container wrote, with its time in front; undefined when it is not what it looks like. */
function withoutDocker(line: string): string | undefined {
  try {
    const { log, time } = JSON.parse(line) as Record<string, unknown>;
    return typeof log === 'string' && typeof time === 'string' ? `${time} ${log}` : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined when there was no response, or it says neither. */
function roleOf(flags: string): Role | undefined {
  const set = flags.split(',');
  if (set.includes('aa')) return 'authoritative';
  return set.includes('ra') || set.includes('rd') ? 'recursive' : undefined;
}

export const corednsFormat: LogFormat = {
  name: 'coredns',
  title: "CoreDNS: the log plugin's default form",
  framing: 'lines',
  create: (parts) => new CorednsReader(parts),
};
