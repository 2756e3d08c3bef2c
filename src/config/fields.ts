/**
 * Kinds of configuration values: how each is written in YAML, what it becomes and back, and what the docs and the JSON
 * Schema say of it.
 */
import { z } from 'zod';
import { type Address, formatAddress, type Network, parseAddress, parseNetwork } from '../core/address.ts';
import { formatHostPort } from '../core/host-port.ts';
import { formatMac, parseMac } from '../core/mac-address.ts';
import { quoted } from './quoted.ts';
import { rangePattern } from './range-pattern.ts';

/** What the docs table shows of a key, beside its description. */
export interface KeyFacts {
  readonly unit: string;
  readonly default: string;
  readonly limit: string;
}

/** What `meta` is given of a key: `defaultText` and `limit` are for people. */
export const facts = (unit: string, defaultText: string, limit: string): { facts: KeyFacts } => ({
  facts: { unit, default: defaultText, limit },
});

/** A path that must be there once its section is. PATH_MAX of Linux counts the zero octet at the end. */
export const neededPath = z
  .string()
  .min(1)
  .max(4095)
  .refine((text) => !text.includes('\0'), { error: 'a path has no zero octet' });

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `50ms`, `10s`, `48h`, `7d` or plain `0`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * DURATION_UNITS[match[2]!]!;
}

/** The shortest way to write a duration, from whole milliseconds: what parseDuration reads. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0';
  const units = Object.entries(DURATION_UNITS).reverse();
  const [name, sizeMs] = units.find(([, sizeMs]) => durationMs % sizeMs === 0)!;
  return `${durationMs / sizeMs}${name}`;
}

interface Range {
  readonly default: string;
  readonly min: string;
  readonly max: string;
}

const WANT_DURATION = 'want a duration such as 50ms, 10s, 48h or 7d';

/** A duration key; its value is in milliseconds. */
export function duration(about: string, range: Range) {
  const limits = `${range.min} to ${range.max}`;
  const facts: KeyFacts = { unit: 'duration', default: range.default, limit: limits };
  return durationWithin(range).prefault(range.default).describe(about).meta({ facts });
}

/** A duration key that may be left out: `withoutIt` says for people what holds then. */
export function optionalDuration(about: string, withoutIt: string, range: Omit<Range, 'default'>) {
  const facts: KeyFacts = { unit: 'duration', default: withoutIt, limit: `${range.min} to ${range.max}` };
  return durationWithin(range).optional().describe(about).meta({ facts });
}

function durationWithin(range: Omit<Range, 'default'>) {
  const min = parseDuration(range.min)!;
  const max = parseDuration(range.max)!;
  const limits = `${range.min} to ${range.max}`;
  const text = z.string().meta(written(durationPattern(min, max), `want a duration from ${limits}`));
  // Refused with its limits below; JSON Schema has to be told that it never fits.
  const zero = min === 0 ? z.literal(0) : z.literal(0).meta({ not: {} });
  return z.codec(z.union([text, zero], { error: WANT_DURATION }), z.number(), {
    decode(value, context) {
      const durationMs = parseDuration(String(value));
      if (durationMs !== undefined && durationMs >= min && durationMs <= max) return durationMs;
      const problem =
        durationMs === undefined ? 'no duration (want one such as 50ms, 10s, 48h)' : `not within ${limits}`;
      return refuse(context, value, `is ${problem}`);
    },
    encode: formatDuration,
  });
}

/** Takes what parseDuration reads as `min` to `max` milliseconds, unit by unit. */
function durationPattern(min: number, max: number): string {
  const forms = Object.entries(DURATION_UNITS).flatMap(([unit, sizeMs]) => {
    const from = Math.ceil(min / sizeMs);
    const to = Math.floor(max / sizeMs);
    return from > to ? [] : [`${rangePattern(from, to)}${unit}`];
  });
  return [...(min === 0 ? ['0'] : []), ...forms].join('|');
}

/** What an editor is told of a text: the pattern holds for all of it. The second key is one that editors know. */
export function written(pattern: string, patternErrorMessage: string) {
  return { pattern: `^(?:${pattern})$`, patternErrorMessage };
}

interface RefusalContext {
  readonly issues: z.core.$ZodRawIssue[];
}

/** Adds the mistake `"value" problem`. */
export function refuse(context: RefusalContext, value: unknown, problem: string): never {
  context.issues.push({ code: 'custom', message: `${quoted(String(value))} ${problem}`, input: value });
  return z.NEVER;
}

/** A whole number. */
export function whole(about: string, unit: string, range: { default: number; min: number; max: number }) {
  const facts: KeyFacts = { unit, default: String(range.default), limit: `${range.min} to ${range.max}` };
  return z.int().min(range.min).max(range.max).default(range.default).describe(about).meta({ facts });
}

export const address = z.codec(
  z.string({ error: 'want an IP address' }).meta({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }),
  z.custom<Address>(),
  {
    decode: (text, context) => parseAddress(text) ?? refuse(context, text, 'is no IPv4 or IPv6 address'),
    encode: formatAddress,
  },
);

export const MAC_ADDRESS = '[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}';

/** A MAC address; its value is its 48 bits. */
export const macAddress = z.codec(
  z.string().meta(written(MAC_ADDRESS, 'want a MAC address such as 02:00:00:00:00:01')),
  z.number(),
  {
    decode: (text, context) =>
      parseMac(text) ?? refuse(context, text, 'is no MAC address (want one such as 02:00:00:00:00:01)'),
    encode: formatMac,
  },
);

export const IPV4_NETWORK = `[0-9.]+/${rangePattern(0, 32)}`;
export const IPV6_NETWORK = `[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*/${rangePattern(0, 128)}`;

