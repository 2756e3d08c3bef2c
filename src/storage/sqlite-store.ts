import { resolve } from 'node:path';
import type { StoreOptions } from './store.ts';
import { type OpenedStore, openThreadStore } from './thread-store.ts';

export interface SqliteStoreOptions extends StoreOptions {
  /** The compiled thread; by default `sqlite-worker.js` beside this file. */
  readonly threadScript?: URL;
}

/** What the thread is started with. */
export interface SqliteOrder {
  readonly file: string;
  readonly options: StoreOptions;
}

/**
 * Opens the store in `file` for this process alone; it is made when it is missing, its folder too. A crash of the process
 * loses nothing that was saved; a power cut can lose the last saves, never the file. Rejects with the codes of
 * `openSqliteFile`, also after a minute in which nothing moves.
 */
export function openSqliteStore(file: string, options: SqliteStoreOptions): Promise<OpenedStore> {
  const { events, isStrict = false, threadScript = new URL('./sqlite-worker.js', import.meta.url) } = options;
  const path = resolve(file);
  const order: SqliteOrder = { file: path, options: { events, isStrict } };
  return openThreadStore(threadScript, order, path);
}
