import type { Database, Statement } from 'better-sqlite3';
import type { LogPlace } from '../../querylog/query-log-store.ts';
import { BLOCK_WAY, type DayQuestion, type IndexedWay, type Way } from './day-question.ts';
import { ENTRY_COLUMNS, type EntryRow } from './day-rows.ts';
import { BLOCKS_OF_SEGMENT } from './segment.ts';

/** A segment, or a block where there is no way. */
export interface DayPart {
  readonly number: number;
  /** The time of its newest entry. */
  readonly lastAtMs: number;
}

/** Rows that are counted to see which way is the shortest. */
const MAX_COUNTED = 256;
/** Whether a segment has anything of a source. */
const SOURCE_PROBE = `EXISTS (SELECT 1 FROM block WHERE source = ?
  AND number >= part.number * ${BLOCKS_OF_SEGMENT} AND number < (part.number + 1) * ${BLOCKS_OF_SEGMENT})`;
const SEGMENTS = `SELECT number, last_at_ms AS lastAtMs FROM segment WHERE last_at_ms >= ? AND first_at_ms <= ?
  ORDER BY last_at_ms DESC`;
const BLOCKS = `SELECT number, max(last_at_ms) AS lastAtMs FROM block
  WHERE last_at_ms >= ? AND first_at_ms <= ? AND source IS coalesce(?, source)
  GROUP BY number ORDER BY lastAtMs DESC`;
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

  /** The parts of the day that may have what is asked for, by their last time; `source` is a number of this day. */
  parts({ ways, sinceMs, before }: DayQuestion, source: number | undefined): readonly DayPart[] {
    if (ways.length > 0) return this.#statement<DayPart>(SEGMENTS).all(sinceMs, before.atMs);
    return this.#statement<DayPart>(BLOCKS).all(sinceMs, before.atMs, source ?? null);
  }

  /** The newest `limit` rows of a part that are asked for and newer than `floor`, newest first. */
  rows(
    part: number,
    question: DayQuestion,
    source: number | undefined,
    floor: LogPlace,
    limit: number,
  ): readonly EntryRow[] {
    const { ways, before } = question;
    if (ways.length > 0 && !this.#mayHave(part, question, source)) return [];
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

  /** Whether a segment has something on each way. */
  #mayHave(segment: number, { ways, sinceMs, before }: DayQuestion, source: number | undefined): boolean {
    const probes = ways.map(({ probe }) => probe.sql);
    const values: unknown[] = ways.flatMap(({ probe }) => [...probe.values, sinceMs, before.atMs]);
    if (source !== undefined) {
      probes.push(SOURCE_PROBE);
      values.push(source);
    }
    const statement = this.#statement(`SELECT 1 FROM (SELECT ? AS number) AS part WHERE ${probes.join(' AND ')}`);
    return statement.get(segment, ...values) !== undefined;
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
