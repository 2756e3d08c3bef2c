import type { Address } from '../core/address.ts';
import { DAY_MS } from '../core/clock.ts';
import type { Name } from '../dns/name.ts';
import type { LogEntry } from './log-entry.ts';

/** How far the reading of a source has come, so that it can go on after a restart. */
export interface SourcePosition {
  /** What the file began with, as a digest: another file of the same name is told by it. */
  readonly fingerprint: string;
  /** Octets of the file that have been read. */
  readonly offset: number;
  /** What the reader waits for, as JSON. */
  readonly state: string;
}

/** A record of a source that could not be read. */
export interface QuarantinedRecord {
  readonly atMs: number;
  readonly reason: string;
  /** The beginning of its octets; MAX_SAMPLE_OCTETS at most. */
  readonly sample: Uint8Array;
}

/** Octets kept of a record that could not be read, and such records kept of a source: the newest. */
export const MAX_SAMPLE_OCTETS = 512;
export const MAX_QUARANTINED = 100;
/** Such records kept of all sources together, the newest: names of sources may be made up. */
export const MAX_ALL_QUARANTINED = 10_000;

/** What one source has brought, kept all or not at all. */
export interface SourceBatch {
  /** The name of the source; MAX_SOURCE_CHARACTERS at most. */
  readonly source: string;
  /** Packed entries (entry-batch.ts), of any days and in any order; may be none. The store's from the call on. */
  readonly entries: Uint8Array;
  /** Where the source is to be read from when this batch is kept; undefined: of a source without places, such as a socket. */
  readonly position: SourcePosition | undefined;
  /**
   * Of a batch with a position: the one that this batch goes on from, undefined: none was kept. When the store keeps another,
   * somebody else reads the source, too: `append` then keeps nothing and rejects with `store-position`.
   */
  readonly from?: Pick<SourcePosition, 'fingerprint' | 'offset'> | undefined;
  readonly quarantined: readonly QuarantinedRecord[];
}

export const MAX_SOURCE_CHARACTERS = 255;

/** One of the questions that the log is asked. All that is given must hold. */
export interface LogQuestion {
  /** Who asked for this name, compared without regard to case (RFC 4343). */
  readonly name?: Name | undefined;
  /** Who asked for a name at or below this one. */
  readonly zone?: Name | undefined;
  /** What did this client ask. */
  readonly client?: Address | undefined;
  /** Who was told this address. */
  readonly answer?: Address | undefined;
  /** Only from this source. */
  readonly source?: string | undefined;
  /** Asked at this time or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Asked before this time. */
  readonly untilMs?: number | undefined;
  /** Only entries that follow this one, newest first: the `last` of the page before. */
  readonly after?: LogPlace | undefined;
  /** Entries on the page, MAX_PAGE_ENTRIES at most. */
  readonly limit: number;
}

export const MAX_PAGE_ENTRIES = 10_000;

/** Where an entry stands among all: newest first, by time and then by number, both descending. */
export interface LogPlace {
  readonly atMs: number;
  /** Its number among the entries of its day (UTC), from 0 on. */
  readonly number: number;
}

export interface FoundEntry extends LogEntry {
  readonly source: string;
  readonly place: LogPlace;
}

export interface LogPage {
  /** Newest first. */
  readonly entries: readonly FoundEntry[];
  /** The place of the last entry when more follow, else undefined. */
  readonly last: LogPlace | undefined;
}

/** A time without an entry, milliseconds since the epoch. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the log holds of one source. */
export interface SourceCoverage {
  readonly source: string;
  readonly entries: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Times of `gapMs` and more between two entries, in steps of COVERAGE_SLOT_MS; the longest MAX_GAPS, in order of time. */
  readonly gaps: readonly Gap[];
}

export const COVERAGE_SLOT_MS = 5 * 60_000;
export const MAX_GAPS = 100;

/** How long entries are kept, and how many octets of them. */
export interface Retention {
  /** Days (UTC) that ended longer ago than this go; Infinity: never. Milliseconds. */
  readonly keepMs: number;
  /** As `keepMs`, for some sources by name; may be shorter only. */
  readonly keepMsOf: ReadonlyMap<string, number>;
  /**
   * The oldest days before today go until the rest has no more octets; at least the newest day stays. What is kept beside the
   * days does not count. Infinity: never.
   */
  readonly sizeBytes: number;
}

export interface TrimReport {
  readonly days: number;
  readonly entries: number;
}

/** Days that a store holds at once, about 27 years of them; the oldest go for newer ones. */
export const MAX_DAYS = 10_000;

/**
 * Where the query log is kept: a list of entries for each day of UTC. Every promise rejects with a GluewallError whose code
 * begins with `store-`; the store stays usable after it.
 */
export interface QueryLogStore {
  /** Keeps a batch: its entries, position and quarantined records, all or none of them, and once, whatever dies when. */
  append(batch: SourceBatch): Promise<void>;
  /** How far each source has been read, by its name. */
  position(source: string): Promise<SourcePosition | undefined>;
  /** When `signal` is aborted, nobody waits for the page any more: it ends early, and is empty. */
  search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage>;
  coverage(gapMs: number): Promise<readonly SourceCoverage[]>;
  /** Of a source or of all, newest first. */
  quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]>;
  /** Removes what need not be kept, also records that could not be read. */
  trim(retention: Retention, nowMs: number): Promise<TrimReport>;
  /** Octets on the disk, about; undefined in memory. */
  sizeBytes(): Promise<number | undefined>;
  /** Safe twice. */
  close(): Promise<void>;
}

/** The day of UTC that an instant lies in, as days since the epoch. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}
