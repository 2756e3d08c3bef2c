/**
 * - `infected-host`: the host behaves as bots do
 * - `foreign-resolver`: the host asks a resolver outside by its own choice, and nothing else speaks against it
 * - `bot-group`: infected hosts that belong together
 * - `c2-server`, `download-server`: what the hosts of a group have in common (C&C)
 * - `backscatter`: a mail server is under backscatter of forged mail
 * - `answer-flood`: far more DNS responses come to a host than it asked for
 */
export const FINDING_KINDS = [
  'infected-host',
  'foreign-resolver',
  'bot-group',
  'c2-server',
  'download-server',
  'backscatter',
  'answer-flood',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];
/** Those whose subject is the address of one host of the inside. */
export const HOST_FINDING_KINDS = [
  'infected-host',
  'foreign-resolver',
  'answer-flood',
] as const satisfies FindingKind[];

export const FINDING_STATES = ['new', 'acknowledged', 'escalated', 'closed'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/**
 * - `mistake`: what was found is not so
 * - `resolved`: it was so, and was put right
 * - `accepted`: it is so, and may be
 */
export const CLOSED_AS = ['mistake', 'resolved', 'accepted'] as const;
export type ClosedAs = (typeof CLOSED_AS)[number];

/** One event that a reason stands on, as people read it. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Such as `asked 198.51.100.7 for TXT k3.example: blocked, unknown`; nothing in it can steer a terminal. */
  readonly text: string;
}

/** One line of why. */
export interface Reason {
  /** What made it: the kind of the evidence, such as `beaconing`, or `group`, `traceback`. */
  readonly kind: string;
  /** How much it adds, 0 to 1. */
  readonly weight: number;
  readonly line: string;
  readonly events: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly samples: readonly Sample[];
}

/** What was found, as it is now; a FindingBook makes findings of it. */
export interface Found {
  readonly kind: FindingKind;
  /** An address, a domain name or the id of a group, as text; with the kind it says which finding this is. */
  readonly subject: string;
  /** 0 to 1. */
  readonly score: number;
  /** The heaviest first, MAX_REASONS at most. */
  readonly reasons: readonly Reason[];
  /** Hosts of the inside it is about, as text; MAX_HOSTS at most. */
  readonly hosts: readonly string[];
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** What happened to it, such as merges and splits of a group: what was told before may be told again. */
  readonly changes?: readonly FindingChange[];
  /** JSON for whoever found it, who is given it back after a restart; MAX_DETAIL_CHARACTERS at most. */
  readonly detail?: unknown;
}

export const MAX_REASONS = 32;
export const MAX_SAMPLES = 5;
export const MAX_HOSTS = 1000;
export const MAX_DETAIL_CHARACTERS = 512 * 1024;

export interface Comment {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}

/** A change of state, or what happened to a group: merges and splits. */
export interface FindingChange {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}

/** That it was closed, by whom and why. */
export interface Closing {
  readonly atMs: number;
  readonly by: string;
  readonly as: ClosedAs;
  readonly reason: string;
}

/** Something that a person can act on, and what has become of it. */
export interface Finding extends Found {
  /** Short and unique, such as `F-7k2m9q`. */
  readonly id: string;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly state: FindingState;
  /** Undefined unless it is closed. A closed finding says what it did when it was closed. */
  readonly closed: Closing | undefined;
  /** The newest MAX_COMMENTS. */
  readonly comments: readonly Comment[];
  /** The newest MAX_CHANGES. */
  readonly changes: readonly FindingChange[];
  /** Traceback cases opened from it, by id. */
  readonly cases: readonly string[];
}

export const MAX_COMMENTS = 100;
export const MAX_CHANGES = 100;
