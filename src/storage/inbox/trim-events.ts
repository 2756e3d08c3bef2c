/** Lets go of the oldest events, and of what nobody needs without them. */
import { inPortions, type StepContext, type Steps } from '../steps.ts';
import { HOUR_MS } from './event-groups.ts';
import type { SqlDialect } from './sql-dialect.ts';

/** Events that go in one go. */
const TRIM_ROWS = 10_000;
const KEPT_HOURS = 40 * 24;

const DELETE_OLDEST: Readonly<Record<SqlDialect, string>> = {
  sqlite: 'DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY at_ms, id LIMIT ?) RETURNING entry_id',
  mariadb: 'DELETE FROM events ORDER BY at_ms, id LIMIT ? RETURNING entry_id',
};
/** Nobody has put it aside for later, or said something of it. */
const IS_DONE = `comments = 0 AND (state = 'open' OR (state = 'acknowledged' AND until_ms <= ?))
  AND NOT EXISTS (SELECT 1 FROM events WHERE events.entry_id = entries.id)`;

/** Of the `count` events the oldest `excess` go; the result is how many are left. `nowMs` is the time of the newest. */
export function* trimEvents({ dialect }: StepContext, count: number, excess: number, nowMs: number): Steps<number> {
  let left = count;
  for (let rest = excess; rest > 0; ) {
    const rows = yield { sql: DELETE_OLDEST[dialect], values: [Math.min(rest, TRIM_ROWS)] };
    if (rows.length === 0) break;
    rest -= rows.length;
    left -= rows.length;
    const entries = new Set(rows.map(([entry]) => entry).filter((entry) => entry !== null));
    for (const { marks, values } of inPortions([...entries].map(Number))) {
      yield { sql: `DELETE FROM entries WHERE id IN ${marks} AND ${IS_DONE}`, rows: [[...values, nowMs]] };
    }
  }
  yield* sweep(nowMs);
  return left;
}

/** Once an hour: entries that were acknowledged for longer than their events were kept, and hours long ago. */
function* sweep(nowMs: number): Steps<void> {
  const hour = Math.floor(nowMs / HOUR_MS);
  const rows = yield { sql: 'SELECT swept_hour FROM inbox WHERE id = 1', values: [] };
  if (Number(rows[0]?.[0]) >= hour) return;
  yield { sql: 'UPDATE inbox SET swept_hour = ? WHERE id = ?', rows: [[hour, 1]] };
  yield { sql: 'DELETE FROM entry_hours WHERE hour < ?', rows: [[hour - KEPT_HOURS]] };
  const oldest = yield { sql: 'SELECT MIN(at_ms) FROM events', values: [] };
  const before = oldest[0]?.[0] ?? nowMs;
  const isPast = "state = 'acknowledged' AND last_at_ms < ?";
  yield { sql: `DELETE FROM entries WHERE ${isPast} AND ${IS_DONE}`, rows: [[Number(before), nowMs]] };
}
