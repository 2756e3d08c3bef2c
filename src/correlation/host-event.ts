import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { VerdictReason } from '../policy/verdict.ts';

interface OfHost {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The host of the inside that did it, or to which it came. */
  readonly host: Address;
  /** 48 bits, where a gate or a capture on the client side saw the frame; tells hosts apart that had one address in turn. */
  readonly mac: number | undefined;
}

/** A host asked a DNS server. */
export interface QuerySeen extends OfHost {
  readonly kind: 'query';
  /** Who was asked; undefined where a log does not say. */
  readonly server: Address | undefined;
  /** The server is neither of the inside nor a trusted resolver. */
  readonly isDirect: boolean;
  /** Canonical (RFC 4034 §6.2). */
  readonly name: Name;
  readonly type: number;
  /** RD; undefined where it is not known. */
  readonly recursionDesired: boolean | undefined;
}

/** A DNS response came to a host. */
export interface AnswerSeen extends OfHost {
  readonly kind: 'answer';
  readonly server: Address | undefined;
  readonly isDirect: boolean;
  readonly name: Name;
  readonly type: number;
  readonly responseCode: number;
  /** A and AAAA records of the answer section; none: it names no address. */
  readonly addresses: readonly Address[];
  /** The least TTL of those records, seconds; undefined where it is not known. */
  readonly ttlSeconds: number | undefined;
}

/** A host began a TCP connection: SYN without ACK (RFC 9293 §3.5). */
export interface SynSeen extends OfHost {
  readonly kind: 'syn';
  readonly hostPort: number;
  readonly destination: Address;
  readonly port: number;
}

/** It was accepted: SYN with ACK, from the destination to the host. */
export interface SynAckSeen extends OfHost {
  readonly kind: 'syn-ack';
  readonly hostPort: number;
  readonly destination: Address;
  readonly port: number;
}

/** The gate judged a direct outbound query of the host. */
export interface VerdictSeen extends OfHost {
  readonly kind: 'verdict';
  readonly server: Address;
  /** Undefined where the packet showed no question. */
  readonly name: Name | undefined;
  readonly type: number | undefined;
  /** `block` in monitor mode, too, where the query passed all the same. */
  readonly verdict: 'allow' | 'block';
  readonly reason: VerdictReason;
  /** Packets known of. */
  readonly packets: number;
}

/**
 * One thing that a host of the inside was seen to do. All evidence is made of these, whether they come live or from files. An agent
 * on the host would add a kind of its own, and a detector for it.
 */
export type HostEvent = QuerySeen | AnswerSeen | SynSeen | SynAckSeen | VerdictSeen;
