/** Kinds of configuration values: how each is written in YAML, what it becomes, and what the docs say of it. */
import { z } from 'zod';
import { parseAddress, parseNetwork } from '../core/address.ts';

/** What the docs table shows of a key, beside its description. */
export interface KeyFacts {
  readonly unit: string;
  readonly default: string;
  readonly limit: string;
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `50ms`, `10s`, `48h`, `7d` or plain `0`; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,15})(ms|s|m|h|d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * DURATION_UNITS[match[2]!]!;
}

interface Range {
  readonly default: string;
  readonly min: string;
  readonly max: string;
}

/** A duration key; its value is in milliseconds. */
export function duration(about: string, range: Range) {
  const min = parseDuration(range.min)!;
  const max = parseDuration(range.max)!;
  const facts: KeyFacts = { unit: 'duration', default: range.default, limit: `${range.min} to ${range.max}` };
  return z
    .union([z.string(), z.literal(0)], { error: 'expected a duration such as 50ms, 10s, 48h or 7d' })
    .transform((value, context) => {
      const durationMs = parseDuration(String(value));
      if (durationMs !== undefined && durationMs >= min && durationMs <= max) return durationMs;
      const limits = `${range.min} to ${range.max}`;
      const problem =
        durationMs === undefined ? 'no duration (want one such as 50ms, 10s, 48h)' : `not within ${limits}`;
      context.addIssue({ code: 'custom', message: `${value} is ${problem}` });
      return z.NEVER;
    })
    .prefault(range.default)
    .describe(about)
    .meta({ facts });
}

/** A whole number. */
export function whole(about: string, unit: string, range: { default: number; min: number; max: number }) {
  const facts: KeyFacts = { unit, default: String(range.default), limit: `${range.min} to ${range.max}` };
  return z.int().min(range.min).max(range.max).default(range.default).describe(about).meta({ facts });
}

export const address = z.string({ error: 'expected an IP address' }).transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no IPv4 or IPv6 address` });
  return z.NEVER;
});

export const network = z.string({ error: 'expected a network ADDRESS/LENGTH' }).transform((text, context) => {
  const parsed = parseNetwork(text);
  if (parsed !== undefined) return parsed;
  const problem = `"${text}" is no network: want ADDRESS/LENGTH with no bits set beyond LENGTH, such as 192.0.2.0/24`;
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

/** `HOST:PORT` or `[IPV6]:PORT`. */
export const listenAddress = z.string({ error: 'expected HOST:PORT' }).transform((text, context) => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65535) return { host, port };
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no listen address: want HOST:PORT, such as 127.0.0.1:6653`,
  });
  return z.NEVER;
});
