import type { Profile } from './host-profiles.ts';

/** Hosts that are taken for one net, with the sum of their profiles. */
export interface Cluster {
  readonly members: number[];
  readonly sums: Map<number, number>;
}

/** Two clusters are joined from this link on. */
export const MIN_LINK = 0.45;
/** Without one thing in common that joins so much, any number of lesser ones joins nobody: colleagues use the same sites. */
const MIN_STRONGEST = 0.32;

export function clusterOf(member: number, profile: Profile): Cluster {
  return { members: [member], sums: new Map(profile) };
}

/** How surely the two belong together, 0 to 1: 1 − Π(1 − what both have), each by the mean over the members. */
export function linkOf(a: Cluster, b: Cluster): number {
  const [small, large] = a.sums.size <= b.sums.size ? [a, b] : [b, a];
  let apart = 1;
  let strongest = 0;
  for (const [unit, sum] of small.sums) {
    const other = large.sums.get(unit);
    if (other === undefined) continue;
    const both = Math.min(sum / small.members.length, other / large.members.length);
    apart *= 1 - both;
    strongest = Math.max(strongest, both);
  }
  return strongest < MIN_STRONGEST ? 0 : 1 - apart;
}

/** How surely the members of one cluster belong together, 0 to 1. */
export function cohesionOf({ members, sums }: Cluster): number {
  let apart = 1;
  for (const sum of sums.values()) apart *= 1 - Math.min(1, sum / members.length);
  return 1 - apart;
}

/**
 * Whether each of the two has something of its own that joins it no less than what both share: two nets that share a victim, a
 * name or an infected host stay two.
 */
export function areRivals(a: Cluster, b: Cluster): boolean {
  let shared = 0;
  for (const [unit, sum] of a.sums) {
    const other = b.sums.get(unit);
    if (other !== undefined) shared = Math.max(shared, Math.min(sum / a.members.length, other / b.members.length));
  }
  return Math.min(ownOf(a, b), ownOf(b, a)) >= shared;
}

/** The most that joins the members of one and not of the other. A single host has nothing that joins it. */
function ownOf(one: Cluster, other: Cluster): number {
  if (one.members.length === 1) return 0;
  let most = 0;
  for (const [unit, sum] of one.sums) {
    const own = sum / one.members.length - (other.sums.get(unit) ?? 0) / other.members.length;
    most = Math.max(most, own);
  }
  return most;
}

/** Takes the members of the smaller into the larger and returns it; the smaller is nothing any more. */
export function merged(a: Cluster, b: Cluster): Cluster {
  const [small, large] = a.members.length <= b.members.length ? [a, b] : [b, a];
  for (const member of small.members) large.members.push(member);
  for (const [unit, sum] of small.sums) large.sums.set(unit, (large.sums.get(unit) ?? 0) + sum);
  return large;
}
