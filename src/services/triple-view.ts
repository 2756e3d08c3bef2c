/** A row of the history as people and files have it, in both directions. */
import { z } from 'zod';
import { type Address, formatAddress, parseAddress } from '../core/address.ts';
import { canonicalName, formatName, type Name, parseName } from '../dns/name.ts';
import { GLUES, type Lesson, MAX_TEACHERS, type NsTriple, TRUSTS } from '../nsdb/ns-triple.ts';
import { formatInstant } from './instant.ts';

/** One row of the history, as table I of Ichise et al. has it. Times are ISO 8601 with zone and milliseconds. */
export interface TripleView {
  readonly zone: string;
  readonly nameServer: string;
  readonly address: string;
  readonly origin: string;
  readonly trust: string;
  readonly glue: string;
  readonly sightings: number;
  /** Newest first. */
  readonly teachers: readonly string[];
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null when it never expires. */
  readonly expires: string | null;
  /** The newest exchange; null for what was configured, or imported without one. */
  readonly taughtBy: {
    /** The newest of the teachers. */
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
  const { lesson, teachers } = triple;
  const [newest] = teachers;
  return {
    zone: formatName(triple.zone),
    nameServer: formatName(triple.nameServer),
    address: formatAddress(triple.address),
    origin: triple.origin,
    trust: triple.trust,
    glue: triple.glue,
    sightings: triple.sightings,
    teachers: triple.teachers.map(formatAddress),
    firstSeen: formatInstant(triple.firstSeenAtMs)!,
    lastSeen: formatInstant(triple.lastSeenAtMs)!,
    expires: formatInstant(triple.expiresAtMs),
    taughtBy:
      lesson === undefined || newest === undefined
        ? null
        : {
            server: formatAddress(newest),
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

/** What a Date can be (ECMA-262 §21.4.1.1), and no earlier than the epoch. */
const MAX_INSTANT_MS = 8.64e15;

const instantText = z.iso.datetime({ offset: true }).transform((text, context) => {
  const atMs = Date.parse(text);
  if (atMs >= 0 && atMs <= MAX_INSTANT_MS) return atMs;
  context.addIssue({ code: 'custom', message: `"${text}" is no time since 1970` });
  return z.NEVER;
});
const ttlSeconds = z.int().min(0).max(0xffffffff);

/** The words of earlier versions, which had two. */
const EARLIER_TRUSTS = { low: 'unverified', high: 'referral' } as const;

const trustText = z
  .enum([...TRUSTS, 'low', 'high'])
  .transform((word) => (word === 'low' || word === 'high' ? EARLIER_TRUSTS[word] : word));

const exchange = z.object({
  server: addressText,
  queryName: nameText,
  queryId: z.int().min(0).max(0xffff),
  queryTime: instantText.nullable(),
  responseTime: instantText,
  nsTtlSeconds: ttlSeconds,
  glueTtlSeconds: ttlSeconds,
});

type Exchange = z.output<typeof exchange>;

/**
 * Reads a TripleView into what the history takes; whatever its origin, it counts as learned from then on. Files of earlier
 * versions say nothing of glue, sightings and teachers.
 */
export const tripleRow = z
  .object({
    zone: nameText,
    nameServer: nameText,
    address: addressText,
    trust: trustText,
    glue: z.enum(GLUES).default('none'),
    sightings: z.int().min(1).default(1),
    teachers: z.array(addressText).max(MAX_TEACHERS).readonly().optional(),
    firstSeen: instantText,
    lastSeen: instantText,
    expires: instantText,
    taughtBy: exchange.nullable(),
  })
  .refine(({ firstSeen, lastSeen }) => firstSeen <= lastSeen, { path: ['lastSeen'], error: 'is before firstSeen' })
  .transform(({ firstSeen, lastSeen, expires, teachers, taughtBy, ...key }): NsTriple => {
    const times = { firstSeenAtMs: firstSeen, lastSeenAtMs: lastSeen, expiresAtMs: expires };
    const lesson = taughtBy === null ? undefined : lessonOf(taughtBy);
    return { ...key, ...times, origin: 'learned', teachers: teachersOf(teachers ?? [], taughtBy), lesson };
  });

/** The server of the newest exchange stands first, whatever the row says. */
function teachersOf(named: readonly Address[], taughtBy: Exchange | null): readonly Address[] {
  if (taughtBy === null) return named;
  return [...new Set([taughtBy.server, ...named])].slice(0, MAX_TEACHERS);
}

function lessonOf({ queryTime, responseTime, queryName, queryId, nsTtlSeconds, glueTtlSeconds }: Exchange): Lesson {
  const queryAtMs = queryTime ?? undefined;
  return { nsTtlSeconds, glueTtlSeconds, queryAtMs, queryId, queryName, responseAtMs: responseTime };
}

/** A row of a history as it travels: what `tripleRow` reads. */
export type TripleRow = z.input<typeof tripleRow>;
