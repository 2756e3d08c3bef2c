import type { Address, Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';

/** Whose queries a rule is about. */
export type ClientSelector =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'network'; readonly network: Network }
  /** 48 bits. */
  | { readonly kind: 'mac'; readonly mac: number }
  /** A port of a switch, by its name or its OpenFlow number. */
  | { readonly kind: 'port'; readonly port: string | number }
  | { readonly kind: 'group'; readonly group: string };

/** Where the queries go that a rule is about. */
export type DestinationSelector =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'pack'; readonly pack: string }
  /** The addresses that the history has for the name server of this name (canonical), whichever they are at the time. */
  | { readonly kind: 'name'; readonly name: Name };

/** What a query must be for a rule to hold for it; what is left out does not matter. */
export interface RuleMatch {
  readonly from?: ClientSelector;
  readonly to?: DestinationSelector;
  /** The query name lies at or below it. Canonical. */
  readonly zone?: Name;
  /** RR types of the question, by number; never empty. */
  readonly types?: readonly number[];
  readonly protocol?: Transport;
}

export type RuleAction = 'allow' | 'deny';

/** What somebody decided about some queries, and why. */
export interface Rule {
  /** Unique among all rules. */
  readonly id: string;
  readonly action: RuleAction;
  readonly match: RuleMatch;
  /** `configuration`: from gluewall.yaml, and changed only there. `command`: added while it ran, kept in the store. */
  readonly origin: 'configuration' | 'command';
  readonly reason: string;
  /** Who decided it; empty when that is not known. */
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  /** When it ends, milliseconds; Infinity for never. */
  readonly expiresAtMs: number;
}
