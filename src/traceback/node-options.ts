import type { Address, Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { AnswerTo, Gap, NodeRequest, RequestKind, Window } from './messages.ts';

/** Another organisation's node: where it is, which DNS servers it speaks for, and what it may ask of us. */
export interface Peer {
  /** The DNS name in its certificate. */
  readonly name: string;
  /** Where it is asked, such as `https://192.0.2.1:8853`; undefined: it only asks. */
  readonly url: string | undefined;
  /** Its DNS servers, as they stand in our log. */
  readonly servers: readonly Network[];
  /** Zones whose authoritative servers it has the logs of. */
  readonly zones: readonly Name[];
  /** What it may ask. */
  readonly requests: readonly RequestKind[];
  /** The names it may ask about: at or below one of these. */
  readonly names: readonly Name[];
  readonly perMinute: number;
  readonly perDay: number;
}

/** What a node is, and how it searches. */
export interface NodeOptions {
  /** The DNS name in its certificate. */
  readonly name: string;
  /** Our own DNS servers: in our log they are no clients, and nobody is asked about them. */
  readonly servers: readonly Network[];
  /** As destination: the zones whose authoritative servers' queries are in our log; none: it is none. */
  readonly zones: readonly Name[];
  /** As source: the clients whose queries are in our log; none: it is none. */
  readonly clients: readonly Network[];
  /** As forwarder: whether requests are passed on to the peers behind it, for names of any zone. */
  readonly isForwarder: boolean;
  readonly peers: readonly Peer[];
  /** Of requests that are made here. */
  readonly window: Window;
  /** How long a DNS server may have had the name in its cache, milliseconds: its query may lie so long before the window. */
  readonly cacheMs: number;
  /** Hosts that are named of one case at most, and the confidence below which none is. */
  readonly namedHosts: number;
  readonly minConfidence: number;
  readonly model: ModelOptions;
  /** Requests that are worked on at once, and those of one peer. */
  readonly atOnce: number;
  readonly atOncePerPeer: number;
}

/** What is assumed of bots (decision 16). */
export interface ModelOptions {
  /** How likely the bot of a case asks for the name in the window: q of paper 1. */
  readonly queryRate: number;
  /** How likely two cases of one source are of the same bot. */
  readonly sameBot: number;
}

/** q of table 1 of paper 1: 16 of 29 bots resolved their victims. */
export const DEFAULT_MODEL: ModelOptions = { queryRate: 0.55, sameBot: 0.5 };

/** What a node does unless its configuration says otherwise; the windows are those of decision 16. */
export const NODE_DEFAULTS = {
  window: { beforeMs: 5000, afterMs: 1000 },
  cacheMs: 2 * 3_600_000,
  namedHosts: 10,
  minConfidence: 0.05,
  model: DEFAULT_MODEL,
} as const satisfies Partial<NodeOptions>;

/** How peers are asked: by HTTPS, or directly in a simulation. */
export interface PeerDoor {
  /** Rejects with PeerFailure when there is no answer; `signal` aborts when nobody waits for it any more. */
  ask<R extends NodeRequest>(peer: Peer, request: R, signal: AbortSignal): Promise<AnswerTo<R>>;
}

/** Why a peer has not answered: what a gap says of it. */
export class PeerFailure extends Error {
  readonly reason: Gap['reason'];

  constructor(reason: Gap['reason'], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'PeerFailure';
    this.reason = reason;
  }
}

/** Which of our clients a host is, for people; undefined: no name is known. */
export type HostNames = (address: Address) => string | undefined;
