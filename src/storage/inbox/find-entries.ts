/** Reads entries of the inbox. */
import { type Address, parseAddress } from '../../core/address.ts';
import {
  ENTRY_STATES,
  type EntryComment,
  type EntryState,
  type InboxEntry,
  SEVERITIES,
  type Severity,
} from '../../inbox/entry.ts';
import type { ListedEntry, RowPage, RowPlace, RowQuery } from '../../inbox/inbox-store.ts';
import type { Search } from '../../inbox/search.ts';
import { readMilliseconds, readText } from '../column-values.ts';
import { type Condition, joined } from '../event-conditions.ts';
import { finite, inPortions, listed, type StepContext, type Steps, tableBy } from '../steps.ts';
import { entryColumns, readEntry } from './entry-rows.ts';
import { HOUR_MS } from './event-groups.ts';
import { entryConditions } from './search-conditions.ts';
import { indexedTerms } from './search-indexes.ts';
import { compareBack, type FoundPlaces, pageRows, walkBack } from './walk-back.ts';

const HOURS = 24;
/** Up to so many entries are found by an index and then put in order; more, by looking at all in order. */
const INDEXED_ENTRIES = 5000;

export function* findEntries(
  context: StepContext,
  { search, before, limit }: RowQuery,
  nowMs: number,
): Steps<RowPage<ListedEntry>> {
  const rows = pageRows(limit);
  if (rows === 0) return { rows: [], next: undefined };
  const { places, end } = yield* placesOf(context, search, before, rows);
  const found = yield* entriesById(
    context,
    places.map(({ id }) => id),
    nowMs,
  );
  return { rows: found, next: end };
}

function* placesOf(
  { dialect }: StepContext,
  search: Search,
  before: RowPlace | undefined,
  limit: number,
): Steps<FoundPlaces> {
  const open = entryConditions(search);
  const at = 'last_at_ms';
  for (const { index, condition } of indexedTerms(search)) {
    const table = tableBy(dialect, 'entries', `entries_by_${index}`);
    const some = `SELECT 1 FROM ${table} WHERE ${condition.sql} LIMIT ?`;
    const counted = yield {
      sql: `SELECT COUNT(*) FROM (${some}) AS some_entries`,
      values: [...condition.values, INDEXED_ENTRIES + 1],
    };
    if (Number(counted[0]?.[0]) > INDEXED_ENTRIES) continue;
    // All that the index leads to is looked at: there is no window to end.
    return yield* walkBack(dialect, { table, at, placed: joined(condition, open), open: NO_CONDITION }, before, limit);
  }
  const table = tableBy(dialect, 'entries', 'entries_by_state');
  const found: FoundPlaces[] = [];
  for (const state of wantedStates(search)) {
    const since = search.sinceMs === undefined ? undefined : { sql: `${at} >= ?`, values: [finite(search.sinceMs)] };
    const placed = joined({ sql: 'state = ?', values: [state] }, since);
    found.push(yield* walkBack(dialect, { table, at, placed, open }, before, limit));
  }
  return merged(found, limit);
}

const NO_CONDITION: Condition = { sql: '', values: [] };

function wantedStates({ terms }: Search): readonly EntryState[] {
  return ENTRY_STATES.filter((state) =>
    terms.every((term) => term.field !== 'state' || term.anyOf.includes(state) !== term.isNegated),
  );
}

/** Of several walks the first places in common order, as far back as all of them have looked. */
function merged(walks: readonly FoundPlaces[], limit: number): FoundPlaces {
  const ends = walks.flatMap(({ end }) => (end === undefined ? [] : [end]));
  const end = ends.sort(compareBack)[0];
  const all = walks.flatMap(({ places }) => places).sort(compareBack);
  const within = end === undefined ? all : all.filter((place) => compareBack(place, end) <= 0);
  const places = within.slice(0, limit);
  return { places, end: within.length > limit ? places.at(-1) : end };
}

/** In the order of the ids; without those that are not there. */
export function* entriesById(
  context: StepContext,
  ids: readonly number[],
  nowMs: number,
): Steps<readonly ListedEntry[]> {
  const entries = new Map<number, InboxEntry>();
  const columns = entryColumns(context.dialect);
  for (const { marks, values } of inPortions(ids)) {
    const rows = yield { sql: `SELECT ${columns} FROM entries WHERE id IN ${marks}`, values };
    for (const row of rows) {
      const entry = readEntry(row);
      if (entry === undefined) context.unreadable();
      else entries.set(entry.id, entry);
    }
  }
  const hours = yield* hoursOf([...entries.keys()], nowMs);
  return [...new Set(ids)].flatMap((id) => {
    const entry = entries.get(id);
    return entry === undefined ? [] : [{ ...entry, hours: hours.get(id) ?? NO_HOURS }];
  });
}

const NO_HOURS: readonly number[] = Array.from({ length: HOURS }, () => 0);

