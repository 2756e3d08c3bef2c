/**
 * A search as it was understood: all terms must hold. Values are text in the form that `parse-search.ts` has looked over, so
 * that a browser can hold one, too.
 */
import type { EntryState, Severity } from './entry.ts';

/** What the fields of the language look at. */
export type SearchTerm = { readonly isNegated: boolean } & (
  | { readonly field: 'client' | 'destination'; readonly anyOf: readonly AddressValue[] }
  /** Any of the patterns fits the name of the client, in any case. */
  | { readonly field: 'client-name'; readonly anyOf: readonly string[] }
  | { readonly field: 'name'; readonly anyOf: readonly NameValue[] }
  | { readonly field: 'type' | 'switch-port'; readonly anyOf: readonly number[] }
  | { readonly field: 'verdict'; readonly anyOf: readonly ('allow' | 'block' | 'would block')[] }
  | { readonly field: 'severity'; readonly anyOf: readonly Severity[] }
  | { readonly field: 'state'; readonly anyOf: readonly EntryState[] }
  | { readonly field: 'protocol'; readonly anyOf: readonly ('udp' | 'tcp')[] }
  | { readonly field: 'rd'; readonly anyOf: readonly boolean[] }
  /** 48 bits. */
  | { readonly field: 'mac'; readonly anyOf: readonly number[] }
  | { readonly field: 'reason' | 'group' | 'rule' | 'switch'; readonly anyOf: readonly string[] }
  /** A word without a field: somewhere in the query name, the name of the client, or the message, in any case. */
  | { readonly field: 'text'; readonly anyOf: readonly string[] }
);

/** An address (no prefix length) or a network, in the form of `formatAddress`. */
export interface AddressValue {
  readonly address: string;
  readonly prefixLength: number | undefined;
}

/** `exactly` the name, `below` it (`*.example.org`, the name itself too), or `none`: queries without a readable name. */
export interface NameValue {
  /** In presentation form, without the last dot; empty for `none`. */
  readonly name: string;
  readonly match: 'exactly' | 'below' | 'none';
}

export interface Search {
  readonly terms: readonly SearchTerm[];
  /** Seen at this time or later, milliseconds since the epoch. */
  readonly sinceMs: number | undefined;
  /** Seen before this time. */
  readonly untilMs: number | undefined;
}

export const EVERYTHING: Search = { terms: [], sinceMs: undefined, untilMs: undefined };
