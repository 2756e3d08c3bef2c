import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import type { ScopeField, VerdictReason } from '../policy/verdict.ts';

/** What the history says, or last said, of a destination: one of its triples. */
export interface HistoryHint {
  readonly zone: Name;
  readonly nameServer: Name;
  /** When the triple expires or has expired, milliseconds; Infinity for never. */
  readonly expiresAtMs: number;
}

/** What became of one direct outbound query. */
export interface VerdictEvent {
  readonly atMs: number;
  readonly datapathId: string;
  /** The switch port on which the query came in. */
  readonly inPort: number;
  readonly client: Address;
  readonly clientPort: number;
  /** 48 bits; undefined when the frame has none. */
  readonly clientMac: number | undefined;
  /** What the client is called at this site; undefined when nobody knows. */
  readonly clientName: string | undefined;
  /** The client's group. */
  readonly group: string;
  readonly destination: Address;
  readonly transport: Transport;
  /** Undefined when the packet carries no readable question, as a TCP SYN or malformed DNS. */
  readonly queryName: Name | undefined;
  readonly queryType: number | undefined;
  /** RD of the query (RFC 1035 section 4.1.1); undefined where no message was read. */
  readonly recursionDesired: boolean | undefined;
  readonly verdict: 'allow' | 'block';
  readonly reason: VerdictReason;
  /** The rule that decided; undefined when none did. */
  readonly ruleId: string | undefined;
  /** The fields the verdict read. */
  readonly scope: readonly ScopeField[];
  /** What is to be looked at although the query was allowed. */
  readonly alarm: 'recursionDesired' | undefined;
  /** Undefined when the history never knew the destination, or has forgotten that it did. */
  readonly hint: HistoryHint | undefined;
  /** Packets of this query that are known of: retransmissions may have been dropped on the switch unseen. */
  readonly packetsAtLeast: number;
  /** False in monitor mode: the query passed whatever the verdict. */
  readonly enforced: boolean;
  /** How long the verdict was put off, milliseconds. */
  readonly heldMs: number;
  /** The sentence for the operator. */
  readonly message: string;
  /** The frame of a blocked query as it came in, up to MAX_PACKET_OCTETS of it; undefined for an allowed one. */
  readonly packet: Uint8Array | undefined;
}

/** The most of a frame that an event keeps: one of Ethernet without its checksum. */
export const MAX_PACKET_OCTETS = 1514;
