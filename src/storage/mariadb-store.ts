import type { MariadbAccess } from './mariadb-connection.ts';
import { formatMariadbPlace } from './mariadb-place.ts';
import type { Store, StoreOptions } from './store.ts';
import { openThreadStore } from './thread-store.ts';

export interface MariadbStoreOptions extends StoreOptions {
  /** The compiled thread; by default `mariadb-worker.js` beside this file. */
  readonly threadScript?: URL;
}

/** What the thread is started with. */
export interface MariadbOrder {
  readonly access: MariadbAccess;
  readonly options: StoreOptions;
}

/**
 * The store in a MariaDB database, whose tables are made when they are missing. It is connected to when it is first asked, and
 * again after each failure: a request then rejects with GluewallError `store-away`, `store-access`, `store-missing`,
 * `store-newer`, `store-foreign`, `store-readonly`, `store-write`, `store-read` or `store-rows`.
 */
export async function openMariadbStore(access: MariadbAccess, options: MariadbStoreOptions): Promise<Store> {
  const { events, threadScript = new URL('./mariadb-worker.js', import.meta.url) } = options;
  const order: MariadbOrder = { access, options: { events } };
  const { store } = await openThreadStore(threadScript, order, formatMariadbPlace(access.place));
  return store;
}
