import type { NsTriple } from './ns-triple.ts';

/** Where the history is kept beyond the life of a process. Only what was learned is kept: the rest is configured. */
export interface HistoryStore {
  /** Every triple that has not expired at `nowMs`, in portions of some thousands, in no order. */
  loadTriples(nowMs: number): AsyncIterable<readonly NsTriple[]>;
  /** Keeps the triples, all or none, each in place of an older one with the same zone, name server and address. */
  saveTriples(triples: readonly NsTriple[]): Promise<void>;
  /** Lets go of what has expired at `nowMs`; resolves with how many triples that were. */
  deleteExpiredTriples(nowMs: number): Promise<number>;
}
