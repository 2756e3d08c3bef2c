/** The thread that has the connection of a MariaDB store. */
import { workerData } from 'node:worker_threads';
import { MariadbDatabase } from './mariadb-database.ts';
import type { MariadbOrder } from './mariadb-store.ts';
import { serveStore } from './serve-store.ts';

serveStore(() => {
  const { access, options } = workerData as MariadbOrder;
  return { database: new MariadbDatabase(access, options), setAside: undefined };
});
