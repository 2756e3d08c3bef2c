/**
 * How the query log in MariaDB is searched: segment by segment (segment.ts), those with the newest entries first, until the page
 * is full and what is left is older. A segment costs little where the index leads to nothing, so ever more of them are asked
 * about at once; fewer, when that leads to too many entries.
 */
import type { Connection } from 'mariadb';
import { addressOctets } from '../../core/address.ts';
import {
  COVERAGE_SLOT_MS,
  dayOf,
  type LogPage,
  type LogPlace,
  type LogQuestion,
  MAX_PAGE_ENTRIES,
} from '../../querylog/query-log-store.ts';
import { nameKey, nameKeyRange } from '../name-key.ts';
import { LAST_DAY } from './day-entries.ts';
import { FOUND_COLUMNS, type Row, readFoundEntry } from './mariadb-query-log-rows.ts';
import type { SourceNumbers } from './mariadb-query-log-sources.ts';
import { SEGMENT_ENTRIES } from './segment.ts';

/** Segments that are asked about at once. */
const MAX_GROUP = 64;
/** Entries that are put in order of time at once. */
const SORTED_ROWS = 4096;
/** Segments that are listed at once, but for those of one day. */
const LISTED_SEGMENTS = 1024;
const FIRST_MS = -Number.MAX_VALUE;
const LAST_MS = Number.MAX_VALUE;

const EMPTY_PAGE: LogPage = { entries: [], last: undefined };

interface Segment {
  readonly day: number;
  readonly segment: number;
  readonly lastAtMs: number;
}

interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A way that leads to entries: an index, and what it is asked for. */
interface Path {
  readonly from: string;
  /** The table of the index: entries, or answers. */
  readonly alias: 'e' | 'a';
  /** Undefined: all entries of a segment. */
  readonly condition: Condition | undefined;
  /** The same, where another path leads to the entries. */
  readonly filter: Condition | undefined;
  /** Whether what is found of one segment is in order of time. */
  readonly isOrdered: boolean;
}

/**
 * A page of what is asked for. What cannot be read is left out. When `signal` is aborted, nobody waits for the page any more, and
 * it is empty. Throws what the connector throws.
 */
export async function searchPage(
  connection: Connection,
  question: LogQuestion,
  sources: SourceNumbers,
  signal: AbortSignal | undefined,
): Promise<LogPage> {
  const source = question.source === undefined ? undefined : await sources.find(connection, question.source);
  const limit = Math.floor(Math.min(question.limit, MAX_PAGE_ENTRIES));
  if (!(limit >= 1) || (question.source !== undefined && source === undefined)) return EMPTY_PAGE;
  const found = await new Search(connection, question, source, limit + 1).run(signal);
  if (signal?.aborted) return EMPTY_PAGE;
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const names = await sources.names(connection, new Set(rows.map((row) => Number(row.at(-1)))));
  return {
    entries: rows.map((row) => readFoundEntry(row, names)).filter((entry) => entry !== undefined),
    last: last !== undefined && found.length > limit ? { atMs: atMsOf(last), number: Number(last[0]) } : undefined,
  };
}

class Search {
  readonly #connection: Connection;
  readonly #paths: readonly Path[];
  readonly #source: number | undefined;
  readonly #after: LogPlace | undefined;
  readonly #sinceMs: number;
  readonly #untilMs: number;
  /** How many are looked for. */
  readonly #count: number;
  #found: readonly Row[] = [];
  #groupSize = 1;

  constructor(connection: Connection, question: LogQuestion, source: number | undefined, count: number) {
    this.#connection = connection;
    this.#paths = pathsOf(question);
    this.#source = source;
    this.#after = question.after;
    this.#sinceMs = Math.max(question.sinceMs ?? FIRST_MS, FIRST_MS);
    this.#untilMs = Math.min(question.untilMs ?? LAST_MS, LAST_MS);
    this.#count = count;
  }

