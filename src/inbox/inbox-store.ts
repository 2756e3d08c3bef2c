/** Where the inbox is kept. All of it can be cloned; every promise rejects as those of other stores do. */
import type { Address } from '../core/address.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { EntryComment, EntryState, InboxEntry, Severity } from './entry.ts';
import type { Search } from './search.ts';

/** Where a list goes on: before this row, on the way from the newest to the oldest. */
export interface RowPlace {
  readonly atMs: number;
  readonly id: number;
}

export interface RowQuery {
  readonly search: Search;
  readonly before: RowPlace | undefined;
  /** The most rows of the answer. */
  readonly limit: number;
}

/** One step of a list. Where what is wanted is rare, a step may have fewer rows than asked for, or none, and yet go on. */
export interface RowPage<T> {
  readonly rows: readonly T[];
  /** Undefined when there are no more. */
  readonly next: RowPlace | undefined;
}

/** An entry as a list has it: with its events of the last 24 hours, by hour, the current hour last. */
export interface ListedEntry extends InboxEntry {
  readonly hours: readonly number[];
}

export interface EntryChange {
  readonly id: number;
  readonly state: EntryState;
  readonly untilMs: number | undefined;
  /** Leaves the entry alone when its state is not the one that this change made (undo). */
  readonly ifStateChange: number | undefined;
}

/** What became of an entry's state. */
export interface EntryChanged {
  readonly id: number;
  readonly before: { readonly state: EntryState; readonly untilMs: number | undefined };
  /** The number of this change of state: for `ifStateChange`. */
  readonly stateChange: number;
}

export interface KeptEvent {
  readonly id: number;
  readonly event: VerdictEvent;
}

/** A client or a destination, and how much of it was blocked or would have been. */
export interface BusyAddress {
  readonly address: Address;
  readonly name: string | undefined;
  readonly events: number;
}

export interface InboxStore {
  /** Entries, the one last seen first. `nowMs` is for their hours. */
  findEntries(query: RowQuery, nowMs: number): Promise<RowPage<ListedEntry>>;
  /** Those of the ids that there are. */
  entriesById(ids: readonly number[], nowMs: number): Promise<readonly ListedEntry[]>;
  commentsOf(id: number): Promise<readonly EntryComment[]>;
  /** The newest change of any entry; 0 when there was none. */
  lastEntryChange(): Promise<number>;
  /** Entries changed after a change, the last changed first, the newest `limit` of them, and how many there are in all. */
  entriesChangedAfter(
    change: number,
    limit: number,
    nowMs: number,
  ): Promise<{ readonly entries: readonly ListedEntry[]; readonly count: number; readonly change: number }>;
  /** Sets states, all or none; entries that are not there, or are left alone, are not in the answer. */
  changeEntries(changes: readonly EntryChange[], by: string, atMs: number): Promise<readonly EntryChanged[]>;
  /** False when there is no such entry, or no room for more words. */
  addEntryComment(id: number, comment: EntryComment): Promise<boolean>;
  /** Any events, allowed ones too, the newest first. */
  findKeptEvents(query: RowQuery): Promise<RowPage<KeptEvent>>;
  /** Events of one entry, the newest first. */
  eventsOfEntry(id: number, before: RowPlace | undefined, limit: number): Promise<RowPage<KeptEvent>>;
  keptEvent(id: number): Promise<KeptEvent | undefined>;
  /** The entry that an event belongs to. */
  entryOfEvent(id: number): Promise<number | undefined>;
  /** Of a time, by whole hours; of an hour with more than 50,000 entries, only the newest of them count. The busiest first. */
  busiest(by: 'client' | 'destination', sinceMs: number, limit: number): Promise<readonly BusyAddress[]>;
  /** Open and escalated entries by severity. */
  openEntries(): Promise<
    readonly { readonly severity: Severity; readonly state: EntryState; readonly count: number }[]
  >;
}

/** The most comments of one entry. */
export const MAX_ENTRY_COMMENTS = 200;
