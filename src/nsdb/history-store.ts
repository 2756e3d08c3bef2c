import type { SaveMark } from '../core/save-mark.ts';

/** Where the history is kept beyond the life of a process. Only what was learned is kept: the rest is configured. */
export interface HistoryStore {
  /**
   * Every triple that had not expired at `sinceMs` (what expired since is part of the past that is kept), as batches of some
   * thousands (triple-batch.ts), in no order.
   */
  loadTriples(sinceMs: number): AsyncIterable<Uint8Array>;
  /**
   * Keeps the triples of a batch, all or none, each in place of an older one with the same zone, name server and address; of
   * two in the batch the last. The batch belongs to the store from then on. With a mark that was saved before, nothing is done.
   */
  saveTriples(batch: Uint8Array, mark?: SaveMark): Promise<void>;
  /** Lets go of what had expired at `beforeMs`; resolves with how many triples that were. */
  deleteExpiredTriples(beforeMs: number): Promise<number>;
}
