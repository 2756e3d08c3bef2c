import type { Address } from '../core/address.ts';
import type { SaveMark } from '../core/save-mark.ts';
import { canonicalName, isAtOrBelow, type Name } from '../dns/name.ts';
import type { VerdictEvent } from './verdict-event.ts';

/** What became of a query, `would block` where monitor mode let it pass. */
export type VerdictWord = 'allow' | 'block' | 'would block';

/** Which events are wanted: all that is given must hold. */
export interface EventQuery {
  /** Seen at this time or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Seen before this time. */
  readonly untilMs?: number | undefined;
  readonly client?: Address | undefined;
  /** What the client is called, whole or up to one of its dots; in any case. */
  readonly clientName?: string | undefined;
  /** The client's group. */
  readonly group?: string | undefined;
  readonly destination?: Address | undefined;
  /** The query name lies at or below it. Canonical. */
  readonly queryName?: Name | undefined;
  readonly verdict?: VerdictWord | undefined;
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

/** Whether the query asks for this event; its limit is not looked at. */
export function isWantedEvent(event: VerdictEvent, query: EventQuery): boolean {
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = query;
  if (event.atMs < sinceMs || event.atMs >= untilMs) return false;
  if (query.client !== undefined && event.client !== query.client) return false;
  if (query.destination !== undefined && event.destination !== query.destination) return false;
  if (query.group !== undefined && event.group !== query.group) return false;
  if (query.verdict !== undefined && verdictWord(event) !== query.verdict) return false;
  if (query.clientName !== undefined && !isCalled(event.clientName, query.clientName)) return false;
  return query.queryName === undefined || isNameBelow(event.queryName, query.queryName);
}

function verdictWord({ verdict, enforced }: VerdictEvent): VerdictWord {
  return verdict === 'block' && !enforced ? 'would block' : verdict;
}

function isCalled(name: string | undefined, wanted: string): boolean {
  const [held, asked] = [name?.toLowerCase(), wanted.toLowerCase()];
  return held === asked || held?.startsWith(`${asked}.`) === true;
}

function isNameBelow(name: Name | undefined, zone: Name): boolean {
  return name !== undefined && isAtOrBelow(canonicalName(name), zone);
}
