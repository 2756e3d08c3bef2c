import type { Database } from 'better-sqlite3';
import { boundedColumns, readName } from './column-values.ts';
import { nameKey } from './name-key.ts';

const PORTION_ROWS = 2000;

/** Gives the rows of the table `events` the keys of their query names. A name that makes no sense gets none. */
export function fillNameKeys(connection: Database, moving: () => void): void {
  const read = connection
    .prepare<unknown[], readonly unknown[]>(
      `SELECT id, ${boundedColumns(['query_name'])} FROM events WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .raw();
  const save = connection.prepare('UPDATE events SET name_key = ? WHERE id = ?');
  let rows = read.all(Number.MIN_SAFE_INTEGER, PORTION_ROWS);
  while (rows.length > 0) {
    for (const [id, text] of rows) {
      const name = readName(text);
      if (name !== undefined) save.run(nameKey(name), id);
    }
    moving();
    rows = read.all(Number(rows.at(-1)![0]), PORTION_ROWS);
  }
}
