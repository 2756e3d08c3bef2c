/** Which window DNS servers are looked for in: that of the hosts (paper 1), or one that reaches back as far as caches do. */
export const SEARCHES = ['two windows', 'one window'] as const;
export type Search = (typeof SEARCHES)[number];

/** Why a bot was not named, the first of these that holds. */
export const CAUSES = ['destination', 'forwarder', 'source', 'no query', 'cache', 'ranking'] as const;
export type Cause = (typeof CAUSES)[number];

/** What is true of a case. */
export interface CaseTruth {
  /** DNS servers on the way, destination and source included; undefined: there is no way. */
  readonly hops: number | undefined;
  /** The first on the way that takes no part; undefined: all do. */
  readonly missing: 'destination' | 'forwarder' | 'source' | undefined;
  /** Whether the bot asked for the name; undefined: nobody knows. */
  readonly isAsked: boolean | undefined;
  /** Whether the destination saw that query, and the TTL of the name; undefined: nobody knows. */
  readonly isSeen: boolean | undefined;
  readonly ttlMs: number | undefined;
}

/** What a traceback said. */
export interface CaseFinding {
  /** Of the bots, the place of the first among those named, from 1 on; undefined: none was named. */
  readonly rank: number | undefined;
  /** Hosts named that had no part in it, and those of them that stood above the first bot. */
  readonly innocents: number;
  readonly innocentsAbove: number;
  /** Hosts in the windows of sources that had no part in it, named or not, and how many were expected by chance. */
  readonly inWindow: number;
  readonly expectedInWindow: number;
  readonly gaps: number;
  /** The confidence of each host named, and whether it was a bot. */
  readonly named: readonly { readonly confidence: number; readonly isBot: boolean }[];
}

export interface CaseOutcome {
  readonly truth: CaseTruth;
  /** By each search that was made. */
  readonly findings: Readonly<Partial<Record<Search, CaseFinding>>>;
  /** Queries of clients for the name of the victim within a day, and those that the destination saw. */
  readonly queries: { readonly asked: number; readonly seen: number } | undefined;
}

/** Why no bot was named. */
export function causeOf({ missing, isAsked, isSeen }: CaseTruth): Cause {
  if (missing !== undefined) return missing;
  if (isAsked === false) return 'no query';
  return isSeen === false ? 'cache' : 'ranking';
}
