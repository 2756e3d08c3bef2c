import type { EventStore } from '../events/event-store.ts';
import type { HistoryStore } from '../nsdb/history-store.ts';
import type { PolicyStore } from '../policy/policy-store.ts';

/**
 * What outlives the process. What a save is given may change as soon as the call has returned. Every promise rejects
 * with a GluewallError whose code begins with `store-`; after one about a full or failing disk the store stays usable.
 */
export interface Store extends HistoryStore, PolicyStore, EventStore {
  /** Rows that were found and could not be read, since the store was opened; they are left out. */
  readonly unreadableRows: number;
  /** Lets go of the store once all that was asked before is done. Safe twice; other calls then reject. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The most events kept. */
  readonly events: number;
}

/** Rows in one portion of what a store reads. */
export const PORTION_ROWS = 2000;
