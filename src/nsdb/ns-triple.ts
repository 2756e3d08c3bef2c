import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/** Where a triple comes from. Only `learned` ones expire. */
export type Origin = 'learned' | 'rootHints' | 'seed';

/**
 * How far a sighting is believed, rising (after RFC 2181 §5.4.1). `unverified`: the responder was not known to serve a zone
 * above the owner, as happens while a resolver's cache is older than our capture. `incidental`: NS records that rode on an
 * answer to another question. `referral`: from a server known for a zone above. `authoritative`: the answer to a question for
 * these records, with AA set.
 */
export const TRUSTS = ['unverified', 'incidental', 'referral', 'authoritative'] as const;
export type Trust = (typeof TRUSTS)[number];

/**
 * What kind of glue an address was (RFC 9471 §2): of a name server below the zone it serves (`in-domain`), of one elsewhere
 * below the responder's zone (`sibling`), of one that the responder has no say about (`unrelated`), or no glue at all but
 * an address answer (`none`).
 */
export const GLUES = ['none', 'in-domain', 'sibling', 'unrelated'] as const;
export type Glue = (typeof GLUES)[number];

/** The most teachers that a triple names. */
export const MAX_TEACHERS = 2;

/** The exchange that taught a triple (Ichise et al., table I). */
export interface Lesson {
  readonly nsTtlSeconds: number;
  readonly glueTtlSeconds: number;
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
  readonly glue: Glue;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Infinity for what never expires. */
  readonly expiresAtMs: number;
  /** How often it was seen. */
  readonly sightings: number;
  /** The servers that taught it, newest first; at most MAX_TEACHERS, none for what was configured. */
  readonly teachers: readonly Address[];
  /** The newest exchange that taught it; undefined for what was configured. */
  readonly lesson: Lesson | undefined;
}
