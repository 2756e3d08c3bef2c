import { AskedStore } from './asked-store.ts';
import { openSqliteMemory } from './sqlite-database.ts';
import type { StoreOptions } from './store.ts';

/** A store that ends with the process, and is otherwise like the one in a file; each request is done in this thread at once. */
export class MemoryStore extends AskedStore {
  constructor(options: StoreOptions) {
    const database = openSqliteMemory(options);
    super({
      get unreadableRows() {
        return database.unreadableRows;
      },
      async ask(operation, ...args) {
        // The only one who asks is AskedStore, whose calls are typed by the same operations.
        const asked = database[operation] as (...args: readonly unknown[]) => never;
        return asked.apply(database, args);
      },
      async close() {
        database.close();
      },
    });
  }
}
