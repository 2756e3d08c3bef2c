import type { Connection } from 'mariadb';
import type { ColumnValue } from './column-values.ts';
import type { Rows, Steps, Task } from './steps.ts';

/** Does the tasks of steps in MariaDB, one after the other. Rejects with what the connector rejects with. */
export async function runSteps<T>(connection: Connection, steps: Steps<T>): Promise<T> {
  let step = steps.next([]);
  while (step.done !== true) step = steps.next(await perform(connection, step.value));
  return step.value;
}

async function perform(connection: Connection, task: Task): Promise<Rows> {
  if ('values' in task) return connection.execute(task.sql, [...task.values]);
  if (task.rows.length === 0) return [];
  const rows = task.rows.map((row) => row.map(textOf));
  if (rows.length === 1) await connection.execute(task.sql, rows[0]);
  else await connection.batch(task.sql, rows);
  return [];
}

/** Numbers go as text: rows whose columns are now whole numbers and now not would go one by one. */
export function textOf(value: ColumnValue): string | Uint8Array | null {
  if (typeof value === 'number') return String(value);
  // The connector takes other octets for an object, and writes it as text.
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : value;
}
