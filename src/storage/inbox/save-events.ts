/** Saves events, and makes the entries of the inbox of them. */
import type { VerdictEvent } from '../../events/verdict-event.ts';
import type { ColumnValue } from '../column-values.ts';
import { EVENT_COLUMNS } from '../event-rows.ts';
import { inPortions, places, type StepContext, type Steps } from '../steps.ts';
import { FACT_COLUMNS, factValues, NEW_ENTRY_COLUMNS, newEntryRow } from './entry-rows.ts';
import { type EventGroup, groupEvents } from './event-groups.ts';
import type { SqlDialect } from './sql-dialect.ts';
import { trimEvents } from './trim-events.ts';

const SAVE_EVENT = `INSERT INTO events (${EVENT_COLUMNS.join(', ')}, name_key, client_key, destination_key, entry_id)
  VALUES (${places(EVENT_COLUMNS)}, ?, ?, ?, ?)`;
const SAVE_ENTRY = `INSERT INTO entries (${NEW_ENTRY_COLUMNS.join(', ')}) VALUES (${places(NEW_ENTRY_COLUMNS)})`;
const UPDATE_OLD = `UPDATE entries SET change_number = ?, first_at_ms = ?, events = events + ?, packets = packets + ?
  WHERE id = ?`;
const UPDATE_NEWEST = `UPDATE entries SET change_number = ?, first_at_ms = ?, events = events + ?, packets = packets + ?,
  last_at_ms = ?, ${FACT_COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const UPDATE_SEVERITY = 'UPDATE entries SET severity = ? WHERE id = ?';
const UPDATE_SINCE = 'UPDATE entries SET since_severity = ? WHERE id = ?';
const OPEN_ANEW = `UPDATE entries SET state = 'open', severity = ?, since_severity = NULL, state_by = NULL,
  state_at_ms = NULL, until_ms = NULL, state_change = ? WHERE id = ?`;
const SAVE_HOURS: Readonly<Record<SqlDialect, string>> = {
  sqlite: `INSERT INTO entry_hours (hour, entry_id, events) VALUES (?, ?, ?)
    ON CONFLICT (hour, entry_id) DO UPDATE SET events = events + excluded.events`,
  mariadb: `INSERT INTO entry_hours (hour, entry_id, events) VALUES (?, ?, ?)
    ON DUPLICATE KEY UPDATE events = events + VALUES(events)`,
};
const HELD_COLUMNS = 'id, entry_key, first_at_ms, last_at_ms, severity, since_severity, state, until_ms';

/** The numbers that were given last, and the hour of the last sweep. */
export interface InboxNumbers {
  readonly change: number;
  readonly lastEntry: number;
  readonly sweptHour: number;
}

/** What a group meets in the table. */
interface HeldEntry {
  readonly id: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly severity: number;
  readonly sinceSeverity: number | undefined;
  readonly isAcknowledged: boolean;
  readonly untilMs: number;
}

/** A new number of a change. Who has it keeps others that change entries waiting until the end of the transaction. */
export function* nextChange(): Steps<InboxNumbers> {
  yield { sql: 'UPDATE inbox SET change_number = change_number + 1 WHERE id = ?', rows: [[1]] };
  const rows = yield { sql: 'SELECT change_number, last_entry, swept_hour FROM inbox WHERE id = 1', values: [] };
  const [change, lastEntry, sweptHour] = rows[0] ?? [];
  return { change: Number(change), lastEntry: Number(lastEntry), sweptHour: Number(sweptHour) };
}

/**
 * Saves the events and lets go of the oldest beyond `maxEvents`. `held` is how many there are; the result how many there are
 * then.
 */
export function* saveEvents(
  context: StepContext,
  events: readonly VerdictEvent[],
  held: number,
  maxEvents: number,
): Steps<number> {
  const { saves, groups } = groupEvents(events);
  const ids = yield* saveGroups(context, groups);
  yield {
    sql: SAVE_EVENT,
    rows: saves.map(({ row, nameKey, clientKey, destinationKey, group }) => [
      ...row,
      nameKey,
      clientKey,
      destinationKey,
      (group && ids.get(group)) ?? null,
    ]),
  };
  const count = held + events.length;
  return count <= maxEvents ? count : yield* trimEvents(context, count, count - maxEvents, lastOf(events));
}

/** Adds the groups to the entries; the result are the ids of those. */
export function* saveGroups(
  { dialect }: StepContext,
  groups: readonly EventGroup[],
): Steps<ReadonlyMap<EventGroup, number>> {
  const ids = new Map<EventGroup, number>();
  if (groups.length === 0) return ids;
  const { change, lastEntry } = yield* nextChange();
  const held = yield* heldEntries(groups);
  const fresh: (readonly ColumnValue[])[] = [];
  const changed: [EventGroup, HeldEntry][] = [];
  let last = lastEntry;
  for (const group of groups) {
    const entry = held.get(group.key.toString('latin1'));
    if (entry === undefined) fresh.push(newEntryRow(++last, change, group));
    else changed.push([group, entry]);
    ids.set(group, entry?.id ?? last);
  }
  if (fresh.length > 0) {
    yield { sql: SAVE_ENTRY, rows: fresh };
    yield { sql: 'UPDATE inbox SET last_entry = ? WHERE id = ?', rows: [[last, 1]] };
  }
  yield* updateEntries(change, changed);
  const hours = groups.flatMap((group) => [...group.hours].map(([hour, count]) => [hour, ids.get(group)!, count]));
  yield { sql: SAVE_HOURS[dialect], rows: hours };
  return ids;
}

function* heldEntries(groups: readonly EventGroup[]): Steps<ReadonlyMap<string, HeldEntry>> {
  const held = new Map<string, HeldEntry>();
  for (const { marks, values } of inPortions(groups.map(({ key }) => key))) {
    const rows = yield { sql: `SELECT ${HELD_COLUMNS} FROM entries WHERE entry_key IN ${marks}`, values };
    for (const [id, key, firstAtMs, lastAtMs, severity, since, state, untilMs] of rows) {
      held.set(Buffer.from(key as Uint8Array).toString('latin1'), {
        id: Number(id),
        firstAtMs: Number(firstAtMs),
        lastAtMs: Number(lastAtMs),
        severity: Number(severity),
        sinceSeverity: since === null ? undefined : Number(since),
        isAcknowledged: state === 'acknowledged',
        untilMs: untilMs === null ? Number.POSITIVE_INFINITY : Number(untilMs),
      });
    }
  }
  return held;
}

/** Columns that stay as they are are not named: each costs the change of an index. */
function* updateEntries(change: number, changed: readonly (readonly [EventGroup, HeldEntry])[]): Steps<void> {
  const tasks = new Map<string, (readonly ColumnValue[])[]>();
  const add = (sql: string, ...row: readonly ColumnValue[]) => {
    const rows = tasks.get(sql) ?? [];
    tasks.set(sql, rows);
    rows.push(row);
  };
  for (const [group, entry] of changed) {
    const counts = [change, Math.min(entry.firstAtMs, group.firstAtMs), group.events, group.packets];
    if (group.lastAtMs < entry.lastAtMs) add(UPDATE_OLD, ...counts, entry.id);
    else add(UPDATE_NEWEST, ...counts, group.lastAtMs, ...factValues(group.newest), entry.id);
    const since = Math.min(entry.sinceSeverity ?? group.severity, group.severity);
    if (!entry.isAcknowledged) {
      if (group.severity < entry.severity) add(UPDATE_SEVERITY, group.severity, entry.id);
    } else if (group.lastAtMs >= entry.untilMs || group.severity < entry.severity) {
      add(OPEN_ANEW, since, change, entry.id);
    } else if (since !== entry.sinceSeverity) {
      add(UPDATE_SINCE, since, entry.id);
    }
  }
  for (const [sql, rows] of tasks) yield { sql, rows };
}

function lastOf(events: readonly VerdictEvent[]): number {
  return events.reduce((last, { atMs }) => Math.max(last, atMs), Number.NEGATIVE_INFINITY);
}
