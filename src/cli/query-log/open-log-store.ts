import type { Log } from '../../core/log.ts';
import type { QueryLogStore } from '../../querylog/query-log-store.ts';
import { openMariadbQueryLog } from '../../storage/query-log/mariadb-query-log.ts';
import { MemoryQueryLog } from '../../storage/query-log/memory-query-log.ts';
import { openSqliteQueryLog } from '../../storage/query-log/sqlite-query-log.ts';
import type { LogStorePlace } from './log-order.ts';

/** Entries kept where the log ends with the process. */
const MEMORY_ENTRIES = 1_000_000;

/**
 * Opens a query log for this thread, which it may hold up. Throws a GluewallError whose code begins with `store-`; that a
 * database is away is only found out when it is asked.
 */
export function openLogStore(place: LogStorePlace, log: Log): QueryLogStore {
  switch (place.kind) {
    case 'memory':
      return new MemoryQueryLog(MEMORY_ENTRIES);
    case 'sqlite':
      return openSqliteQueryLog(place.folder, (aside) => {
        log.error(
          { setAside: aside },
          `a file of the query log was damaged and is set aside as ${aside}; the rest goes on`,
        );
      });
    case 'mariadb':
      return openMariadbQueryLog(place.access);
  }
}
