import type { Address, Network } from '../core/address.ts';
import type { EvidenceKind } from './detector.ts';

/** What is inside, and who may be asked there: by this hosts are told from servers, and direct queries from others. */
export interface Site {
  /** None: every address that asks is a host. */
  readonly insideNetworks: readonly Network[];
  readonly trustedResolvers: readonly Address[];
  /** Mail servers of the inside: what they do is no evidence of a spam bot. */
  readonly mailServers: readonly Address[];
}

export interface CorrelationOptions {
  /** Hosts that are held at once; beyond them the one not seen for longest goes. */
  readonly hosts: number;
  /** Pairs of a host and what it contacted, held at once. */
  readonly pairs: number;
  /** Evidence halves in this time without more of it. */
  readonly halfLifeMs: number;
  /** A host is said to be infected from this score on. */
  readonly minScore: number;
  /** Kinds of evidence whose events are not all seen, so that what is seen would mislead: nobody looks for them. */
  readonly unseen?: readonly EvidenceKind[];
}

export const DEFAULT_CORRELATION: CorrelationOptions = {
  hosts: 100_000,
  pairs: 10_000_000,
  halfLifeMs: 6 * 3_600_000,
  minScore: 0.8,
};