export const network = z.codec(
  z
    .string({ error: 'want a network ADDRESS/LENGTH' })
    .meta(written(`${IPV4_NETWORK}|${IPV6_NETWORK}`, 'want a network ADDRESS/LENGTH, such as 192.0.2.0/24')),
  z.custom<Network>(),
  {
    decode(text, context) {
      const problem = 'is no network: want ADDRESS/LENGTH with no bits set beyond LENGTH, such as 192.0.2.0/24';
      return parseNetwork(text) ?? refuse(context, text, problem);
    },
    encode: ({ base, prefixLength }) => `${formatAddress(base)}/${prefixLength}`,
  },
);

/** Of OpenFlow (IANA; OpenFlow 1.3.5 §6.3.3). */
const OPENFLOW_PORT = 6653;
const WANT_SWITCH = 'want tcp:HOST:PORT or ssl:HOST:PORT of a switch that listens, an IPv6 address in brackets';
const SWITCH_PATTERN = `(?:tcp|ssl):(?:\\[[0-9A-Fa-f:.]+\\]|[0-9A-Za-z._-]+)(?::${rangePattern(1, 65535)})?`;

interface SwitchTarget {
  readonly scheme: 'tcp' | 'ssl';
  readonly host: string;
  readonly port: number;
}

/** `tcp:HOST:PORT` or `ssl:HOST:PORT`, in the words of Open vSwitch; the port may be left out. */
export const switchTarget = z.codec(
  z.string({ error: WANT_SWITCH }).meta(written(SWITCH_PATTERN, WANT_SWITCH)),
  z.object({ scheme: z.enum(['tcp', 'ssl']), host: z.string(), port: z.number() }),
  {
    decode(text, context) {
      const match = /^(tcp|ssl):(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+))(?::(\d+))?$/.exec(text);
      const host = match?.[2] ?? match?.[3];
      const port = Number(match?.[4] ?? OPENFLOW_PORT);
      const isAddress = match?.[2] === undefined || parseAddress(match[2]) !== undefined;
      if (host === undefined || !isAddress || port < 1 || port > 65535)
        return refuse(context, text, `is no switch: ${WANT_SWITCH}`);
      return { scheme: match![1] as 'tcp' | 'ssl', host, port };
    },
    encode: formatSwitchTarget,
  },
);

export function formatSwitchTarget({ scheme, host, port }: SwitchTarget): string {
  return `${scheme}:${formatHostPort(host, port)}`;
}

const LISTEN_PATTERN = `(?:\\[[^\\]]+\\]|[^:[\\]]+):${rangePattern(0, 65535)}`;

/** `HOST:PORT` or `[IPV6]:PORT`. */
export const listenAddress = z.codec(
  z.string({ error: 'want HOST:PORT' }).meta(written(LISTEN_PATTERN, 'want HOST:PORT, such as 127.0.0.1:6653')),
  z.object({ host: z.string(), port: z.number() }),
  {
    decode(text, context) {
      const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3]);
      if (host !== undefined && port <= 65535) return { host, port };
      return refuse(context, text, 'is no listen address: want HOST:PORT, such as 127.0.0.1:6653');
    },
    encode: ({ host, port }) => formatHostPort(host, port),
  },
);

const WANT_SERVER = 'want ADDRESS:PORT, such as 192.0.2.53:53, an IPv6 address in brackets';
const OCTET = rangePattern(0, 255);
const SERVER_PATTERN = `(?:\\[[0-9A-Fa-f:.]+\\]|${OCTET}(?:\\.${OCTET}){3}):${rangePattern(1, 65535)}`;

/** `ADDRESS:PORT` or `[IPV6]:PORT` of a server to ask, whose name nobody could look up. */
export const serverAddress = z.codec(
  z.string({ error: WANT_SERVER }).meta(written(SERVER_PATTERN, WANT_SERVER)),
  z.object({ host: z.string(), port: z.number() }),
  {
    decode(text, context) {
      const place = listenAddress.safeDecode(text).data;
      const isServer = place !== undefined && parseAddress(place.host) !== undefined && place.port > 0;
      return isServer ? place : refuse(context, text, `is no server: ${WANT_SERVER}`);
    },
    encode: ({ host, port }) => formatHostPort(host, port),
  },
);

const WANT_PLACE = 'want the path of a unix socket, from / on, or HOST:PORT';
const SOCKET_PATH_PATTERN = '/[^\\0]{1,106}';
/** What sockaddr_un of Linux has room for, less the final zero octet. */
const MAX_SOCKET_PATH = 107;

interface SocketPlace {
  readonly path: string;
}

interface AddressPlace {
  readonly host: string;
  readonly port: number;
}

/** The path of a unix socket, or `HOST:PORT`; undefined when it is neither. */
export function parseCapturePlace(text: string): SocketPlace | AddressPlace | undefined {
  if (!text.startsWith('/')) return listenAddress.safeDecode(text).data;
  return Buffer.byteLength(text) <= MAX_SOCKET_PATH && !text.includes('\0') ? { path: text } : undefined;
}

/** The path of a unix socket, or `HOST:PORT`, or `[IPV6]:PORT`. */
export const capturePlace = z.codec(
  z
    .string({ error: WANT_PLACE })
    .meta(
      written(`${SOCKET_PATH_PATTERN}|(?!/)(?:${LISTEN_PATTERN})`, `${WANT_PLACE}, such as /run/gluewall/capture.sock`),
    ),
  z.union([z.object({ path: z.string() }), z.object({ host: z.string(), port: z.number() })]),
  {
    decode: (text, context) => parseCapturePlace(text) ?? refuse(context, text, `is no place to listen: ${WANT_PLACE}`),
    encode: (place) => ('path' in place ? place.path : formatHostPort(place.host, place.port)),
  },
);