  /** What was found up to the end, or until `signal` was aborted. */
  async run(signal: AbortSignal | undefined): Promise<readonly Row[]> {
    for (let day: number | undefined = dayBound(Math.min(this.#untilMs, this.#after?.atMs ?? LAST_MS)); ; ) {
      const segments = await this.#listSegments(day);
      for (let next = 0; next < segments.length; ) {
        if (signal?.aborted || this.#isFullBefore(segments[next]!)) return this.#found;
        next += await this.#look(segments, next);
      }
      const last = segments.at(-1);
      if (last === undefined) return this.#found;
      day = last.day - 1;
    }
  }

  /** Segments of this day and of days before, newest first: all of each day. */
  async #listSegments(day: number): Promise<readonly Segment[]> {
    const listed = await this.#segments(dayBound(this.#sinceMs), day, LISTED_SEGMENTS);
    if (listed.length < LISTED_SEGMENTS) return listed;
    const lastDay = listed.at(-1)!.day;
    const isOneDay = listed[0]!.day === lastDay;
    return isOneDay
      ? this.#segments(lastDay, lastDay, Number.MAX_SAFE_INTEGER)
      : listed.filter((one) => one.day > lastDay);
  }

  async #segments(firstDay: number, lastDay: number, limit: number): Promise<readonly Segment[]> {
    // Told where the source was heard of, the rest of the log is not gone through for it.
    const ofSource = `AND EXISTS (SELECT 1 FROM log_coverage AS c WHERE c.source = ?
      AND c.slot BETWEEN FLOOR(first_at_ms / ${COVERAGE_SLOT_MS}) AND FLOOR(last_at_ms / ${COVERAGE_SLOT_MS}))`;
    const bySource = this.#source === undefined ? [] : [this.#source];
    const rows: readonly Row[] = await this.#connection.execute(
      `SELECT day, segment, last_at_ms FROM log_segments WHERE day BETWEEN ? AND ?
        AND last_at_ms >= ? AND first_at_ms < ? AND first_at_ms <= ? ${bySource.length === 0 ? '' : ofSource}
        ORDER BY day DESC, last_at_ms DESC, segment DESC LIMIT ?`,
      [firstDay, lastDay, this.#sinceMs, this.#untilMs, this.#after?.atMs ?? LAST_MS, ...bySource, limit],
    );
    return rows.map(([day, segment, lastAtMs]) => {
      return { day: Number(day), segment: Number(segment), lastAtMs: Number(lastAtMs) };
    });
  }

  /** Whether the page is full, and what is in this segment and those behind it is older. */
  #isFullBefore({ lastAtMs }: Segment): boolean {
    const last = this.#found[this.#count - 1];
    return last !== undefined && atMsOf(last) > lastAtMs;
  }

  /** Looks into some of the segments from `start` on; says into how many. */
  async #look(segments: readonly Segment[], start: number): Promise<number> {
    const group = takeGroup(segments, start, this.#groupSize);
    const { path, isMuch } = await this.#choosePath(group);
    if (isMuch && group.length > 1) {
      this.#groupSize = Math.max(1, Math.floor(group.length / 4));
      return 0;
    }
    await this.#read(isMuch && !path.isOrdered ? SCAN : path, group);
    this.#groupSize = isMuch ? 1 : Math.min(MAX_GROUP, 2 * this.#groupSize);
    return group.length;
  }

  /** The path that leads to the fewest entries, and whether it leads to more than can be sorted at once. */
  async #choosePath(group: readonly Segment[]): Promise<{ readonly path: Path; readonly isMuch: boolean }> {
    const [only] = this.#paths;
    if (group.length === 1 && this.#paths.length === 1 && only!.isOrdered) return { path: only!, isMuch: false };
    let best = SCAN;
    let fewest = SORTED_ROWS + 1;
    for (const path of this.#paths) {
      const rows = await this.#countRows(path, group);
      if (best !== SCAN && rows >= fewest) continue;
      best = path;
      fewest = rows;
    }
    return { path: best, isMuch: fewest > SORTED_ROWS };
  }

