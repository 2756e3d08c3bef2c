/** Zone files, the master files of RFC 1035 §5.1, as far as the records of a response policy zone need it. */
import { type Name, parseName, ROOT } from '../dns/name.ts';
import { quote } from './entry.ts';
import { textLines } from './text-lines.ts';

/** A record: its owner in full, and its data as it is written, relative to `origin`. */
export interface ZoneRecord {
  readonly kind: 'record';
  readonly line: number;
  readonly owner: Name;
  /** In capitals. */
  readonly type: string;
  readonly data: readonly string[];
  readonly origin: Name;
}

/** A line that cannot be used; the ones behind it are read on. */
export interface ZoneMistake {
  readonly kind: 'mistake';
  readonly line: number;
  readonly problem: string;
}

const MAX_LINE_OCTETS = 65_536;
/** Of one record over all its lines. */
const MAX_TOKENS = 4096;
const MAX_RECORD_LINES = 1024;
const MAX_NAME_OCTETS = 255;

/** Written so that there is one way to read it: a long line of digits must not be tried in all ways. */
const TTL = /^\d{1,10}(?:[smhdw]\d{1,10})*[smhdw]?$/i;
const CLASS = /^(?:IN|CH|HS|CS)$/i;
const TYPE = /^[A-Z][A-Z0-9-]*$/i;
/** A word, a text in quotes, a parenthesis or a comment. */
const TOKEN = /(?:[^\s"();\\]|\\\d{3}|\\[^\d])+|"(?:[^"\\]|\\.)*"|[();"\\]/gs;

interface Line {
  readonly tokens: string[];
  /** It begins with white space: it is about the owner of the record before it. */
  readonly isBlankFirst: boolean;
  readonly number: number;
}

/** The records one by one; never throws. Relative names are of the root until `$ORIGIN` says otherwise. */
export function* readZoneFile(octets: Buffer): Generator<ZoneRecord | ZoneMistake, void> {
  const state: ZoneState = { origin: ROOT, owner: undefined };
  for (const line of joinedLines(octets)) {
    if ('problem' in line) {
      yield line;
      continue;
    }
    const read = readLine(line, state);
    if (typeof read === 'string') yield { kind: 'mistake', line: line.number, problem: read };
    else if (read !== undefined) yield read;
  }
}

interface ZoneState {
  origin: Name;
  owner: Name | undefined;
}

/** Lines with their comments off, those within parentheses as one. */
function* joinedLines(octets: Buffer): Generator<Line | ZoneMistake, void> {
  let open: Line | undefined;
  let depth = 0;
  let lines = 0;
  for (const { number, text, isLong } of textLines(octets, MAX_LINE_OCTETS)) {
    const line: Line = open ?? { tokens: [], isBlankFirst: /^\s/.test(text), number };
    const after = isLong ? undefined : addTokens(text, line.tokens, depth);
    if (after === undefined || line.tokens.length > MAX_TOKENS || ++lines > MAX_RECORD_LINES) {
      const problem =
        after === undefined ? 'has quotes or parentheses that do not match, or is too long' : 'is too long';
      yield { kind: 'mistake', line: number, problem };
      open = undefined;
      depth = 0;
      lines = 0;
      continue;
    }
    depth = after;
    open = depth > 0 ? line : undefined;
    if (open !== undefined) continue;
    lines = 0;
    if (line.tokens.length > 0) yield line;
  }
  if (open !== undefined)
    yield { kind: 'mistake', line: open.number, problem: 'opens a parenthesis that nothing closes' };
}

/** Adds the tokens of a line; gives how many parentheses are open behind it, or undefined for one that cannot be read. */
function addTokens(text: string, tokens: string[], openBefore: number): number | undefined {
  let depth = openBefore;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ';') return depth;
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (token === '"' || token === '\\') return undefined;
    else tokens.push(token);
    if (depth < 0) return undefined;
  }
  return depth;
}

function readLine({ tokens, isBlankFirst, number }: Line, state: ZoneState): ZoneRecord | string | undefined {
  const [first = '', second = ''] = tokens;
  if (!isBlankFirst && first.startsWith('$')) return readDirective(first.toUpperCase(), second, state);
  if (!isBlankFirst) {
    // A line that cannot be read must not give its records to the owner before it.
    state.owner = absoluteName(first, state.origin);
    if (state.owner === undefined) return `${quote(first)} is no domain name`;
  }
  const { owner, origin } = state;
  if (owner === undefined) return 'has no owner name, and nor has a line above it';
  const rest = isBlankFirst ? tokens : tokens.slice(1);
  let at = 0;
  while (at < 2 && at < rest.length && (TTL.test(rest[at]!) || CLASS.test(rest[at]!))) at++;
  const type = rest[at];
  if (type === undefined || !TYPE.test(type)) return 'has no record type where one is wanted';
  return { kind: 'record', line: number, owner, type: type.toUpperCase(), data: rest.slice(at + 1), origin };
}

function readDirective(directive: string, value: string, state: ZoneState): string | undefined {
  if (directive === '$TTL') return TTL.test(value) ? undefined : `$TTL ${quote(value)} is no time to live`;
  if (directive === '$ORIGIN') {
    const origin = absoluteName(value, state.origin);
    if (origin === undefined) return `$ORIGIN ${quote(value)} is no domain name`;
    state.origin = origin;
    return undefined;
  }
  // $INCLUDE would read files that a stranger names, $GENERATE make records without end.
  return `${quote(directive)} is not followed`;
}

/** A name as it is written in a zone file: `@` is the origin, and one without a final dot lies below it. */
export function absoluteName(text: string, origin: Name): Name | undefined {
  if (text === '@') return origin;
  const name = parseName(text);
  if (name === undefined || isAbsolute(text)) return name;
  const joined = name.slice(0, -1) + origin;
  return joined.length <= MAX_NAME_OCTETS ? (joined as Name) : undefined;
}

/** Whether a name ends with a dot that is no part of a label. */
export function isAbsolute(text: string): boolean {
  if (!text.endsWith('.')) return false;
  const backslashes = /\\*$/.exec(text.slice(0, -1))![0].length;
  return backslashes % 2 === 0;
}
