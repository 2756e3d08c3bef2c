/** Rows of the table `triples` as migration 1 made it: names and addresses as text, one teacher, trust low or high. */
import { canonicalName } from '../dns/name.ts';
import type { Lesson, NsTriple, Trust } from '../nsdb/ns-triple.ts';
import { readAddress, readCount, readEndlessMilliseconds, readMilliseconds, readName } from './column-values.ts';

export const FIRST_TRIPLE_COLUMNS = [
  'zone',
  'name_server',
  'address',
  'trust',
  'first_seen_at_ms',
  'last_seen_at_ms',
  'expires_at_ms',
  'ns_ttl_seconds',
  'glue_ttl_seconds',
  'lesson_trust',
  'teacher',
  'query_at_ms',
  'query_id',
  'query_name',
  'response_at_ms',
] as const;

const MAX_TTL_SECONDS = 0xffffffff;
const MAX_QUERY_ID = 0xffff;
/** What the two ranks of then are now: only a server of a zone above was trusted. */
const TRUST_NOW: Readonly<Record<string, Trust>> = { low: 'unverified', high: 'referral' };

/** Reads the values of FIRST_TRIPLE_COLUMNS; undefined when they are no triple. */
export function readFirstTriple(row: readonly unknown[]): NsTriple | undefined {
  const zone = readName(row[0]);
  const nameServer = readName(row[1]);
  const address = readAddress(row[2]);
  const trust = TRUST_NOW[String(row[3])];
  if (zone === undefined || nameServer === undefined || address === undefined || trust === undefined) return undefined;
  const firstSeenAtMs = readMilliseconds(row[4]);
  const lastSeenAtMs = readMilliseconds(row[5]);
  const expiresAtMs = readEndlessMilliseconds(row[6]);
  if (firstSeenAtMs === undefined || lastSeenAtMs === undefined || expiresAtMs === undefined) return undefined;
  const lesson = row[14] === null ? undefined : readFirstLesson(row);
  if (lesson === undefined && row[14] !== null) return undefined;
  const teacher = readAddress(row[10]);
  return {
    zone: canonicalName(zone),
    nameServer: canonicalName(nameServer),
    address,
    origin: 'learned',
    trust,
    glue: 'none',
    firstSeenAtMs,
    lastSeenAtMs,
    expiresAtMs,
    sightings: 1,
    teachers: teacher === undefined ? [] : [teacher],
    lesson,
  };
}

function readFirstLesson(row: readonly unknown[]): Lesson | undefined {
  const nsTtlSeconds = readCount(row[7], MAX_TTL_SECONDS);
  const glueTtlSeconds = readCount(row[8], MAX_TTL_SECONDS);
  const queryAtMs = row[11] === null ? undefined : readMilliseconds(row[11]);
  const queryId = readCount(row[12], MAX_QUERY_ID);
  const queryName = readName(row[13]);
  const responseAtMs = readMilliseconds(row[14]);
  if (nsTtlSeconds === undefined || glueTtlSeconds === undefined || queryId === undefined) return undefined;
  if (queryName === undefined || responseAtMs === undefined) return undefined;
  return { nsTtlSeconds, glueTtlSeconds, queryAtMs, queryId, queryName, responseAtMs };
}
