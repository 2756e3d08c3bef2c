import type { Database, Statement } from 'better-sqlite3';
import type { LogPlace } from '../../querylog/query-log-store.ts';
import { BLOCK_WAY, type DayQuestion, type IndexedWay, type Way } from './day-question.ts';
import { ENTRY_COLUMNS, type EntryRow } from './day-rows.ts';
import { BLOCKS_OF_SEGMENT } from './segment.ts';

/** A segment or a block. */
interface Part {
  readonly number: number;
  /** The time of its newest entry. */
  readonly lastAtMs: number;
}

/** Rows that are counted to see which way is the shortest. */
const MAX_COUNTED = 256;
/** Whether a segment has anything of a source. */
const SOURCE_PROBE = `EXISTS (SELECT 1 FROM block WHERE source = ?
  AND number >= part.number * ${BLOCKS_OF_SEGMENT} AND number < (part.number + 1) * ${BLOCKS_OF_SEGMENT})`;
const COLUMNS = ENTRY_COLUMNS.map((column) => `entry.${column}`).join(', ');

/** Searches one day. Throws what SQLite throws. */
export class DaySearch {
  readonly #connection: Database;
  /** Few: one for each kind of question. */
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();
  readonly #searches = new Map<string, Statement<unknown[], EntryRow>>();

  constructor(connection: Database) {
    this.#connection = connection;
  }

  /** The newest `limit` rows that are asked for, newest first; `source` is a number of this day. */
  rows(question: DayQuestion, source: number | undefined, limit: number): readonly EntryRow[] {
    const parts = question.ways.length === 0 ? this.#blocks(question, source) : this.#segments(question, source);
    let found: readonly EntryRow[] = [];
    for (const part of parts) {
      const last = found.length === limit ? found.at(-1) : undefined;
      // No part behind this one has anything newer.
      if (last !== undefined && part.lastAtMs < last[0]) break;
      const floor = last === undefined ? { atMs: question.sinceMs, number: -1 } : { atMs: last[0], number: last[1] };
      const more = this.#rowsOf(part.number, question, source, floor, limit);
      if (more.length > 0) found = merge(found, more, limit);
    }
    return found;
  }

  /** Those that have something on each way; by their last time, as the blocks are. Looked for one by one as they are wanted. */
  #segments({ ways, sinceMs, before }: DayQuestion, source: number | undefined): Iterable<Part> {
    const probes = ways.map(({ probe }) => probe.sql);
    const values: unknown[] = ways.flatMap(({ probe }) => [...probe.values, sinceMs, before.atMs]);
    if (source !== undefined) {
      probes.push(SOURCE_PROBE);
      values.push(source);
    }
    // With its LIMIT, the inner query has all segments in order before the first is looked at.
    const statement = this.#statement<Part>(
      `SELECT number, last_at_ms AS lastAtMs FROM (
         SELECT number, last_at_ms FROM segment WHERE last_at_ms >= ? AND first_at_ms <= ?
         ORDER BY last_at_ms DESC LIMIT -1) AS part
       WHERE ${probes.join(' AND ')}`,
    );
    return statement.iterate(sinceMs, before.atMs, ...values);
  }

  #blocks({ sinceMs, before }: DayQuestion, source: number | undefined): Iterable<Part> {
    const statement = this.#statement<Part>(
      `SELECT number, max(last_at_ms) AS lastAtMs FROM block
       WHERE last_at_ms >= ? AND first_at_ms <= ? AND source IS coalesce(?, source)
       GROUP BY number ORDER BY lastAtMs DESC`,
    );
    return statement.all(sinceMs, before.atMs, source ?? null);
  }

  #rowsOf(
    part: number,
    { ways, before }: DayQuestion,
    source: number | undefined,
    floor: LogPlace,
    limit: number,
  ): readonly EntryRow[] {
    const way = this.#shortest(ways, part);
    const conditions = ways.filter((other) => other !== way).map(({ condition }) => condition);
    if (source !== undefined) conditions.push({ sql: 'entry.source = ?', values: [source] });
    return this.#searchStatement(way, conditions).all(
      ...way.values(part),
      floor.atMs,
      before.atMs,
      floor.atMs,
      floor.number,
      before.atMs,
      before.number,
      ...conditions.flatMap(({ values }) => values),
      limit,
    );
  }

  /** The way on which the fewest rows lie. */
  #shortest(ways: readonly IndexedWay[], part: number): Way {
    if (ways.length < 2) return ways[0] ?? BLOCK_WAY;
    const counts = ways.map((way) => this.#count(way, part));
    return ways[counts.indexOf(Math.min(...counts))]!;
  }

  #count(way: IndexedWay, part: number): number {
    const sql = `SELECT count(*) AS count FROM (SELECT 1 FROM ${way.counted} LIMIT ${MAX_COUNTED})`;
    return this.#statement<{ readonly count: number }>(sql).get(...way.values(part))!.count;
  }

  #searchStatement(way: Way, conditions: readonly { readonly sql: string }[]): Statement<unknown[], EntryRow> {
    const key = [way.from, ...conditions.map(({ sql }) => sql)].join();
    let statement = this.#searches.get(key);
    if (statement === undefined) {
      statement = this.#connection.prepare<unknown[], EntryRow>(searchSql(way, conditions)).raw();
      this.#searches.set(key, statement);
    }
    return statement;
  }

  #statement<T>(sql: string): Statement<unknown[], T> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement as Statement<unknown[], T>;
  }
}

function searchSql({ from, ordered, isInOrder }: Way, conditions: readonly { readonly sql: string }[]): string {
  const bounds = `${ordered}.at_ms >= ? AND ${ordered}.at_ms <= ?
    AND (${ordered}.at_ms, ${ordered}.number) > (?, ?) AND (${ordered}.at_ms, ${ordered}.number) < (?, ?)`;
  const where = [bounds, ...conditions.map(({ sql }) => sql)].join(' AND ');
  const order = `ORDER BY ${ordered}.at_ms DESC, ${ordered}.number DESC LIMIT ?`;
  if (isInOrder) return `SELECT ${COLUMNS} FROM ${from} AND ${where} ${order}`;
  // Only what is on the page is to be sorted as whole rows.
  return `SELECT ${COLUMNS} FROM entry WHERE number IN (SELECT entry.number FROM ${from} AND ${where} ${order})
    ORDER BY at_ms DESC, number DESC`;
}

/** The newest of both, which are newest first. */
function merge(some: readonly EntryRow[], others: readonly EntryRow[], limit: number): readonly EntryRow[] {
  const all = [...some, ...others];
  const last = some.at(-1);
  const first = others[0]!;
  if (last !== undefined && isNewer(first, last)) all.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  return all.slice(0, limit);
}

function isNewer(a: EntryRow, b: EntryRow): boolean {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}
