import type { Address } from '../core/address.ts';
import type { SaveMark } from '../core/save-mark.ts';
import type { VerdictEvent } from './verdict-event.ts';

/** Which events are wanted: all that is given must hold. */
export interface EventQuery {
  /** Seen at this time or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  readonly client?: Address | undefined;
  readonly destination?: Address | undefined;
  /** The newest so many. */
  readonly limit: number;
}

/** Where events are kept beyond the life of a process. */
export interface EventStore {
  /**
   * Keeps the events, all or none, and lets go of the oldest beyond the number that the store was told to keep. With a mark
   * that was saved before, nothing is done.
   */
  saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): Promise<void>;
  /** What the query asks for, oldest first, in portions of some thousands. */
  findEvents(query: EventQuery): AsyncIterable<readonly VerdictEvent[]>;
}
