/** Rows of the table `triples`. */
import { formatAddress } from '../core/address.ts';
import { canonicalName, formatName } from '../dns/name.ts';
import type { Lesson, NsTriple, Trust } from '../nsdb/ns-triple.ts';
import {
  type ColumnValue,
  endlessMilliseconds,
  readAddress,
  readCount,
  readEndlessMilliseconds,
  readMilliseconds,
  readName,
  readWord,
} from './column-values.ts';

export const TRIPLE_COLUMNS = [
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

const FIRST_LESSON_COLUMN = TRIPLE_COLUMNS.indexOf('ns_ttl_seconds');
const NO_LESSON: readonly null[] = TRIPLE_COLUMNS.slice(FIRST_LESSON_COLUMN).map(() => null);
const TRUSTS: Readonly<Record<Trust, true>> = { low: true, high: true };
const MAX_TTL_SECONDS = 0xffffffff;
const MAX_QUERY_ID = 0xffff;

/** The values of TRIPLE_COLUMNS. What a lesson shares with its triple stands there once. */
export function tripleRow(triple: NsTriple): ColumnValue[] {
  return [
    formatName(triple.zone),
    formatName(triple.nameServer),
    formatAddress(triple.address),
    triple.trust,
    triple.firstSeenAtMs,
    triple.lastSeenAtMs,
    endlessMilliseconds(triple.expiresAtMs),
    ...(triple.lesson === undefined ? NO_LESSON : lessonColumns(triple.lesson)),
  ];
}

function lessonColumns(lesson: Lesson): ColumnValue[] {
  return [
    lesson.nsTtlSeconds,
    lesson.glueTtlSeconds,
    lesson.trust,
    formatAddress(lesson.teacher),
    lesson.queryAtMs ?? null,
    lesson.queryId,
    formatName(lesson.queryName),
    lesson.responseAtMs,
  ];
}

/** Reads the values of TRIPLE_COLUMNS; undefined when they are no triple. */
export function readTriple(row: readonly unknown[]): NsTriple | undefined {
  const zone = readName(row[0]);
  const nameServer = readName(row[1]);
  const address = readAddress(row[2]);
  if (zone === undefined || nameServer === undefined || address === undefined) return undefined;
  const trust = readWord(row[3], TRUSTS);
  const firstSeenAtMs = readMilliseconds(row[4]);
  const lastSeenAtMs = readMilliseconds(row[5]);
  const expiresAtMs = readEndlessMilliseconds(row[6]);
  if (trust === undefined || firstSeenAtMs === undefined || lastSeenAtMs === undefined || expiresAtMs === undefined) {
    return undefined;
  }
  const key = { zone: canonicalName(zone), nameServer: canonicalName(nameServer), address };
  const lesson = row[14] === null ? undefined : readLesson(row, key);
  if (lesson === undefined && row[14] !== null) return undefined;
  // Here and below each property by name: spreading takes several times as long, and there are many rows.
  return {
    zone: key.zone,
    nameServer: key.nameServer,
    address,
    origin: 'learned',
    trust,
    firstSeenAtMs,
    lastSeenAtMs,
    expiresAtMs,
    lesson,
  };
}

function readLesson(
  row: readonly unknown[],
  key: Pick<NsTriple, 'zone' | 'nameServer' | 'address'>,
): Lesson | undefined {
  const nsTtlSeconds = readCount(row[7], MAX_TTL_SECONDS);
  const glueTtlSeconds = readCount(row[8], MAX_TTL_SECONDS);
  const trust = readWord(row[9], TRUSTS);
  const teacher = readAddress(row[10]);
  if (nsTtlSeconds === undefined || glueTtlSeconds === undefined || trust === undefined || teacher === undefined) {
    return undefined;
  }
  const queryAtMs = row[11] === null ? undefined : readMilliseconds(row[11]);
  const queryId = readCount(row[12], MAX_QUERY_ID);
  const queryName = readName(row[13]);
  const responseAtMs = readMilliseconds(row[14]);
  if (queryId === undefined || queryName === undefined || responseAtMs === undefined) return undefined;
  return {
    zone: key.zone,
    nameServer: key.nameServer,
    address: key.address,
    nsTtlSeconds,
    glueTtlSeconds,
    trust,
    teacher,
    queryAtMs,
    queryId,
    queryName,
    responseAtMs,
  };
}
