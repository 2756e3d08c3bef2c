/**
 * Host events as lines of JSON, so that traffic of others, or made up, can be looked at: `events.jsonl` (docs/evaluation.md). A line
 * is one object; keys that are not known are left out, and null is as good as no value.
 */
import { type Address, formatAddress, parseAddress } from '../../core/address.ts';
import { formatMac, parseMac } from '../../core/mac-address.ts';
import { canonicalName, formatName, type Name, parseName } from '../../dns/name.ts';
import { formatRecordType, parseRecordType, parseResponseCode, RCODE } from '../../dns/registry.ts';
import { ALLOW_REASONS, BLOCK_REASONS, type VerdictReason } from '../../policy/verdict.ts';

interface Line {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Of the client or source. */
  readonly mac: number | undefined;
}

/** A query, and its response where a response code is known. */
export interface DnsLine extends Line {
  readonly event: 'dns';
  readonly client: Address;
  readonly server: Address | undefined;
  /** Canonical (RFC 4034 §6.2). */
  readonly name: Name;
  readonly type: number;
  /** Undefined: no response was seen. */
  readonly responseCode: number | undefined;
  readonly answers: readonly Address[];
  readonly ttlSeconds: number | undefined;
  readonly recursionDesired: boolean | undefined;
}

export interface SynLine extends Line {
  readonly event: 'syn';
  readonly source: Address;
  /** 0: not known. */
  readonly sourcePort: number;
  readonly destination: Address;
  readonly port: number;
  /** A SYN with ACK came back. */
  readonly isAnswered: boolean;
}

export interface VerdictLine extends Line {
  readonly event: 'verdict';
  readonly client: Address;
  readonly server: Address;
  readonly name: Name | undefined;
  readonly type: number | undefined;
  readonly verdict: 'allow' | 'block';
  readonly reason: VerdictReason;
  readonly packets: number;
}

export type EventLine = DnsLine | SynLine | VerdictLine;

/** What is wrong with a line, at which of its values; none: with the whole line. */
export interface LineFault {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** Further addresses of one answer are left out. */
const MAX_ANSWERS = 64;
/** No date is farther from the epoch (ECMA-262 §21.4.1.1), milliseconds. */
const LAST_MS = 8.64e15;
/** A date, a time and a zone: without one nobody knows when it was. */
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)$/;

const COMMON_KEYS = ['time', 'event', 'mac'];
const KEYS: Readonly<Record<EventLine['event'], ReadonlySet<string>>> = {
  dns: new Set([...COMMON_KEYS, 'client', 'server', 'name', 'type', 'rcode', 'answers', 'ttl', 'rd']),
  syn: new Set([...COMMON_KEYS, 'source', 'source_port', 'destination', 'port', 'answered']),
  verdict: new Set([...COMMON_KEYS, 'client', 'server', 'name', 'type', 'verdict', 'reason', 'packets']),
};

class Misread extends Error {
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[], problem: string) {
    super(problem);
    this.path = path;
  }
}

/** Reads one line; `onUnknownKey` is told the keys that are left out. Never throws. */
export function parseEventLine(text: string, onUnknownKey: (key: string) => void = () => {}): EventLine | LineFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { path: [], problem: 'this is no JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { path: [], problem: 'want an object, such as {"time": …, "event": "syn", …}' };
  }
  try {
    const fields = new Fields(value as Readonly<Record<string, unknown>>);
    const line = readLine(fields);
    for (const key in value) if (!KEYS[line.event].has(key)) onUnknownKey(key);
    return line;
  } catch (error) {
    if (error instanceof Misread) return { path: error.path, problem: error.message };
    throw error;
  }
}

function readLine(fields: Fields): EventLine {
  const event = fields.text('event');
  const common = { atMs: fields.instant('time'), mac: fields.optional('mac', parseMac, WANT.mac) };
  switch (event) {
    case 'dns':
      return readDns(fields, common);
    case 'syn':
      return {
        event,
        ...common,
        source: fields.required('source', parseAddress, WANT.address),
        sourcePort: fields.count('source_port', 0xffff) ?? 0,
        destination: fields.required('destination', parseAddress, WANT.address),
        port: fields.count('port', 0xffff) ?? fields.missing('port', WANT.port),
        isAnswered: fields.flag('answered') ?? false,
      };
    case 'verdict':
      return readVerdict(fields, common);
    default:
      throw new Misread(['event'], `${JSON.stringify(event.slice(0, 40))} is none: want dns, syn or verdict`);
  }
}

function readDns(fields: Fields, common: Line): DnsLine {
  const answers = fields.answers('answers');
  const responseCode = fields.code('rcode', 0xfff, parseResponseCode, WANT.rcode);
  return {
    event: 'dns',
    ...common,
    client: fields.required('client', parseAddress, WANT.address),
    server: fields.optional('server', parseAddress, WANT.address),
    name: fields.required('name', readName, WANT.name),
    type: fields.code('type', 0xffff, parseRecordType, WANT.type) ?? fields.missing('type', WANT.type),
    // Who tells of answers need not say that there was one.
    responseCode: responseCode ?? (answers === undefined ? undefined : RCODE.NOERROR),
    answers: answers ?? [],
    ttlSeconds: fields.count('ttl', 0xffffffff),
    recursionDesired: fields.flag('rd'),
  };
}

