import { afterAll } from 'vitest';
import { MemoryStore } from '../../../../src/storage/memory-store.ts';
import { describeSearches } from './search-contract.ts';

const stores: MemoryStore[] = [];

afterAll(async () => {
  for (const store of stores) await store.close();
});

describeSearches(
  'a search of SQLite',
  async (options) => {
    const store = new MemoryStore(options);
    stores.push(store);
    return store;
  },
  1000,
);
