import type { Connection } from 'mariadb';
import { readName } from './column-values.ts';
import { nameKey } from './name-key.ts';

const PORTION_ROWS = 2000;

/** Gives the rows of the table `events` the keys of their query names. A name that makes no sense gets none. */
export async function fillMariadbNameKeys(connection: Connection): Promise<void> {
  let lastId = 0;
  for (;;) {
    const rows: readonly (readonly unknown[])[] = await connection.execute(
      'SELECT id, query_name FROM events WHERE id > ? ORDER BY id LIMIT ?',
      [lastId, PORTION_ROWS],
    );
    if (rows.length === 0) return;
    const keys = rows.flatMap(([id, text]) => {
      const name = readName(text);
      return name === undefined ? [] : [[nameKey(name), id]];
    });
    if (keys.length > 0) await connection.batch('UPDATE events SET name_key = ? WHERE id = ?', keys);
    lastId = Number(rows.at(-1)![0]);
  }
}
