import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/** Where a triple comes from. Only `learned` ones expire. */
export type Origin = 'learned' | 'rootHints' | 'seed';

/**
 * How far a sighting is believed. `high`: the responder is known to serve a zone above the owner; `low`: the responder
 * was not known yet, as happens while a resolver's cache is older than our capture.
 */
export type Trust = 'low' | 'high';

/** How a triple was taught: the exchange it came with (Ichise et al., table I). */
export interface Lesson {
  readonly zone: Name;
  readonly nameServer: Name;
  readonly address: Address;
  readonly nsTtlSeconds: number;
  readonly glueTtlSeconds: number;
  readonly trust: Trust;
  /** The server that answered. */
  readonly teacher: Address;
  /** Undefined when the response was believed without its query. */
  readonly queryAtMs: number | undefined;
  readonly queryId: number;
  readonly queryName: Name;
  readonly responseAtMs: number;
}

/** One row of the NS history: a zone, one of its name servers, and one address of that server. Names are canonical. */
export interface NsTriple {
  readonly zone: Name;
  readonly nameServer: Name;
  readonly address: Address;
  readonly origin: Origin;
  readonly trust: Trust;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Infinity for what never expires. */
  readonly expiresAtMs: number;
  /** The newest exchange that taught it; undefined for what was configured. */
  readonly lesson: Lesson | undefined;
}
