/** A row of the history as people and files have it, in both directions. */
import { z } from 'zod';
import { type Address, formatAddress, parseAddress } from '../core/address.ts';
import { canonicalName, formatName, type Name, parseName } from '../dns/name.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { formatInstant } from './instant.ts';

/** One row of the history, as table I of Ichise et al. has it. Times are ISO 8601 with zone and milliseconds. */
export interface TripleView {
  readonly zone: string;
  readonly nameServer: string;
  readonly address: string;
  readonly origin: string;
  readonly trust: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null when it never expires. */
  readonly expires: string | null;
  /** Null for what was configured. */
  readonly taughtBy: {
    readonly server: string;
    readonly queryName: string;
    readonly queryId: number;
    /** Null when the response was believed without its query. */
    readonly queryTime: string | null;
    readonly responseTime: string;
    readonly nsTtlSeconds: number;
    readonly glueTtlSeconds: number;
  } | null;
}

export function viewTriple(triple: NsTriple): TripleView {
  const { lesson } = triple;
  return {
    zone: formatName(triple.zone),
    nameServer: formatName(triple.nameServer),
    address: formatAddress(triple.address),
    origin: triple.origin,
    trust: triple.trust,
    firstSeen: formatInstant(triple.firstSeenAtMs)!,
    lastSeen: formatInstant(triple.lastSeenAtMs)!,
    expires: formatInstant(triple.expiresAtMs),
    taughtBy:
      lesson === undefined
        ? null
        : {
            server: formatAddress(lesson.teacher),
            queryName: formatName(lesson.queryName),
            queryId: lesson.queryId,
            queryTime: lesson.queryAtMs === undefined ? null : formatInstant(lesson.queryAtMs),
            responseTime: formatInstant(lesson.responseAtMs)!,
            nsTtlSeconds: lesson.nsTtlSeconds,
            glueTtlSeconds: lesson.glueTtlSeconds,
          },
  };
}

const addressText = z.string().transform((text, context): Address => {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  context.addIssue({ code: 'custom', message: `"${text}" is no IPv4 or IPv6 address` });
  return z.NEVER;
});

const nameText = z.string().transform((text, context): Name => {
  const name = parseName(text);
  if (name !== undefined) return canonicalName(name);
  context.addIssue({ code: 'custom', message: `"${text}" is no domain name` });
  return z.NEVER;
});

const instantText = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const ttlSeconds = z.int().min(0).max(0xffffffff);

/** Reads a TripleView into what the history takes; whatever its origin, it counts as learned from then on. */
export const tripleRow = z
  .object({
    zone: nameText,
    nameServer: nameText,
    address: addressText,
    trust: z.enum(['low', 'high']),
    firstSeen: instantText,
    lastSeen: instantText,
    expires: instantText,
    taughtBy: z
      .object({
        server: addressText,
        queryName: nameText,
        queryId: z.int().min(0).max(0xffff),
        queryTime: instantText.nullable(),
        responseTime: instantText,
        nsTtlSeconds: ttlSeconds,
        glueTtlSeconds: ttlSeconds,
      })
      .nullable(),
  })
  .transform(({ zone, nameServer, address, trust, firstSeen, lastSeen, expires, taughtBy }): NsTriple => {
    const key = { zone, nameServer, address, trust };
    const times = { firstSeenAtMs: firstSeen, lastSeenAtMs: lastSeen, expiresAtMs: expires };
    if (taughtBy === null) return { ...key, ...times, origin: 'learned', lesson: undefined };
    const { server: teacher, queryName, queryId, queryTime, responseTime, nsTtlSeconds, glueTtlSeconds } = taughtBy;
    const queryAtMs = queryTime ?? undefined;
    const exchange = { teacher, queryName, queryId, queryAtMs, responseAtMs: responseTime };
    return { ...key, ...times, origin: 'learned', lesson: { ...key, ...exchange, nsTtlSeconds, glueTtlSeconds } };
  });

/** A row of a history as it travels: what `tripleRow` reads. */
export type TripleRow = z.input<typeof tripleRow>;
