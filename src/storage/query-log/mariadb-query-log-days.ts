/** The partitions of the query log: one for each day, in each of the tables that are partitioned. */
import type { Connection } from 'mariadb';
import { DAY_MS, MAX_DAYS } from '../../querylog/query-log-store.ts';
import { tooManyDays } from './day-entries.ts';
import type { Row } from './mariadb-query-log-rows.ts';

const TABLES = ['log_entries', 'log_answers'] as const;
/** MariaDB takes 8192 partitions; one of ours holds nothing. */
const MAX_PARTITIONS = Math.min(MAX_DAYS, 8190);
/** Partitions that one statement makes; each is a file, and the server is to answer in time. */
const MADE_AT_ONCE = 64;

const SQL = {
  days: `SELECT table_name, CAST(partition_description AS SIGNED) FROM information_schema.partitions
    WHERE table_schema = DATABASE() AND table_name IN (?, ?) AND partition_description <> '-1'`,
} as const;

/**
 * Makes the partitions of these days, as far as they are missing, and adds them to those that are known. Ends the transaction.
 * Throws GluewallError `store-batch` when there would be too many, and what the connector throws.
 */
export async function makeDays(
  connection: Connection,
  source: string,
  days: readonly number[],
  known: Set<number>,
): Promise<void> {
  if (days.every((day) => known.has(day))) return;
  const there = await partitions(connection);
  for (const table of TABLES) {
    const held = there.get(table) ?? new Set();
    const missing = days.filter((day) => !held.has(day)).sort((a, b) => a - b);
    if (missing.length === 0) continue;
    if (held.size + missing.length > MAX_PARTITIONS) throw tooManyDays(source, MAX_PARTITIONS);
    for (let first = 0; first < missing.length; first += MADE_AT_ONCE) {
      const list = missing.slice(first, first + MADE_AT_ONCE).map(partitionClause);
      await connection.query(`ALTER TABLE ${table} ADD PARTITION (${list.join(', ')})`);
    }
  }
  for (const day of days) known.add(day);
}

/** Takes the entries of a day away. */
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
