import type { Database } from 'better-sqlite3';
import { TripleBatchWriter, unpackTriples } from '../nsdb/triple-batch.ts';
import { boundedColumns, endlessMilliseconds } from './column-values.ts';
import { FIRST_TRIPLE_COLUMNS, readFirstTriple } from './first-triple-rows.ts';

const PORTION_ROWS = 2000;

/** Writes the rows of `first_triples` into the table `triples` of version 2. A row that makes no sense stays behind. */
export function moveFirstTriples(connection: Database): void {
  const read = connection
    .prepare<unknown[], readonly unknown[]>(
      `SELECT id, ${boundedColumns(FIRST_TRIPLE_COLUMNS)} FROM first_triples WHERE id > ? ORDER BY id LIMIT ?`,
    )
    .raw();
  const save = connection.prepare(
    'INSERT OR REPLACE INTO triples (zone, name_server, address, expires_at_ms, facts) VALUES (?, ?, ?, ?, ?)',
  );
  const writer = new TripleBatchWriter();
  let rows = read.all(0, PORTION_ROWS);
  while (rows.length > 0) {
    for (const row of rows) {
      const triple = readFirstTriple(row.slice(1));
      if (triple !== undefined) writer.add(triple);
    }
    for (const { zone, nameServer, address, expiresAtMs, facts } of unpackTriples(writer.take())) {
      save.run(zone, nameServer, address, endlessMilliseconds(expiresAtMs), facts);
    }
    rows = read.all(Number(rows.at(-1)![0]), PORTION_ROWS);
  }
}
