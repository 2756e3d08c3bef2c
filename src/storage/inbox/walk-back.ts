/** Rows of a table from the newest to the oldest, in steps that are short for a database whatever is wanted of them. */
import type { RowPlace } from '../../inbox/inbox-store.ts';
import { type Condition, joined } from '../event-conditions.ts';
import { finite, type ReadTask, type Rows, type Steps } from '../steps.ts';
import type { SqlDialect } from './sql-dialect.ts';

/** The rows that are looked through, in their order, and what of them is wanted. */
export interface Walk {
  /** With the index to read it by. */
  readonly table: string;
  /** The column of the instant; the id comes second. */
  readonly at: 'at_ms' | 'last_at_ms';
  /** What the index leads to. */
  readonly placed: Condition;
  /** What else must hold. */
  readonly open: Condition;
}

export interface FoundPlaces {
  /** At most as many as were asked for, the newest first. */
  readonly places: readonly RowPlace[];
  /** How far back it was looked; undefined for to the end. */
  readonly end: RowPlace | undefined;
}

/** Rows that are looked through in one step. */
export const WALK_ROWS = 5000;
/** The most rows of one answer. */
export const MAX_PAGE_ROWS = 1000;

/** The places of the next rows before a place, in one step. */
export function* walkBack(
  dialect: SqlDialect,
  { table, at, placed, open }: Walk,
  before: RowPlace | undefined,
  limit: number,
): Steps<FoundPlaces> {
  const order = `ORDER BY ${at} DESC, id DESC`;
  const from = joined(placed, before && compared(dialect, at, '<', before));
  const end = open.sql === '' ? undefined : pointOf(yield windowEnd(table, at, from, order));
  const where = joined(from, open, end && compared(dialect, at, '>=', end));
  const rows = yield {
    sql: `SELECT ${at}, id FROM ${table} WHERE ${where.sql === '' ? '1 = 1' : where.sql} ${order} LIMIT ?`,
    values: [...where.values, limit],
  };
  const places = rows.map(placeOf);
  return { places, end: places.length < limit ? end : places.at(-1) };
}

/** How many rows a page has: a whole number within bounds. */
export function pageRows(limit: number): number {
  return Number.isNaN(limit) ? 0 : Math.max(0, Math.min(MAX_PAGE_ROWS, Math.floor(limit)));
}

/** Below 0 when `a` comes first: it is newer. */
export function compareBack(a: RowPlace, b: RowPlace): number {
  return b.atMs - a.atMs || b.id - a.id;
}

function windowEnd(table: string, at: string, { sql, values }: Condition, order: string): ReadTask {
  return {
    sql: `SELECT ${at}, id FROM ${table} WHERE ${sql === '' ? '1 = 1' : sql} ${order} LIMIT 1 OFFSET ?`,
    values: [...values, WALK_ROWS - 1],
  };
}

function compared(dialect: SqlDialect, at: string, operator: '<' | '>=', { atMs, id }: RowPlace): Condition {
  const instant = finite(atMs);
  if (dialect === 'sqlite') return { sql: `(${at}, id) ${operator} (?, ?)`, values: [instant, id] };
  // Written out: the server finds no place in an index by comparing rows of values.
  return {
    sql: `(${at} ${operator[0]} ? OR (${at} = ? AND id ${operator} ?))`,
    values: [instant, instant, id],
  };
}

function pointOf([row]: Rows): RowPlace | undefined {
  return row && placeOf(row);
}

function placeOf(row: readonly unknown[]): RowPlace {
  return { atMs: Number(row[0]), id: Number(row[1]) };
}
