/** How entries are taken away from MariaDB: whole days with their partition, those of one source segment by segment. */
import type { Connection } from 'mariadb';
import { DAY_MS } from '../../core/clock.ts';
import { dayOf, type Retention } from '../../querylog/query-log-store.ts';
import {
  dropDay,
  forgetDay,
  partitionedDays,
  SLOTS_OF_DAY,
  slotsOf,
  type Taken,
  takeDay,
} from './mariadb-query-log-days.ts';
import type { Row } from './mariadb-query-log-rows.ts';
import { retentionStartMs } from './retention-start.ts';
import { SEGMENT_ENTRIES } from './segment.ts';

const SQL = {
  days: 'SELECT day FROM log_days ORDER BY day',
  nextNumber: 'SELECT next_number FROM log_days WHERE day = ? FOR UPDATE',
  anyOfDay: 'SELECT 1 FROM log_entries WHERE day = ? LIMIT 1',
  sources: 'SELECT id, name FROM log_sources',
  daysOfSource: `SELECT DISTINCT slot DIV ${SLOTS_OF_DAY} FROM log_coverage WHERE source = ? AND slot < ?`,
  segments: 'SELECT segment FROM log_segments WHERE day = ? ORDER BY segment',
  deleteAnswers: `DELETE a FROM log_answers AS a JOIN log_entries AS e ON e.day = a.day AND e.number = a.number
    WHERE a.day = ? AND a.segment = ? AND e.source = ?`,
  deleteEntries: 'DELETE FROM log_entries WHERE day = ? AND number >= ? AND number < ? AND source = ?',
  takeFromSegment: 'UPDATE log_segments SET entries = entries - ? WHERE day = ? AND segment = ?',
  forgetSlotsOfSource: 'DELETE FROM log_coverage WHERE source = ? AND slot >= ? AND slot < ?',
  deleteQuarantined: 'DELETE FROM log_quarantined WHERE source = ? AND at_ms < ?',
  sizes: `SELECT CAST(partition_description AS SIGNED), SUM(data_length + index_length)
    FROM information_schema.partitions
    WHERE table_schema = DATABASE() AND table_name IN ('log_entries', 'log_answers') GROUP BY partition_description`,
} as const;

/** Takes away what is not to be kept, and counts it. Throws what the connector throws. */
export async function trimLog(
  connection: Connection,
  retention: Retention,
  nowMs: number,
  taken: Taken,
): Promise<void> {
  const firstDay = firstKeptDay(retention, undefined, nowMs);
  const days = new Set([...(await heldDays(connection)), ...(await partitionedDays(connection))]);
  for (const day of days) if (day < firstDay) await takeDay(connection, day, taken);
  const sources: readonly Row[] = await connection.query(SQL.sources);
  for (const [source, name] of sources) {
    const firstDayOfSource = firstKeptDay(retention, String(name), nowMs);
    if (firstDayOfSource > 0) await takeSource(connection, Number(source), firstDayOfSource, taken);
  }
  if (retention.sizeBytes !== Number.POSITIVE_INFINITY) {
    await takeExcess(connection, retention.sizeBytes, nowMs, taken);
  }
  await connection.commit();
}

/** Octets of entries and answers with their indexes, as the server estimates them. */
export async function logSize(connection: Connection): Promise<number> {
  let sum = 0;
  for (const size of (await sizes(connection)).values()) sum += size;
  return sum;
}

/** The first day of which entries are kept; days since the epoch, 0 for all. */
function firstKeptDay(retention: Retention, source: string | undefined, nowMs: number): number {
  return Math.max(0, Math.ceil(retentionStartMs(retention, source, nowMs) / DAY_MS - 1));
}

/** Oldest first. */
async function heldDays(connection: Connection): Promise<readonly number[]> {
  const rows: readonly Row[] = await connection.query(SQL.days);
  return rows.map(([day]) => Number(day));
}

/** Takes away what came of a source before a day. */
async function takeSource(connection: Connection, source: number, firstDay: number, taken: Taken): Promise<void> {
  await connection.execute(SQL.deleteQuarantined, [source, firstDay * DAY_MS]);
  const days: readonly Row[] = await connection.execute(SQL.daysOfSource, [source, firstDay * SLOTS_OF_DAY]);
  await connection.commit();
  for (const [day] of days) await takeSourceOfDay(connection, source, Number(day), taken);
}

/** Portion by portion, so that nobody waits for long. */
async function takeSourceOfDay(connection: Connection, source: number, day: number, taken: Taken): Promise<void> {
  const before = await lockDay(connection, day);
  const segments: readonly Row[] = await connection.execute(SQL.segments, [day]);
  await connection.commit();
  for (const [segment] of segments) {
    await lockDay(connection, day);
    await connection.execute(SQL.deleteAnswers, [day, segment, source]);
    const first = Number(segment) * SEGMENT_ENTRIES;
    const range = [day, first, first + SEGMENT_ENTRIES, source];
    const { affectedRows } = await connection.execute(SQL.deleteEntries, range);
    await connection.execute(SQL.takeFromSegment, [affectedRows, day, segment]);
    await connection.commit();
    taken.entries += affectedRows;
  }
  // What came meanwhile is met by the next trim, which is led here by the slots.
  if ((await lockDay(connection, day)) === before) {
    await connection.execute(SQL.forgetSlotsOfSource, [source, ...slotsOf(day)]);
  }
  const left: readonly Row[] = await connection.execute(SQL.anyOfDay, [day]);
  await connection.commit();
  if (left.length > 0) return;
  await dropDay(connection, day);
  await forgetDay(connection, day, taken);
}

/** Nobody adds to the day until the transaction ends. Says which number is the next. */
async function lockDay(connection: Connection, day: number): Promise<number> {
  const rows: readonly Row[] = await connection.execute(SQL.nextNumber, [day]);
  return Number(rows[0]?.[0] ?? 0);
}

/** Takes the oldest days away, until the rest is small enough; not the newest, and none from today on. */
async function takeExcess(connection: Connection, sizeBytes: number, nowMs: number, taken: Taken): Promise<void> {
  const byDay = await sizes(connection);
  let size = [...byDay.values()].reduce((sum, one) => sum + one, 0);
  for (const day of (await heldDays(connection)).slice(0, -1)) {
    if (size <= sizeBytes || day >= dayOf(nowMs)) return;
    await takeDay(connection, day, taken);
    size -= byDay.get(day) ?? 0;
  }
}

async function sizes(connection: Connection): Promise<ReadonlyMap<number, number>> {
  const rows: readonly Row[] = await connection.query(SQL.sizes);
  return new Map(rows.map(([day, size]) => [Number(day), Number(size)]));
}
