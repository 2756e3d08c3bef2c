/** Makes entries of the events that an older gluewall saved. */
import type { Database } from 'better-sqlite3';
import type { ColumnValue } from '../column-values.ts';
import { EVENT_COLUMNS, readEvent } from '../event-rows.ts';
import { SqliteSteps } from '../sqlite-steps.ts';
import { listed, type StepContext, type Steps } from '../steps.ts';
import { groupEvents } from './event-groups.ts';
import { saveGroups } from './save-events.ts';

const PORTION_ROWS = 2000;
const FILL = 'UPDATE events SET client_key = ?, destination_key = ?, entry_id = ? WHERE id = ?';

export function fillInbox(connection: Database, moving: () => void): void {
  const steps = new SqliteSteps(connection);
  const context: StepContext = { dialect: 'sqlite', unreadable: () => {} };
  // Ends: each portion begins behind the one before.
  for (let lastId: number | undefined = Number.MIN_SAFE_INTEGER; lastId !== undefined; ) {
    lastId = steps.run(fillPortion(context, lastId));
    moving();
  }
}

/** The id of the last event of the portion; undefined when there were none. One that makes no sense stays as it is. */
export function* fillPortion(context: StepContext, afterId: number): Steps<number | undefined> {
  const rows = yield {
    sql: `SELECT id, ${listed(context.dialect, EVENT_COLUMNS)} FROM events WHERE id > ? AND client_key IS NULL
      ORDER BY id LIMIT ?`,
    values: [afterId, PORTION_ROWS],
  };
  const ids: number[] = [];
  const events = rows.flatMap((row) => {
    const event = readEvent(row.slice(1));
    if (event === undefined) return [];
    ids.push(Number(row[0]));
    return [event];
  });
  const { saves, groups } = groupEvents(events);
  const entries = yield* saveGroups(context, groups);
  const filled = saves.map(({ clientKey, destinationKey, group }, index): readonly ColumnValue[] => {
    return [clientKey, destinationKey, (group && entries.get(group)) ?? null, ids[index]!];
  });
  if (filled.length > 0) yield { sql: FILL, rows: filled };
  return rows.length === 0 ? undefined : Number(rows.at(-1)![0]);
}
