import type { Mode } from './mode.ts';
import type { ClientSelector } from './rule.ts';

/** What the history must say of a destination for a direct client of a group; defaults are the paper's: an address that is known. */
export interface Strictness {
  /** `zone`: the query name must lie in a zone that the address is known to serve. */
  readonly check: 'address' | 'zone';
  /** For how long the address must have been known, milliseconds. */
  readonly minimumAgeMs: number;
  /** How many zones it must be known to serve. */
  readonly minimumZones: number;
  /** How many servers must have taught it. */
  readonly minimumTeachers: number;
  /** What becomes of a query with RD set to an address that is known as an authoritative server only. */
  readonly recursionDesired: 'ignore' | 'alarm' | 'block';
}

/** One of the ways in which a client is known to be in a group. */
export type GroupClient = Exclude<ClientSelector, { readonly kind: 'group' }>;

/** Clients that are treated alike. */
export interface ClientGroup {
  /** As flow metadata carries it: 1 to 65535. */
  readonly id: number;
  readonly name: string;
  /** None for the group of all clients that are in no other. */
  readonly clients: readonly GroupClient[];
  readonly mode: Mode;
  readonly strictness: Strictness;
}

/** The group of clients that are in no other. */
export const DEFAULT_GROUP_NAME = 'default';