function* hoursOf(ids: readonly number[], nowMs: number): Steps<ReadonlyMap<number, readonly number[]>> {
  const first = Math.floor(nowMs / HOUR_MS) - HOURS + 1;
  const hours = new Map<number, number[]>();
  const wanted = NO_HOURS.map((_, index) => first + index);
  const marks = `(${wanted.map(() => '?').join(', ')})`;
  for (const portion of inPortions(ids)) {
    const rows = yield {
      sql: `SELECT entry_id, hour, events FROM entry_hours WHERE hour IN ${marks} AND entry_id IN ${portion.marks}`,
      values: [...wanted, ...portion.values],
    };
    for (const [id, hour, events] of rows) {
      const counts = hours.get(Number(id)) ?? [...NO_HOURS];
      hours.set(Number(id), counts);
      counts[Number(hour) - first] = Number(events);
    }
  }
  return hours;
}

export function* lastEntryChange(_context: StepContext): Steps<number> {
  const rows = yield { sql: 'SELECT change_number FROM inbox WHERE id = 1', values: [] };
  return Number(rows[0]?.[0]);
}

export function* entriesChangedAfter(
  context: StepContext,
  change: number,
  limit: number,
  nowMs: number,
): Steps<{ readonly entries: readonly ListedEntry[]; readonly count: number; readonly change: number }> {
  const last = yield* lastEntryChange(context);
  if (last <= change) return { entries: [], count: 0, change: last };
  const table = tableBy(context.dialect, 'entries', 'entries_by_change');
  const counted = yield { sql: `SELECT COUNT(*) FROM ${table} WHERE change_number > ?`, values: [change] };
  const ids = yield {
    sql: `SELECT id FROM ${table} WHERE change_number > ? ORDER BY change_number DESC, id DESC LIMIT ?`,
    values: [change, pageRows(limit)],
  };
  const entries = yield* entriesById(
    context,
    ids.map(([id]) => Number(id)),
    nowMs,
  );
  return { entries, count: Number(counted[0]?.[0]), change: last };
}

export function* commentsOf(context: StepContext, id: number): Steps<readonly EntryComment[]> {
  const columns = listed(context.dialect, ['at_ms', 'by_user', 'words']);
  const rows = yield { sql: `SELECT ${columns} FROM entry_comments WHERE entry_id = ? ORDER BY number`, values: [id] };
  return rows.flatMap((row) => {
    const [atMs, by, text] = [readMilliseconds(row[0]), readText(row[1]), readText(row[2])];
    if (atMs !== undefined && by !== undefined && text !== undefined) return [{ atMs, by, text }];
    context.unreadable();
    return [];
  });
}

export function* openEntries({
  dialect,
}: StepContext): Steps<readonly { readonly severity: Severity; readonly state: EntryState; readonly count: number }[]> {
  const rows = yield {
    sql: `SELECT state, severity, COUNT(*) FROM ${tableBy(dialect, 'entries', 'entries_by_severity')}
      WHERE state IN ('open', 'escalated') GROUP BY state, severity`,
    values: [],
  };
  return rows.flatMap(([state, severity, count]) => {
    const level = SEVERITIES[Number(severity)];
    return level === undefined ? [] : [{ severity: level, state: state as EntryState, count: Number(count) }];
  });
}

/** Addresses of one hour, and how much of each was blocked or would have been. */
export interface BusyHour {
  readonly hour: number;
  readonly rows: readonly { readonly address: Address; readonly name: string | undefined; readonly events: number }[];
}

/** The most addresses of one hour. */
const BUSY_ROWS = 1000;
/** Of an hour with more entries, as a flood makes them, the newest of them are counted: the step stays short. */
const BUSY_ENTRIES = 50_000;

/** The first hour after `after` that has events, and the busiest of it. */
export function* busyHour(
  _context: StepContext,
  by: 'client' | 'destination',
  after: number,
): Steps<BusyHour | undefined> {
  const next = yield { sql: 'SELECT MIN(hour) FROM entry_hours WHERE hour > ?', values: [finite(after)] };
  const hour = next[0]?.[0] ?? undefined;
  if (hour === undefined) return undefined;
  const rows = yield {
    sql: `SELECT entries.${by}, SUM(newest.events) AS busy, MAX(entries.client_name)
      FROM (SELECT entry_id, events FROM entry_hours WHERE hour = ? ORDER BY entry_id DESC LIMIT ?) AS newest
      CROSS JOIN entries ON entries.id = newest.entry_id GROUP BY entries.${by} ORDER BY busy DESC, entries.${by} LIMIT ?`,
    values: [Number(hour), BUSY_ENTRIES, BUSY_ROWS],
  };
  return {
    hour: Number(hour),
    rows: rows.flatMap(([text, events, name]) => {
      const address = parseAddress(String(text));
      const called = by === 'client' ? readText(name) : undefined;
      return address === undefined ? [] : [{ address, name: called, events: Number(events) }];
    }),
  };
}