  /** Up to SORTED_ROWS and one more. */
  async #countRows(path: Path, group: readonly Segment[]): Promise<number> {
    const where = joined(inSegments(path, group), path.condition, this.#window(path.alias));
    const rows: readonly Row[] = await this.#connection.execute(
      `SELECT COUNT(*) FROM (SELECT 1 FROM ${path.from} WHERE ${where.sql} LIMIT ${SORTED_ROWS + 1}) AS counted`,
      where.values,
    );
    return Number(rows[0]![0]);
  }

  async #read(path: Path, group: readonly Segment[]): Promise<void> {
    const { alias, from, condition } = path;
    const filters = this.#paths.filter((other) => other !== path).map(({ filter }) => filter);
    const ofSource = this.#source === undefined ? undefined : equal('e.source', this.#source);
    const where = joined(inSegments(path, group), condition, this.#window(alias), ...filters, ofSource);
    const entries = alias === 'e' ? '' : 'STRAIGHT_JOIN log_entries AS e ON e.day = a.day AND e.number = a.number';
    const rows: readonly Row[] = await this.#connection.execute(
      `SELECT ${FOUND_COLUMNS} FROM ${from} ${entries} WHERE ${where.sql}
        ORDER BY ${alias}.at_ms DESC, ${alias}.number DESC LIMIT ?`,
      [...where.values, this.#count],
    );
    if (rows.length > 0) this.#found = [...this.#found, ...rows].sort(newestFirst).slice(0, this.#count);
  }

  /** The times that are still of interest. */
  #window(alias: string): Condition {
    const last = this.#found[this.#count - 1];
    const sinceMs = last === undefined ? this.#sinceMs : Math.max(this.#sinceMs, atMsOf(last));
    const window = { sql: `${alias}.at_ms >= ? AND ${alias}.at_ms < ?`, values: [sinceMs, this.#untilMs] };
    if (this.#after === undefined) return window;
    const { atMs, number } = this.#after;
    const behind = `${alias}.at_ms <= ? AND (${alias}.at_ms < ? OR ${alias}.number < ?)`;
    return joined(window, { sql: behind, values: [atMs, atMs, number] });
  }
}

const SCAN: Path = {
  from: 'log_entries AS e FORCE INDEX (PRIMARY)',
  alias: 'e',
  condition: undefined,
  filter: undefined,
  isOrdered: false,
};

function pathsOf({ name, zone, client, answer }: LogQuestion): readonly Path[] {
  const paths: Path[] = [];
  const entries = (index: string, condition: Condition, isOrdered: boolean) => {
    paths.push({
      from: `log_entries AS e FORCE INDEX (${index})`,
      alias: 'e',
      condition,
      filter: condition,
      isOrdered,
    });
  };
  if (name !== undefined) entries('log_entries_by_name', equal('e.name', nameKey(name)), true);
  if (zone !== undefined) {
    const { first, end } = nameKeyRange(zone);
    entries('log_entries_by_name', { sql: 'e.name >= ? AND e.name < ?', values: [first, end] }, false);
  }
  if (answer !== undefined) {
    const octets = addressOctets(answer);
    const filter = {
      sql: `EXISTS (SELECT 1 FROM log_answers AS told WHERE told.day = e.day AND told.segment = e.segment
        AND told.address = ? AND told.at_ms = e.at_ms AND told.number = e.number)`,
      values: [octets],
    };
    const from = 'log_answers AS a FORCE INDEX (PRIMARY)';
    paths.push({ from, alias: 'a', condition: equal('a.address', octets), filter, isOrdered: true });
  }
  if (client !== undefined) entries('log_entries_by_client', equal('e.client', addressOctets(client)), true);
  return paths;
}

function inSegments({ alias, condition }: Path, group: readonly Segment[]): Condition {
  const days = [...new Set(group.map(({ day }) => day))];
  const segments = [...new Set(group.map(({ segment }) => segment))];
  const ofDays = among(`${alias}.day`, days);
  if (condition !== undefined) return joined(ofDays, among(`${alias}.segment`, segments));
  const first = segments[0]! * SEGMENT_ENTRIES;
  return joined(ofDays, { sql: 'e.number >= ? AND e.number < ?', values: [first, first + SEGMENT_ENTRIES] });
}

/** The list is filled up to the next power of two: so there are few statements, and the connection keeps them. */
function among(column: string, values: readonly number[]): Condition {
  const count = 2 ** Math.ceil(Math.log2(values.length));
  const filled = Array.from({ length: count }, (_, index) => values[Math.min(index, values.length - 1)]);
  return { sql: `${column} IN (${filled.map(() => '?').join(', ')})`, values: filled };
}

function equal(column: string, value: unknown): Condition {
  return { sql: `${column} = ?`, values: [value] };
}

function joined(...conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined);
  return { sql: given.map(({ sql }) => sql).join(' AND '), values: given.flatMap(({ values }) => values) };
}

/**
 * Segments from `start` on, `size` at most: of one day, or all of some days, so that each day may be asked for all segments of
 * the group.
 */
function takeGroup(segments: readonly Segment[], start: number, size: number): readonly Segment[] {
  const end = Math.min(segments.length, start + size);
  let whole = end;
  while (whole < segments.length && whole > start && segments[whole]!.day === segments[whole - 1]!.day) whole--;
  const isBegun = start > 0 && segments[start - 1]!.day === segments[start]!.day;
  const endOfDay = segments.findIndex((segment, index) => index > start && segment.day !== segments[start]!.day);
  if (isBegun || whole === start) return segments.slice(start, endOfDay === -1 ? end : Math.min(end, endOfDay));
  return segments.slice(start, whole);
}

/** The times are clamped to those that days are counted for. */
function dayBound(atMs: number): number {
  return Math.min(Math.max(dayOf(atMs), -1), LAST_DAY + 1);
}

function atMsOf(row: Row): number {
  return Number(row[1]);
}

function newestFirst(a: Row, b: Row): number {
  return atMsOf(b) - atMsOf(a) || Number(b[0]) - Number(a[0]);
}
