/** Changes the state of entries, and takes comments. */
import type { EntryComment, EntryState } from '../../inbox/entry.ts';
import { type EntryChange, type EntryChanged, MAX_ENTRY_COMMENTS } from '../../inbox/inbox-store.ts';
import type { ColumnValue } from '../column-values.ts';
import { inPortions, type StepContext, type Steps } from '../steps.ts';
import { nextChange } from './save-events.ts';

const HELD_COLUMNS = 'id, state, until_ms, state_change, severity, since_severity';
const CHANGE = `UPDATE entries SET change_number = ?, state = ?, state_by = ?, state_at_ms = ?, state_change = ?,
  until_ms = ?, severity = ?, since_severity = NULL WHERE id = ?`;

interface HeldState {
  readonly state: EntryState;
  readonly untilMs: number | undefined;
  readonly stateChange: number;
  /** The worst that anybody has to know of. */
  readonly severity: number;
}

/** Of several changes of one entry the first counts. */
export function* changeEntries(
  _context: StepContext,
  changes: readonly EntryChange[],
  by: string,
  atMs: number,
): Steps<readonly EntryChanged[]> {
  if (changes.length === 0) return [];
  const { change } = yield* nextChange();
  const held = yield* heldStates(changes.map(({ id }) => id));
  const rows: (readonly ColumnValue[])[] = [];
  const changed: EntryChanged[] = [];
  for (const { id, state, untilMs, ifStateChange } of changes) {
    const before = held.get(id);
    if (before === undefined || (ifStateChange !== undefined && ifStateChange !== before.stateChange)) continue;
    held.delete(id);
    const until = state === 'acknowledged' ? (untilMs ?? null) : null;
    rows.push([change, state, by, atMs, change, until, before.severity, id]);
    changed.push({ id, before: { state: before.state, untilMs: before.untilMs }, stateChange: change });
  }
  if (rows.length > 0) yield { sql: CHANGE, rows };
  return changed;
}

function* heldStates(ids: readonly number[]): Steps<Map<number, HeldState>> {
  const held = new Map<number, HeldState>();
  for (const { marks, values } of inPortions(ids)) {
    const rows = yield { sql: `SELECT ${HELD_COLUMNS} FROM entries WHERE id IN ${marks}`, values };
    for (const [id, state, untilMs, stateChange, severity, since] of rows) {
      held.set(Number(id), {
        state: state as EntryState,
        untilMs: typeof untilMs === 'number' ? untilMs : undefined,
        stateChange: Number(stateChange),
        severity: Math.min(Number(severity), since === null ? Number.POSITIVE_INFINITY : Number(since)),
      });
    }
  }
  return held;
}

export function* addEntryComment(_context: StepContext, id: number, { atMs, by, text }: EntryComment): Steps<boolean> {
  const { change } = yield* nextChange();
  const rows = yield { sql: 'SELECT comments FROM entries WHERE id = ?', values: [id] };
  const comments = rows[0] === undefined ? MAX_ENTRY_COMMENTS : Number(rows[0][0]);
  if (comments >= MAX_ENTRY_COMMENTS) return false;
  yield {
    sql: 'INSERT INTO entry_comments (entry_id, number, at_ms, by_user, words) VALUES (?, ?, ?, ?, ?)',
    rows: [[id, comments + 1, atMs, by, text]],
  };
  yield {
    sql: 'UPDATE entries SET comments = ?, change_number = ? WHERE id = ?',
    rows: [[comments + 1, change, id]],
  };
  return true;
}
