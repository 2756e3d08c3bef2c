/** The entries of the inbox: what was blocked, or would have been, of one client, one destination and one query name. */
import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import type { HistoryHint } from '../events/verdict-event.ts';
import type { BlockReason } from '../policy/verdict.ts';

/** From the worst down. */
export const SEVERITIES = ['high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const ENTRY_STATES = ['open', 'escalated', 'acknowledged'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

export interface InboxEntry {
  readonly id: number;
  /** The number of its last change: later changes of any entry have higher ones. */
  readonly change: number;
  readonly client: Address;
  readonly destination: Address;
  /** Canonical; undefined for queries without a readable question. */
  readonly queryName: Name | undefined;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Events, and the packets that they know of. */
  readonly events: number;
  readonly packets: number;
  /** The worst of its events since it was last acknowledged. */
  readonly severity: Severity;
  readonly state: EntryState;
  /** Who put it into this state, and when; undefined while nobody has. */
  readonly stateBy: string | undefined;
  readonly stateAtMs: number | undefined;
  /** When an acknowledged entry that is seen again opens anew; undefined in other states. */
  readonly untilMs: number | undefined;
  readonly comments: number;
  /** What its newest event says. */
  readonly newest: EntryFacts;
}

/** Of the newest event. */
export interface EntryFacts {
  /** Undefined when the event is not kept any more. */
  readonly eventId: number | undefined;
  readonly clientMac: number | undefined;
  readonly clientName: string | undefined;
  readonly group: string;
  readonly datapathId: string;
  readonly inPort: number;
  readonly transport: Transport;
  readonly queryType: number | undefined;
  /** RD of the query (RFC 1035 section 4.1.1); undefined where no message was read. */
  readonly recursionDesired: boolean | undefined;
  /** False where monitor mode let it pass. */
  readonly enforced: boolean;
  readonly reason: BlockReason;
  readonly ruleId: string | undefined;
  readonly hint: HistoryHint | undefined;
  readonly message: string;
}

export interface EntryComment {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}
