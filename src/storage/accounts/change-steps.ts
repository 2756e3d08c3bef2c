/** Keeps the record of changes. */
import { type Change, type ChangePlace, type ChangeQuery, MAX_CHANGES } from '../../accounts/account-store.ts';
import { readMilliseconds, readText } from '../column-values.ts';
import { type Condition, joined } from '../event-conditions.ts';
import { pageRows, type Walk, walkBack } from '../inbox/walk-back.ts';
import { finite, inPortions, listed, places, type Row, type StepContext, type Steps, tableBy } from '../steps.ts';
import type { Portion } from '../store-operations.ts';

const COLUMNS = [
  'at_ms',
  'by_user',
  'token',
  'origin',
  'operation',
  'subject',
  'json_before',
  'json_after',
  'refused',
] as const;

const PORTION_CHANGES = 1000;

type KeptChange = Change & { readonly id: number };

/** The oldest beyond MAX_CHANGES go. */
export function* addChange(_context: StepContext, change: Change): Steps<void> {
  const { atMs, by, token, from, operation, subject, before, after, refused } = change;
  const row = [atMs, by, token ?? null, from, operation, subject, before ?? null, after ?? null, refused];
  yield { sql: `INSERT INTO changes (${COLUMNS.join(', ')}) VALUES (${places(COLUMNS)})`, rows: [row] };
  const last = yield { sql: 'SELECT MAX(id) FROM changes', values: [] };
  yield { sql: 'DELETE FROM changes WHERE id <= ?', rows: [[Number(last[0]?.[0]) - MAX_CHANGES]] };
}

/** One step: it may have fewer rows than asked for, and yet go on. */
export function* changesBefore(
  context: StepContext,
  query: ChangeQuery,
): Steps<{ readonly rows: readonly KeptChange[]; readonly next: ChangePlace | undefined }> {
  const { sinceMs, untilMs, by, operation, subject, before } = query;
  const limit = pageRows(query.limit);
  if (limit === 0) return { rows: [], next: undefined };
  const walk: Walk = {
    table: tableBy(context.dialect, 'changes', 'changes_by_time'),
    at: 'at_ms',
    placed: joined(
      sinceMs === undefined ? undefined : { sql: 'at_ms >= ?', values: [finite(sinceMs)] },
      untilMs === undefined ? undefined : { sql: 'at_ms < ?', values: [finite(untilMs)] },
    ),
    open: joined(equal('by_user', by), equal('operation', operation), equal('subject', subject)),
  };
  const found = yield* walkBack(context.dialect, walk, before, limit);
  const columns = listed(context.dialect, COLUMNS);
  const changes = new Map<number, KeptChange>();
  for (const { marks, values } of inPortions(found.places.map(({ id }) => id))) {
    const rows = yield { sql: `SELECT id, ${columns} FROM changes WHERE id IN ${marks}`, values };
    for (const row of rows) {
      const change = readChange(row);
      if (change === undefined) context.unreadable();
      else changes.set(change.id, change);
    }
  }
  return { rows: found.places.flatMap(({ id }) => changes.get(id) ?? []), next: found.end };
}

/** Changes after a place, undefined for the oldest; in the order of their time. */
export function* changesAfter(
  context: StepContext,
  place: ChangePlace | undefined,
): Steps<Portion<readonly Change[], ChangePlace>> {
  const after = place === undefined ? '' : 'WHERE at_ms > ? OR (at_ms = ? AND id > ?)';
  const rows = yield {
    sql: `SELECT id, ${listed(context.dialect, COLUMNS)} FROM changes ${after} ORDER BY at_ms, id LIMIT ?`,
    values: [...(place === undefined ? [] : [place.atMs, place.atMs, place.id]), PORTION_CHANGES],
  };
  const items = rows.flatMap((row): Change | [] => {
    const change = readChange(row);
    if (change === undefined) {
      context.unreadable();
      return [];
    }
    const { id: _id, ...told } = change;
    return told;
  });
  const last = rows.length < PORTION_CHANGES ? undefined : rows.at(-1);
  return { items, next: last && { atMs: Number(last[1]), id: Number(last[0]) } };
}

function equal(column: string, value: string | undefined): Condition | undefined {
  return value === undefined ? undefined : { sql: `${column} = ?`, values: [value] };
}

function readChange(row: Row): KeptChange | undefined {
  const atMs = readMilliseconds(row[1]);
  const texts = row.slice(2).map((value) => (value === null ? undefined : readText(value)));
  const [by, token, from, operation, subject, before, after, refused] = texts;
  const isLost = row.slice(2).some((value) => value !== null && typeof value !== 'string');
  if (isLost || atMs === undefined || by === undefined || from === undefined) return undefined;
  if (operation === undefined || subject === undefined || refused === undefined) return undefined;
  return { id: Number(row[0]), atMs, by, token, from, operation, subject, before, after, refused };
}
