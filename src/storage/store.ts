import type { AccountStore, Change } from '../accounts/account-store.ts';
import type { EventStore } from '../events/event-store.ts';
import type { MinuteStore } from '../events/minute-store.ts';
import type { FindingStore } from '../findings/finding-store.ts';
import type { InboxStore } from '../inbox/inbox-store.ts';
import type { HistoryStore } from '../nsdb/history-store.ts';
import type { PolicyStore } from '../policy/policy-store.ts';
import type { EntryCopy } from './inbox/copy-entries.ts';

/**
 * What outlives the process. What a save is given may change as soon as the call has returned; a batch is the store's.
 * Every promise rejects with a GluewallError whose code begins with `store-`; the store stays usable after it.
 */
export interface Store
  extends HistoryStore,
    PolicyStore,
    EventStore,
    FindingStore,
    InboxStore,
    MinuteStore,
    AccountStore {
  /** Rows that were found and could not be read, since the store was opened; they are left out. */
  readonly unreadableRows: number;
  /** All of the record of changes, the oldest first. */
  loadChanges(): AsyncIterable<readonly Change[]>;
  /** All entries of the inbox, for another store. */
  loadEntryCopies(): AsyncIterable<readonly EntryCopy[]>;
  /** Puts entries of another store in place of what the events made of them; those that are of no event here, and that nobody has done anything with, are left out. */
  saveEntryCopies(copies: readonly EntryCopy[]): Promise<void>;
  /** How much it holds. */
  contents(): Promise<StoreContents>;
  /** Lets go of the store once all that was asked before is done. Safe twice; other calls then reject. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** The most events kept. */
  readonly events: number;
  /** Whether a damaged file is refused with `store-corrupt`, where it would be set aside. */
  readonly isStrict?: boolean;
}

/** How much a store holds. */
export interface StoreContents {
  /** The version of its tables. */
  readonly schemaVersion: number;
  readonly triples: number;
  readonly events: number;
  readonly rules: number;
  readonly findings: number;
  /** Of the inbox. */
  readonly entries: number;
  /** Octets on the disk of its machine, about; undefined in memory. */
  readonly sizeBytes: number | undefined;
  /** Milliseconds; undefined when there are no events. */
  readonly oldestEventAtMs: number | undefined;
  readonly newestEventAtMs: number | undefined;
}

/** Rows in one portion of what a store reads. */
export const PORTION_ROWS = 2000;
