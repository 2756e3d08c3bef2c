import type { Address, Network } from '../core/address.ts';
import type { PendingOptions } from './pending-queries.ts';
import type { TeachingMode } from './rules/facts.ts';

/** Where the frames of a trusted resolver come from. */
export interface ResolverLink {
  readonly mac: number;
  /** Any when it is undefined. */
  readonly vlan: number | undefined;
}

export interface LearnerOptions {
  readonly teach: TeachingMode;
  /** Responses teach without their queries: for captures that hold only responses. */
  readonly trustUnmatched: boolean;
  readonly trustedResolvers: ReadonlySet<Address>;
  /** The links of those resolvers that are bound to one. */
  readonly resolverLinks: ReadonlyMap<Address, ResolverLink>;
  readonly insideNetworks: readonly Network[];
  readonly pending: PendingOptions;
  /** How long an NS record without glue waits for its address when rule `late-address` is off, milliseconds. */
  readonly glueWaitMs: number;
  /** New triples that a client, not a trusted resolver, may bring in a minute; 0 for any number. */
  readonly clientQuota: number;
  /** Names of the rules that are switched off (rules/list.ts). */
  readonly rulesOff: ReadonlySet<string>;
}

/** What became of observations. */
export type LearnerCounter =
  | 'queries'
  | 'queries for recursion'
  | 'responses matched'
  | 'responses unmatched'
  | 'lessons'
  | 'glueless'
  | 'outranked'
  | 'damaged batches'
  | `refused: ${string}`;
