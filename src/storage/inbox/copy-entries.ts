/** Takes entries from one store to another, with what people have done with them. */
import type { ColumnValue } from '../column-values.ts';
import { inPortions, listed, places, type Row, type StepContext, type Steps } from '../steps.ts';
import type { Portion } from '../store-operations.ts';
import { NEW_ENTRY_COLUMNS } from './entry-rows.ts';
import { nextChange } from './save-events.ts';

/** An entry as its columns, and what was said of it. */
export interface EntryCopy {
  /** The values of COPY_COLUMNS. */
  readonly row: readonly ColumnValue[];
  /** Instants, users and texts, the first first. */
  readonly comments: readonly (readonly ColumnValue[])[];
}

const STATE_COLUMNS = ['since_severity', 'state_by', 'state_at_ms', 'until_ms'] as const;
/** Of the store itself, and not to be taken along. */
const OWN_COLUMNS: readonly string[] = ['id', 'change_number', 'state_change'];
const COPY_COLUMNS = ['entry_key', ...[...NEW_ENTRY_COLUMNS, ...STATE_COLUMNS].filter(isCopied)];
const STATE_PLACE = COPY_COLUMNS.indexOf('state');
const COMMENTS_PLACE = COPY_COLUMNS.indexOf('comments');
const SAVED_COLUMNS = [...OWN_COLUMNS, ...COPY_COLUMNS];
const SAVE = `REPLACE INTO entries (${SAVED_COLUMNS.join(', ')}) VALUES (${places(SAVED_COLUMNS)})`;
/** What people have done. */
const DONE_COLUMNS = ['severity', 'state', 'comments', ...STATE_COLUMNS] as const;
const DONE_PLACES = DONE_COLUMNS.map((column) => COPY_COLUMNS.indexOf(column));
const EVENTS_PLACE = COPY_COLUMNS.indexOf('events');
const SAVE_DONE = `UPDATE entries SET change_number = ?, state_change = ?,
  ${DONE_COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const SAVE_COMMENT = 'INSERT INTO entry_comments (entry_id, number, at_ms, by_user, words) VALUES (?, ?, ?, ?, ?)';
const PORTION_ENTRIES = 500;

function isCopied(column: string): boolean {
  return column !== 'entry_key' && !OWN_COLUMNS.includes(column);
}

/** Entries after an id. */
export function* entryCopiesAfter(
  context: StepContext,
  afterId: number | undefined,
): Steps<Portion<readonly EntryCopy[], number>> {
  const rows = yield {
    sql: `SELECT id, ${listed(context.dialect, COPY_COLUMNS)} FROM entries WHERE id > ? ORDER BY id LIMIT ?`,
    values: [afterId ?? 0, PORTION_ENTRIES],
  };
  const said = new Map<number, ColumnValue[][]>();
  const spoken = rows.filter((row) => Number(row[COMMENTS_PLACE + 1]) > 0).map(([id]) => Number(id));
  for (const { marks, values } of inPortions(spoken)) {
    const columns = listed(context.dialect, ['at_ms', 'by_user', 'words']);
    const comments = yield {
      sql: `SELECT entry_id, ${columns} FROM entry_comments WHERE entry_id IN ${marks} ORDER BY entry_id, number`,
      values,
    };
    for (const [id, ...comment] of comments) {
      said.set(Number(id), [...(said.get(Number(id)) ?? []), comment as ColumnValue[]]);
    }
  }
  const items = rows.map(([id, ...row]): EntryCopy => {
    return { row: row as ColumnValue[], comments: said.get(Number(id)) ?? [] };
  });
  return { items, next: rows.length < PORTION_ENTRIES ? undefined : Number(rows.at(-1)![0]) };
}

/**
 * Puts the entries in place of those about the same; of more events than those know of, only what people have done is put there.
 * Others that nobody has done anything with are left out, as their events are not kept here. Hours stay those of the events.
 */
export function* saveEntryCopies(_context: StepContext, copies: readonly EntryCopy[]): Steps<void> {
  if (copies.length === 0) return;
  const { change, lastEntry } = yield* nextChange();
  const held = new Map<string, { readonly id: number; readonly events: number }>();
  for (const { marks, values } of inPortions(copies.map(({ row }) => Buffer.from(row[0] as Uint8Array)))) {
    const rows = yield { sql: `SELECT entry_key, id, events FROM entries WHERE entry_key IN ${marks}`, values };
    for (const row of rows) held.set(keyOf(row), { id: Number(row[1]), events: Number(row[2]) });
  }
  let last = lastEntry;
  const entries: (readonly ColumnValue[])[] = [];
  const done: (readonly ColumnValue[])[] = [];
  const ids: (readonly ColumnValue[])[] = [];
  const comments: (readonly ColumnValue[])[] = [];
  for (const { row, comments: said } of copies) {
    const known = held.get(keyOf(row));
    if (known === undefined && row[STATE_PLACE] === 'open' && said.length === 0) continue;
    const id = known?.id ?? ++last;
    if (known === undefined || known.events <= Number(row[EVENTS_PLACE])) entries.push([id, change, change, ...row]);
    else done.push([change, change, ...DONE_PLACES.map((place) => row[place]!), id]);
    ids.push([id]);
    for (const [number, comment] of said.entries()) comments.push([id, number + 1, ...comment]);
  }
  if (ids.length === 0) return;
  if (entries.length > 0) yield { sql: SAVE, rows: entries };
  if (done.length > 0) yield { sql: SAVE_DONE, rows: done };
  yield { sql: 'DELETE FROM entry_comments WHERE entry_id = ?', rows: ids };
  if (comments.length > 0) yield { sql: SAVE_COMMENT, rows: comments };
  yield { sql: 'UPDATE inbox SET last_entry = ? WHERE id = ?', rows: [[last, 1]] };
}

function keyOf([key]: Row): string {
  return Buffer.from(key as Uint8Array).toString('latin1');
}
