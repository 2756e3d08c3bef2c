import type { Address } from '../core/address.ts';
import type { Name } from '../dns/name.ts';

/** What hosts have in common: a destination of connections or direct queries, a name they asked for, or the rhythm in which they do. */
export type Feature =
  | { readonly kind: 'destination'; readonly address: Address; readonly port: number }
  | { readonly kind: 'name'; readonly name: Name }
  | { readonly kind: 'timing'; readonly periodMs: number };

export interface SharedFeature {
  readonly feature: Feature;
  /** Hosts of the group that have it, and hosts outside the group that do. */
  readonly members: number;
  readonly others: number;
  /** How much it joins, 0 to 1: little for what many hosts have. */
  readonly weight: number;
}

export interface GroupHost {
  readonly host: Address;
  /** Its own score, 0 to 1. */
  readonly score: number;
  /** Features that it shares with at least one other member (paper 2, figure 9). */
  readonly matches: number;
}

/** Two hosts, and how many features both have (paper 2, figure 9). */
export interface Match {
  readonly hosts: readonly [Address, Address];
  readonly features: number;
}

/** A server that the hosts of a group have in common. */
export interface Candidate {
  readonly role: 'c2' | 'download';
  readonly address: Address | undefined;
  /** The name that led to it, or stands for it where no address is known. */
  readonly name: Name | undefined;
  readonly ports: readonly number[];
  /** 0 to 1. */
  readonly score: number;
  /** Hosts of the group that contacted it: the edges of the picture of the group. */
  readonly contactedBy: readonly Address[];
  /** Suspected hosts that contacted it, and others that did. */
  readonly suspects: number;
  readonly others: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Why it stands where it does, one sentence each. */
  readonly reasons: readonly string[];
}

/** Who the group attacked, as far as it was seen: many hosts to one destination, often, without a response or all at once. */
export interface Victim {
  readonly address: Address;
  /** Hosts of the group that did. */
  readonly attackedBy: readonly Address[];
  readonly syns: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** What happened to a group: it is said with it, so that an id can be followed. */
export interface GroupChange {
  readonly atMs: number;
  readonly what: 'began' | 'grew' | 'shrank' | 'merged' | 'split' | 'ended';
  /** Ids of the other groups of a merge or split. */
  readonly with: readonly string[];
}

/** Hosts that belong together. */
export interface BotGroup {
  /** Stays while most of its hosts do; such as `G-4c7q`. */
  readonly id: string;
  readonly sinceMs: number;
  readonly lastAtMs: number;
  /** 0 to 1: how sure it is that these are bots of one net. */
  readonly score: number;
  /** The most suspect first. */
  readonly hosts: readonly GroupHost[];
  /** The weightiest first, MAX_FEATURES at most. */
  readonly features: readonly SharedFeature[];
  /** The most first, MAX_MATCHES at most. */
  readonly matches: readonly Match[];
  /** The likeliest first, MAX_CANDIDATES at most. */
  readonly candidates: readonly Candidate[];
  readonly victims: readonly Victim[];
  readonly changes: readonly GroupChange[];
}

export const MAX_FEATURES = 100;
export const MAX_MATCHES = 1000;
export const MAX_CANDIDATES = 20;
