import { areRivals, type Cluster, clusterOf, linkOf, MIN_LINK, merged } from './cluster.ts';
import type { Profile } from './host-profiles.ts';

/** Of a server with more hosts each is compared only with so many behind it in the list. */
const ALL_AGAINST_ALL = 24;
const WINDOW = 8;
/** Pairs of clusters that are compared in one pass, and passes. */
const MAX_PROPOSALS = 1_000_000;
const MAX_PASSES = 8;
/** Steps of work between two turns of others: some milliseconds. */
const STEPS = 10_000;

interface Proposal {
  readonly a: number;
  readonly b: number;
  readonly link: number;
}

/**
 * Joins hosts by their profiles, those that have most in common first, as long as every cluster stays of one piece. The outcome
 * depends on the order of the profiles only where links are equal. Hosts that belong to nobody are left out.
 */
export function* clusterHosts(profiles: readonly Profile[]): Generator<void, readonly Cluster[]> {
  const hostsOf = yield* hostsByUnit(profiles);
  const clusters = yield* linked(profiles, hostsOf);
  const above = profiles.map((_, index) => index);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const proposals = yield* propose(hostsOf, clusters, above);
    if (!(yield* mergeAll(proposals, clusters, above))) break;
  }
  return clusters.filter((cluster, index): cluster is Cluster => {
    return cluster !== undefined && above[index] === index && cluster.members.length > 1;
  });
}

/** The hosts of each server that several have, in order. Rhythms propose nobody. */
function* hostsByUnit(profiles: readonly Profile[]): Generator<void, readonly (readonly number[])[]> {
  const hostsOf = new Map<number, number[]>();
  for (const [index, profile] of profiles.entries()) {
    for (const unit of profile.keys()) {
      if (unit < 0) continue;
      const hosts = hostsOf.get(unit);
      if (hosts === undefined) hostsOf.set(unit, [index]);
      else hosts.push(index);
    }
    if (index % 1000 === 999) yield;
  }
  yield;
  return [...hostsOf.values()].filter((hosts) => hosts.length > 1);
}

/** A cluster for each host that shares a server with another, at its index. */
function* linked(
  profiles: readonly Profile[],
  hostsOf: readonly (readonly number[])[],
): Generator<void, (Cluster | undefined)[]> {
  const clusters = new Array<Cluster | undefined>(profiles.length);
  let steps = 0;
  for (const hosts of hostsOf) {
    for (const host of hosts) clusters[host] ??= clusterOf(host, profiles[host]!);
    steps += hosts.length;
    if (steps > 1000) {
      steps = 0;
      yield;
    }
  }
  return clusters;
}

/** Which clusters might be joined, the surest first. */
function* propose(
  hostsOf: readonly (readonly number[])[],
  clusters: readonly (Cluster | undefined)[],
  above: number[],
): Generator<void, readonly Proposal[]> {
  const seen = new Set<number>();
  const proposals: Proposal[] = [];
  let steps = 0;
  for (const hosts of hostsOf) {
    const tops = [...new Set(hosts.map((host) => topOf(above, host)))].sort((a, b) => a - b);
    const width = tops.length <= ALL_AGAINST_ALL ? tops.length : WINDOW;
    for (const [at, a] of tops.entries()) {
      for (let next = at + 1; next <= at + width && next < tops.length; next++) {
        const b = tops[next]!;
        const key = a * clusters.length + b;
        if (seen.has(key) || seen.size >= MAX_PROPOSALS) continue;
        seen.add(key);
        const link = linkOf(clusters[a]!, clusters[b]!);
        if (link >= MIN_LINK) proposals.push({ a, b, link });
        steps += Math.min(clusters[a]!.sums.size, clusters[b]!.sums.size);
        if (steps > STEPS) {
          steps = 0;
          yield;
        }
      }
    }
    steps += hosts.length;
  }
  return proposals.sort((one, other) => other.link - one.link || one.a - other.a || one.b - other.b);
}

function* mergeAll(
  proposals: readonly Proposal[],
  clusters: (Cluster | undefined)[],
  above: number[],
): Generator<void, boolean> {
  let hasMerged = false;
  let steps = 0;
  for (const { a, b } of proposals) {
    const [first, second] = [topOf(above, a), topOf(above, b)];
    if (first === second) continue;
    const [one, other] = [clusters[first]!, clusters[second]!];
    steps += one.sums.size + other.sums.size;
    if (linkOf(one, other) >= MIN_LINK && !areRivals(one, other)) {
      const whole = merged(one, other);
      const [stays, goes] = whole === one ? [first, second] : [second, first];
      above[goes] = stays;
      clusters[goes] = undefined;
      hasMerged = true;
    }
    if (steps > STEPS) {
      steps = 0;
      yield;
    }
  }
  return hasMerged;
}

function topOf(above: number[], host: number): number {
  let top = host;
  while (above[top] !== top) {
    above[top] = above[above[top]!]!;
    top = above[top]!;
  }
  return top;
}
