import type { SourceTime, TimeProblem } from './source-time.ts';
import { readTime } from './written-time.ts';

/** What stands in front of what a server says. */
export interface LinePrefix {
  /** When it was written, milliseconds since the epoch, or why that is no time; undefined: not said. */
  readonly atMs: number | TimeProblem | undefined;
  readonly host: string | undefined;
  /** Without its process number. */
  readonly program: string | undefined;
  /** What the server says. */
  readonly rest: string;
}

/** RFC 5424 §6.2.1, RFC 3164 §4.1.1. */
const PRIORITY = /<\d{1,3}>/y;
/** RFC 5424 §6: version, time, host, program, process, message id. */
const HEADER_5424 = /1 (\S{1,64}) (\S{1,255}) (\S{1,48}) \S{1,128} \S{1,32} /y;
/** RFC 5424 §6.3: none, or elements; in values `"`, `\` and `]` stand behind a `\`. */
const STRUCTURED_DATA = /-(?= |$)|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*")*\])+/y;
const HOST = String.raw`[\w<](?:[\w.:%<>-]{0,254}(?:[\w%<>-]|::))?`;
/** One or two names of hosts (a relay puts its own in front), then the program with its process or a colon. */
const HOST_PROGRAM = new RegExp(
  String.raw`(?:(${HOST}) +(?:${HOST} +)?)?([A-Za-z_/][\w./-]{0,63}(?=\[\d|: ))(?:\[\d[\d:]{0,31}\])?:? `,
  'y',
);
/** The same where no time stands in front: only with the number of a process. */
const HOST_PROCESS = new RegExp(String.raw`(?:(${HOST}) +)?([A-Za-z_/][\w./-]{0,63})\[\d[\d:]{0,31}\]:? `, 'y');
/** What may stand between the prefix of syslog and the one that the server writes to files. */
const CATEGORY = /(?:[\w-]{1,64}: )?(?=\d{1,2}-[A-Za-z]{3}-\d{4} )/y;
const BLANKS = / */y;
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/**
 * Takes off what stands in front of a line (latin1, without its end): a priority, the header of syslog by RFC 3164 or RFC 5424
 * or as daemons vary it, a time as files have it, host and program as journalctl shows them, or nothing. Where a server's own
 * time follows that of syslog, it is the better one. Looks at a bounded part of the line.
 */
export function takePrefix(line: string, time: SourceTime): LinePrefix {
  const start = behind(PRIORITY, line, 0);
  if (start > 0) {
    const structured = takeStructured(line, start, time);
    if (structured !== undefined) return structured;
  }
  const written = readTime(line, start);
  const at = written === undefined ? start : behindBlanks(line, written.end);
  const pattern = written === undefined ? HOST_PROCESS : HOST_PROGRAM;
  pattern.lastIndex = at;
  const match = pattern.exec(line);
  const end = match === null ? at : at + match[0].length;
  return inner(line, end, match?.[1], match?.[2], time, () => written?.resolve(time));
}

function takeStructured(line: string, start: number, time: SourceTime): LinePrefix | undefined {
  HEADER_5424.lastIndex = start;
  const match = HEADER_5424.exec(line);
  if (match === null) return undefined;
  let end = behindBlanks(line, behind(STRUCTURED_DATA, line, start + match[0].length));
  if (line.startsWith(BYTE_ORDER_MARK, end)) end += BYTE_ORDER_MARK.length;
  const said = (text: string | undefined) => (text === '-' ? undefined : text);
  const stamp = match[1]!;
  return inner(line, end, said(match[2]), said(match[3]), time, () => {
    const written = readTime(stamp, 0);
    if (written !== undefined) return written.resolve(time);
    return stamp === '-' ? undefined : 'no such time';
  });
}

/** Prefers the time that the server itself wrote. */
function inner(
  line: string,
  end: number,
  host: string | undefined,
  program: string | undefined,
  time: SourceTime,
  outer: () => LinePrefix['atMs'],
): LinePrefix {
  CATEGORY.lastIndex = end;
  const category = program === undefined ? null : CATEGORY.exec(line);
  const written = category === null ? undefined : readTime(line, end + category[0].length);
  if (written === undefined) return { atMs: outer(), host, program, rest: line.slice(end) };
  return { atMs: written.resolve(time), host, program, rest: line.slice(behindBlanks(line, written.end)) };
}

function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? at : at + match[0].length;
}

/** Cisco and others close a time with a colon. */
function behindBlanks(text: string, at: number): number {
  return behind(BLANKS, text, text[at] === ':' ? at + 1 : at);
}
