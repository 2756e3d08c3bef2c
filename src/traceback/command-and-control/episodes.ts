import type { Address } from '../../core/address.ts';
import type { Name } from '../../dns/name.ts';

/** A host asked for a victim's name. */
export interface Occasion {
  readonly host: Address;
  readonly atMs: number;
  /** What the victim is called; undefined: it is not known any more. */
  readonly name?: Name | undefined;
}

/** The time right before a host asked for a victim's name: what tells bots whom to attack was asked for in it. */
export interface Episode {
  readonly host: Address;
  /**
   * Included, excluded: the latter is right behind when it asked for the victim's name, for many logs have whole seconds, in which all
   * of it happened at one time.
   */
  readonly fromMs: number;
  readonly toMs: number;
  /** Which attack it belongs to, from 0 on: hosts that ask for victims at one time take part in one. */
  readonly attack: number;
  /** False: it begins only at the occasion before, and so what is not in it may have been asked for earlier. */
  readonly isWhole: boolean;
}

/** Occasions of one host, or of several, that are no farther apart are of one attack. */
const SAME_ATTACK_MS = 1000;

/**
 * The episodes of all hosts, in order of time, which do not overlap for one host: a query belongs to the occasion that follows it.
 * `attackMs`: how far apart the queries of one attack may be.
 */
export function episodesOf(occasions: readonly Occasion[], lookbackMs: number, attackMs: number): Episode[] {
  const sorted = [...occasions].sort((a, b) => a.atMs - b.atMs);
  const episodes: Episode[] = [];
  const lastOf = new Map<Address, { readonly attack: number; readonly atMs: number }>();
  let attack = -1;
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const { host, atMs } of sorted) {
    if (atMs - previousMs > Math.max(SAME_ATTACK_MS, attackMs)) attack++;
    previousMs = atMs;
    const last = lastOf.get(host);
    if (last?.attack === attack) continue;
    lastOf.set(host, { attack, atMs });
    const fromMs = Math.max(atMs - lookbackMs, last === undefined ? Number.NEGATIVE_INFINITY : last.atMs + 1);
    episodes.push({ host, fromMs, toMs: atMs + 1, attack, isWhole: fromMs === atMs - lookbackMs });
  }
  return episodes;
}