function readVerdict(fields: Fields, common: Line): VerdictLine {
  const verdict = fields.required('verdict', (text) => (text === 'allow' || text === 'block' ? text : undefined), {
    wanted: 'allow or block',
  });
  const reasons: readonly VerdictReason[] = verdict === 'allow' ? ALLOW_REASONS : BLOCK_REASONS;
  const readReason = (text: string) => reasons.find((reason) => reason === text);
  return {
    event: 'verdict',
    ...common,
    client: fields.required('client', parseAddress, WANT.address),
    server: fields.required('server', parseAddress, WANT.address),
    name: fields.optional('name', readName, WANT.name),
    type: fields.code('type', 0xffff, parseRecordType, WANT.type),
    verdict,
    reason:
      fields.optional('reason', readReason, { wanted: `one of ${reasons.join(', ')}` }) ??
      (verdict === 'allow' ? 'history' : 'unknown'),
    packets: fields.count('packets', Number.MAX_SAFE_INTEGER) ?? 1,
  };
}

interface Wanted {
  readonly wanted: string;
}

const WANT = {
  address: { wanted: 'an IPv4 or IPv6 address' },
  name: { wanted: 'a domain name, such as www.example.com' },
  type: { wanted: 'a record type, such as A, TYPE65280 or 28' },
  rcode: { wanted: 'a response code, such as NOERROR, NXDOMAIN or 3' },
  port: { wanted: 'a whole number from 0 to 65535' },
  mac: { wanted: 'a MAC address, such as 02:00:00:00:00:01' },
  instant: { wanted: 'a time with its zone, such as 2026-11-20T12:00:05.250Z, or milliseconds since 1970' },
} as const satisfies Readonly<Record<string, Wanted>>;

function readName(text: string): Name | undefined {
  const name = parseName(text);
  return name === undefined ? undefined : canonicalName(name);
}

/** The values of a line; each read throws Misread where there is another than is wanted. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  missing(key: string, { wanted }: Wanted): never {
    throw new Misread([], `"${key}" is missing: want ${wanted}`);
  }

  text(key: string): string {
    return this.required(key, (text) => text, { wanted: 'text' });
  }

  optional<T>(key: string, read: (text: string) => T | undefined, { wanted }: Wanted): T | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    const result = typeof value === 'string' ? read(value) : undefined;
    if (result === undefined) throw new Misread([key], `want ${wanted}`);
    return result;
  }

  required<T>(key: string, read: (text: string) => T | undefined, want: Wanted): T {
    return this.optional(key, read, want) ?? this.missing(key, want);
  }

  count(key: string, most: number): number | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
      throw new Misread([key], `want a whole number from 0 to ${most}`);
    }
    return value;
  }

  /** A number, or the text that stands for one. */
  code(key: string, most: number, read: (text: string) => number | undefined, want: Wanted): number | undefined {
    return typeof this.#values[key] === 'number' ? this.count(key, most) : this.optional(key, read, want);
  }

  flag(key: string): boolean | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    throw new Misread([key], 'want true or false');
  }

  instant(key: string): number {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return this.missing(key, WANT.instant);
    const atMs = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : value;
    if (typeof atMs === 'number' && Math.abs(atMs) <= LAST_MS) return atMs;
    throw new Misread([key], `want ${WANT.instant.wanted}`);
  }

  /** Addresses; names and texts among them are no answer that anybody connects to. */
  answers(key: string): readonly Address[] | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new Misread([key], 'want a list of addresses');
    const addresses: Address[] = [];
    for (const [index, item] of value.entries()) {
      if (typeof item !== 'string') throw new Misread([key, index], `want ${WANT.address.wanted}`);
      const address = parseAddress(item);
      if (address !== undefined && addresses.length < MAX_ANSWERS) addresses.push(address);
    }
    return addresses;
  }
}

/** The line that `parseEventLine` reads so, without its end. */
export function composeEventLine(line: EventLine): string {
  const common = { time: new Date(line.atMs).toISOString(), event: line.event };
  const mac = line.mac === undefined ? undefined : formatMac(line.mac);
  return JSON.stringify({ ...common, ...specialFields(line), mac });
}

/** What is undefined, JSON leaves out. */
function specialFields(line: EventLine): Readonly<Record<string, unknown>> {
  switch (line.event) {
    case 'dns':
      return {
        client: formatAddress(line.client),
        server: line.server === undefined ? undefined : formatAddress(line.server),
        name: formatName(line.name),
        type: formatRecordType(line.type),
        rcode: line.responseCode,
        answers: line.answers.length === 0 ? undefined : line.answers.map(formatAddress),
        ttl: line.ttlSeconds,
        rd: line.recursionDesired,
      };
    case 'syn':
      return {
        source: formatAddress(line.source),
        source_port: line.sourcePort === 0 ? undefined : line.sourcePort,
        destination: formatAddress(line.destination),
        port: line.port,
        answered: line.isAnswered,
      };
    case 'verdict':
      return {
        client: formatAddress(line.client),
        server: formatAddress(line.server),
        name: line.name === undefined ? undefined : formatName(line.name),
        type: line.type === undefined ? undefined : formatRecordType(line.type),
        verdict: line.verdict,
        reason: line.reason,
        packets: line.packets,
      };
  }
}
