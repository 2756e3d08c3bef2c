/**
 * Reads events in steps that are short for a database, whatever is asked for: where an index does not lead to just what is
 * wanted, so many rows of it are looked through in one step.
 */
import type { EventQuery } from '../events/event-store.ts';
import { type Condition, joined, NAMED_ROWS, openConditions, placedConditions } from './event-conditions.ts';
import { nameKeyRange } from './name-key.ts';
import { PORTION_ROWS } from './store.ts';
import type { EventPlace } from './store-operations.ts';

export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

type Rows = readonly (readonly unknown[])[];
type Point = Pick<EventPlace, 'atMs' | 'id'>;
type EventIndex = 'events_by_time' | 'events_by_client' | 'events_by_destination' | 'events_by_name';

/** What the databases do not have in common. */
export interface EventDialect {
  /** The id and then the columns of an event. */
  readonly columns: string;
  /** The table, where it is to be read by this index. */
  tableBy(index: EventIndex): string;
  /** How the place of a row compares with another; in the order of time, then of saving. */
  compare(operator: '<' | '<=' | '>' | '>=', point: Point): Condition;
}

/** Rows that are looked through in one step. */
export const WINDOW_ROWS = 50_000;

const FIRST: Point = { atMs: -Number.MAX_VALUE, id: Number.MIN_SAFE_INTEGER };
const LAST: Point = { atMs: Number.MAX_VALUE, id: Number.MAX_SAFE_INTEGER };

/** What the steps of one call found: rows of the dialect's columns, and where to go on. */
export interface FoundRows {
  readonly rows: Rows;
  readonly next: EventPlace | undefined;
}

/** The rows that are looked through, in their order, and what of them is wanted. */
interface Walk {
  readonly table: string;
  readonly placed: Condition;
  /** Undefined when all of them are wanted. */
  readonly open: Condition | undefined;
}

/** Gives statements and takes their rows. `count` is how many events there are, or more. */
export function* eventSteps(
  dialect: EventDialect,
  place: EventPlace | undefined,
  query: EventQuery,
  count: number,
): Generator<Statement, FoundRows, Rows> {
  const start = place ?? firstPlace(query, count);
  if (!(start.left > 0)) return { rows: [], next: undefined };
  const walk = yield* chooseWalk(dialect, query);
  if (start.skip === undefined) return yield* readOn(dialect, walk, start);
  const found = yield* seekBack(dialect, walk, { ...start, skip: start.skip });
  return { rows: [], next: found };
}

/** The first of all, or, where only the newest are wanted, behind the last of all and on the way back. */
function firstPlace({ limit, sinceMs = FIRST.atMs }: EventQuery, count: number): EventPlace {
  const left = Number.isNaN(limit) ? 0 : Math.floor(limit);
  if (left >= count) return { ...FIRST, atMs: Math.max(FIRST.atMs, sinceMs), left };
  return { ...LAST, left, skip: left };
}

function* chooseWalk(dialect: EventDialect, query: EventQuery): Generator<Statement, Walk, Rows> {
  const index = yield* chooseIndex(dialect, query);
  const placed = placedConditions(query, index);
  const open = openConditions(query, index);
  return { table: dialect.tableBy(index), placed, open: open.sql === '' ? undefined : open };
}

function* chooseIndex(dialect: EventDialect, query: EventQuery): Generator<Statement, EventIndex, Rows> {
  const { queryName, client, destination } = query;
  if (queryName !== undefined) {
    const { first, end } = nameKeyRange(queryName);
    const named = `SELECT 1 FROM ${dialect.tableBy('events_by_name')} WHERE name_key >= ? AND name_key < ? LIMIT ?`;
    const counted = yield { sql: `SELECT COUNT(*) FROM (${named}) AS named`, values: [first, end, NAMED_ROWS + 1] };
    if (Number(counted[0]?.[0]) <= NAMED_ROWS) return 'events_by_name';
  }
  if (client !== undefined) return 'events_by_client';
  return destination === undefined ? 'events_by_time' : 'events_by_destination';
}

/** The next rows after a place. */
function* readOn(
  dialect: EventDialect,
  { table, placed, open }: Walk,
  { atMs, id, left }: EventPlace,
): Generator<Statement, FoundRows, Rows> {
  const after = dialect.compare('>', { atMs, id });
  const end = open && pointOf(yield windowEnd(table, joined(placed, after), 'at_ms, id'));
  const where = joined(placed, after, open, end && dialect.compare('<=', end));
  const limit = Math.min(left, PORTION_ROWS);
  const rows = yield {
    sql: `SELECT ${dialect.columns} FROM ${table} WHERE ${where.sql} ORDER BY at_ms, id LIMIT ?`,
    values: [...where.values, limit],
  };
  const rest = left - rows.length;
  const last = rows.at(-1);
  const from = rows.length < limit ? end : { id: Number(last![0]), atMs: Number(last![1]) };
  return { rows, next: from === undefined || rest <= 0 ? undefined : { ...from, left: rest } };
}

/** The place from which reading on gives the newest `left`; or how far back it is looked for by now. */
function* seekBack(
  dialect: EventDialect,
  { table, placed, open }: Walk,
  { atMs, id, left, skip }: EventPlace & { readonly skip: number },
): Generator<Statement, EventPlace, Rows> {
  const before = dialect.compare('<', { atMs, id });
  const begin = open && pointOf(yield windowEnd(table, joined(placed, before), 'at_ms DESC, id DESC'));
  const where = joined(placed, before, open, begin && dialect.compare('>=', begin));
  const found = pointOf(
    yield {
      sql: `SELECT at_ms, id FROM ${table} WHERE ${where.sql} ORDER BY at_ms DESC, id DESC LIMIT 1 OFFSET ?`,
      values: [...where.values, skip],
    },
  );
  if (found !== undefined) return { ...found, left };
  if (begin === undefined) return { ...FIRST, left };
  const counted = yield { sql: `SELECT COUNT(*) FROM ${table} WHERE ${where.sql}`, values: where.values };
  return { ...begin, left, skip: skip - Number(counted[0]?.[0]) };
}

/** The last row of a step, if there are so many. */
function windowEnd(table: string, { sql, values }: Condition, order: string): Statement {
  return {
    sql: `SELECT at_ms, id FROM ${table} WHERE ${sql} ORDER BY ${order} LIMIT 1 OFFSET ?`,
    values: [...values, WINDOW_ROWS - 1],
  };
}

function pointOf([row]: Rows): Point | undefined {
  return row === undefined ? undefined : { atMs: Number(row[0]), id: Number(row[1]) };
}
