import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';
import { appendEntries } from './append-entries.ts';

const MAX_OUTPUT_OCTETS = 1 << 20;
/** As the store opens its own files. */
const PRAGMAS = [
  'PRAGMA page_size = 8192',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = NORMAL',
  'PRAGMA cache_size = -32768',
];

/**
 * Rows a second appended to the query log in SQLite, and brought into an empty table of the same columns and indexes by
 * `sqlite3 .import`, of the rows that the log then has.
 */
export async function timeSqlite(folder: string, rows: number) {
  const home = mkdtempSync(join(folder, 'sqlite-'));
  try {
    const store = openSqliteQueryLog(join(home, 'log'));
    const tookMs = await appendEntries(store, rows);
    await store.close();
    const ours = rows / (tookMs / 1000);
    return { ours, theirs: rows / (importRows(home, rows) / 1000) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Milliseconds that `.import` takes. Its table has the schema of the day's, and takes text where that has octets. */
function importRows(home: string, rows: number): number {
  const day = readdirSync(join(home, 'log')).find((file) => /^\d{4}-\d\d-\d\d\.db$/.test(file))!;
  const source = join(home, 'log', day);
  const schema = sqlite(source, ["SELECT sql || ';' FROM sqlite_schema WHERE tbl_name = 'entry' AND sql IS NOT NULL"]);
  const text = join(home, 'rows.txt');
  const descriptor = openSync(text, 'w');
  execFileSync('sqlite3', ['-ascii', source, 'SELECT * FROM entry'], { stdio: ['ignore', descriptor, 'inherit'] });
  closeSync(descriptor);
  const target = join(home, 'import.db');
  sqlite(target, [...PRAGMAS, schema.replaceAll(/\bSTRICT\b/g, '')]);
  const startedAtMs = performance.now();
  sqlite(target, [...PRAGMAS, `.import --ascii ${text} entry`]);
  const tookMs = performance.now() - startedAtMs;
  const count = Number(sqlite(target, ['SELECT count(*) FROM entry']));
  if (count !== rows) throw new Error(`sqlite3 imported ${count} rows, not ${rows}`);
  return tookMs;
}

function sqlite(file: string, commands: readonly string[]): string {
  const input = commands.map((command) => (command.startsWith('.') ? command : `${command};`)).join('\n');
  return execFileSync('sqlite3', ['-bail', file], { encoding: 'utf8', input, maxBuffer: MAX_OUTPUT_OCTETS }).trim();
}
