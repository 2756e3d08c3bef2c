/** The partitions of the query log: one for each day, in each of the tables that are partitioned. */
import type { Connection } from 'mariadb';
import { DAY_MS } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { COVERAGE_SLOT_MS, MAX_DAYS } from '../../querylog/query-log-store.ts';
import type { Row } from './mariadb-query-log-rows.ts';

const TABLES = ['log_entries', 'log_answers'] as const;
/** MariaDB takes 8192 partitions; one of ours holds nothing. */
export const MAX_PARTITIONS = Math.min(MAX_DAYS, 8190);
/** Days that one batch adds: each takes the server some milliseconds, in which nothing else is kept. */
const MAX_NEW_DAYS = 400;
export const SLOTS_OF_DAY = DAY_MS / COVERAGE_SLOT_MS;
/** Partitions that one statement makes; each is a file, and the server is to answer in time. */
const MADE_AT_ONCE = 64;

const SQL = {
  days: `SELECT table_name, CAST(partition_description AS SIGNED) FROM information_schema.partitions
    WHERE table_schema = DATABASE() AND table_name IN (?, ?) AND partition_description <> '-1'`,
  entriesOfDay: 'SELECT SUM(entries) FROM log_segments WHERE day = ?',
  nextNumber: 'SELECT next_number FROM log_days WHERE day = ? FOR UPDATE',
  anyOfDay: 'SELECT 1 FROM log_entries WHERE day = ? LIMIT 1',
  forgetSegments: 'DELETE FROM log_segments WHERE day = ?',
  forgetSlots: 'DELETE FROM log_coverage WHERE slot >= ? AND slot < ?',
  forgetDay: 'DELETE FROM log_days WHERE day = ?',
} as const;

/** What was taken away so far, also by an attempt that failed. */
export interface Taken {
  days: number;
  entries: number;
}

/**
 * Makes the partitions of these days, as far as they are missing, and adds them to those that are known. Where there is room for
 * `mostDays`, the oldest of all go. Gives those of these days that there is room for. Ends the transaction. Throws GluewallError
 * `store-batch` when more than MAX_NEW_DAYS are missing, and what the connector throws.
 */
export async function makeDays(
  connection: Connection,
  source: string,
  days: readonly number[],
  known: Set<number>,
  mostDays: number,
): Promise<ReadonlySet<number>> {
  if (days.every((day) => known.has(day))) return new Set(days);
  const there = await partitions(connection);
  const held = new Set([...there.values()].flatMap((ofTable) => [...ofTable]));
  const all = [...new Set([...held, ...days])].sort((a, b) => a - b);
  const going = new Set(all.slice(0, Math.max(0, all.length - mostDays)));
  const wanted = days.filter((day) => !going.has(day));
  if (wanted.filter((day) => !held.has(day)).length > MAX_NEW_DAYS) throw tooManyNewDays(source);
  for (const day of going) {
    known.delete(day);
    if (held.has(day)) await takeDay(connection, day, { days: 0, entries: 0 });
  }
  for (const table of TABLES) await addPartitions(connection, table, wanted, there.get(table)!);
  for (const day of wanted) known.add(day);
  return new Set(wanted);
}

async function addPartitions(
  connection: Connection,
  table: string,
  days: readonly number[],
  held: ReadonlySet<number>,
): Promise<void> {
  const missing = days.filter((day) => !held.has(day)).sort((a, b) => a - b);
  for (let first = 0; first < missing.length; first += MADE_AT_ONCE) {
    const list = missing.slice(first, first + MADE_AT_ONCE).map(partitionClause);
    await connection.query(`ALTER TABLE ${table} ADD PARTITION (${list.join(', ')})`);
  }
}

/**
 * Takes a day away. The partition goes first: what is ended in between is done by the next trim, and whoever adds entries
 * meanwhile makes the partition anew, so the day stays.
 */
export async function takeDay(connection: Connection, day: number, taken: Taken): Promise<void> {
  const counted: readonly Row[] = await connection.execute(SQL.entriesOfDay, [day]);
  await dropDay(connection, day);
  taken.entries += Number(counted[0]![0]);
  await forgetDay(connection, day, taken);
}

/** Forgets a day that has no entries. */
export async function forgetDay(connection: Connection, day: number, taken: Taken): Promise<void> {
  await connection.execute(SQL.nextNumber, [day]);
  const left: readonly Row[] = await connection.execute(SQL.anyOfDay, [day]);
  if (left.length === 0) {
    await connection.execute(SQL.forgetSegments, [day]);
    await connection.execute(SQL.forgetSlots, slotsOf(day));
    const { affectedRows } = await connection.execute(SQL.forgetDay, [day]);
    taken.days += affectedRows;
  }
  await connection.commit();
}

/** Takes the partitions of a day away. */
export async function dropDay(connection: Connection, day: number): Promise<void> {
  for (const table of TABLES) {
    await connection.query(`ALTER TABLE ${table} DROP PARTITION IF EXISTS ${partitionName(day)}`);
  }
}

/** The days that have a partition; also of some that nothing was kept of. */
export async function partitionedDays(connection: Connection): Promise<ReadonlySet<number>> {
  return new Set([...(await partitions(connection)).values()].flatMap((days) => [...days]));
}

async function partitions(connection: Connection): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const rows: readonly Row[] = await connection.query(SQL.days, [...TABLES]);
  const found = new Map(TABLES.map((table) => [table as string, new Set<number>()]));
  for (const [table, day] of rows) found.get(String(table))?.add(Number(day));
  return found;
}

function partitionClause(day: number): string {
  return `PARTITION ${partitionName(day)} VALUES IN (${day})`;
}

/** Such as `d2026_11_21`. */
function partitionName(day: number): string {
  return `d${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '_')}`;
}

/** The slots of coverage that lie in a day: the first, and the one behind the last. */
export function slotsOf(day: number): [number, number] {
  return [day * SLOTS_OF_DAY, (day + 1) * SLOTS_OF_DAY];
}

function tooManyNewDays(source: string): GluewallError {
  const name = source.slice(0, 40);
  const reason = `it has entries of more than ${MAX_NEW_DAYS} days that the query log holds nothing of`;
  return new GluewallError('store-batch', `what the source ${name} brought is not kept: ${reason}`);
}
