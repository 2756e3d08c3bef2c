/** What the database does in one go. Its thread is asked for these by name, so all of it can be cloned. */
import type { Address } from '../core/address.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { AllowEntry } from '../policy/allow-list.ts';
import type { WarmupProgress } from '../policy/mode.ts';

/** Some of the rows asked for, and where to go on. */
export interface Portion<T, P> {
  readonly items: readonly T[];
  /** The place of the last row read; undefined when there are no more. */
  readonly next: P | undefined;
}

/** Where in the events reading goes on: after this row, for so many more. */
export interface EventPlace {
  readonly atMs: number;
  readonly id: number;
  readonly left: number;
}

export interface StoreOperations {
  /** The triples after row `id`, 0 for the first. */
  triplesAfter(id: number, nowMs: number): Portion<NsTriple, number>;
  saveTriples(triples: readonly NsTriple[]): void;
  /** Deletes some thousands; resolves with how many, 0 when there are no more. */
  deleteExpiredTriples(nowMs: number): number;
  allowEntries(nowMs: number): readonly AllowEntry[];
  saveAllowEntry(entry: AllowEntry): void;
  deleteAllowEntry(address: Address): void;
  warmup(): WarmupProgress | undefined;
  saveWarmup(progress: WarmupProgress): void;
  saveEvents(events: readonly VerdictEvent[]): void;
  /** The events of a query after `place`, undefined for the first. */
  eventsAfter(place: EventPlace | undefined, query: EventQuery): Portion<VerdictEvent, EventPlace>;
}
