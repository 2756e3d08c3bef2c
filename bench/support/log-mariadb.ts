import { join } from 'node:path';
import { openMariadbQueryLog } from '../../src/storage/query-log/mariadb-query-log.ts';
import { MariadbServer } from '../../test/support/mariadb-server.ts';
import { appendEntries } from './append-entries.ts';

/** Neither stands in the values of a row: see many-entries.ts. */
const FORM = "CHARACTER SET binary FIELDS TERMINATED BY 0x1f ESCAPED BY '' LINES TERMINATED BY 0x1e";

/**
 * Rows a second appended to the query log in MariaDB, and brought into an empty table of the same columns, partitions and indexes
 * by LOAD DATA, of the rows that the log then has. The server is one of our own, with all settings as they come.
 */
export async function timeMariadb(rows: number) {
  const server = await MariadbServer.start();
  try {
    const access = await server.newDatabase();
    const store = openMariadbQueryLog(access);
    const tookMs = await appendEntries(store, rows);
    await store.close();
    return { ours: rows / (tookMs / 1000), theirs: rows / ((await loadRows(server, access.place.database)) / 1000) };
  } finally {
    await server.remove();
  }
}

/** Milliseconds that LOAD DATA takes. */
async function loadRows(server: MariadbServer, database: string): Promise<number> {
  const root = await server.connectAsRoot();
  try {
    const file = root.escape(join(server.folder, 'data', 'rows.txt'));
    await root.query(`USE ${database}`);
    await root.query(`SELECT * INTO OUTFILE ${file} ${FORM} FROM log_entries`);
    await root.query('CREATE TABLE loaded LIKE log_entries');
    const startedAtMs = performance.now();
    await root.query(`LOAD DATA INFILE ${file} INTO TABLE loaded ${FORM}`);
    const tookMs = performance.now() - startedAtMs;
    const [counts] = (await root.query(
      'SELECT (SELECT count(*) FROM log_entries) AS ours, (SELECT count(*) FROM loaded) AS theirs',
    )) as { readonly ours: bigint; readonly theirs: bigint }[];
    if (counts?.ours !== counts?.theirs)
      throw new Error(`LOAD DATA brought ${counts?.theirs} rows, not ${counts?.ours}`);
    return tookMs;
  } finally {
    await root.end();
  }
}
