import type { BatchStore } from '../../querylog/batch-sender.ts';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import type { SourceBatch, SourcePosition } from '../../querylog/query-log-store.ts';

/** Hands batches on to a store, and counts the entries in them that are of before `oldMs`. */
export class OldEntries implements BatchStore {
  readonly #store: BatchStore;
  readonly #oldMs: number;
  #count = 0;

  constructor(store: BatchStore, oldMs: number) {
    this.#store = store;
    this.#oldMs = oldMs;
  }

  /** Of those that were kept. */
  get count(): number {
    return this.#count;
  }

  async append(batch: SourceBatch): Promise<void> {
    // Before the entries are the store's.
    const count = Number.isFinite(this.#oldMs) ? this.#countIn(batch.entries) : 0;
    await this.#store.append(batch);
    this.#count += count;
  }

  position(source: string): Promise<SourcePosition | undefined> {
    return this.#store.position(source);
  }

  #countIn(entries: Uint8Array): number {
    const reader = new EntryBatchReader(entries);
    let count = 0;
    while (reader.next() === 'entry') if (reader.atMs < this.#oldMs) count++;
    return count;
  }
}
