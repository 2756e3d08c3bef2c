/** The thread that has the database of a SQLite store. */
import { workerData } from 'node:worker_threads';
import { serveStore } from './serve-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import type { SqliteOrder } from './sqlite-store.ts';

serveStore((moving) => {
  const { file, options } = workerData as SqliteOrder;
  return openSqliteDatabase(file, options, moving);
});
