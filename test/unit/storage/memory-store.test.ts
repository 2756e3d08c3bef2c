import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { describeStore } from './store-contract.ts';

describeStore('the memory store', async (options) => new MemoryStore(options));
