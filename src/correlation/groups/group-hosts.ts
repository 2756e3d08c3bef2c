import type { Address } from '../../core/address.ts';
import {
  type BotGroup,
  type Candidate,
  type Feature,
  type GroupHost,
  MAX_FEATURES,
  type SharedFeature,
  type Victim,
} from '../bot-group.ts';
import { type Cluster, cohesionOf } from './cluster.ts';
import { clusterHosts } from './cluster-hosts.ts';
import type { FeatureTable } from './feature-table.ts';
import { FirstOf } from './first-of.ts';
import {
  countFeatures,
  joinFeatures,
  type Profile,
  profileOf,
  RHYTHM_STRENGTH,
  rhythmSeconds,
  SuspectFeatures,
} from './host-profiles.ts';
import { matchHosts } from './match-hosts.ts';
import { type GroupContacts, memberContacts } from './member-contacts.ts';
import type { PairTable } from './pair-table.ts';
import { rankCandidates } from './rank-candidates.ts';
import { compareAddresses, type Suspect } from './suspect.ts';

/** A group as one round finds it; GroupBook gives it its id. */
export type FreshGroup = Omit<BotGroup, 'id' | 'changes'>;

/** What the table of hosts must tell. */
export interface HostAddresses {
  address(host: number): Address;
}

/** The most suspect ones are compared; a site with more has other worries. */
const MAX_COMPARED = 20_000;
/** A group of which less can be said is none. */
const MIN_GROUP_SCORE = 0.35;
const MAX_VICTIMS = 100;
/** Candidates that are likely enough to say since when there is a group, and not to be victims. */
const MAX_COMMANDERS = 3;
/** Pairs that are looked at between two turns of others: some milliseconds. */
const PAIRS_A_TURN = 20_000;
/** Shared features that are. */
const FEATURES_A_TURN = 1000;

/**
 * Finds the hosts among the suspects that belong together, the surest group first. A generator, so that other work gets its turn: it
 * yields after some milliseconds of work each. Suspects are host numbers with a score, 0 to 1, from the least that is worth a look on.
 */
export function* groupHosts(
  pairs: PairTable,
  suspects: readonly { readonly host: number; readonly score: number }[],
  hosts: HostAddresses,
  nowMs: number,
): Generator<void, readonly FreshGroup[]> {
  const compared = comparedSuspects(pairs, suspects, hosts);
  pairs.features.hold();
  try {
    const known = new SuspectFeatures(pairs);
    yield* inTurns(compared, (suspect) => countFeatures(pairs, suspect, known));
    yield* inTurns(compared, (suspect) => joinFeatures(pairs, suspect, known));
    const profiles: Profile[] = [];
    yield* inTurns(compared, (suspect) => {
      profiles.push(profileOf(pairs, suspect, known));
      return pairs.pairsOf(suspect.host);
    });
    const groups: FreshGroup[] = [];
    for (const cluster of yield* clusterHosts(profiles)) {
      const score = groupScore(cluster, compared);
      if (score >= MIN_GROUP_SCORE) groups.push(yield* describeGroup(pairs, cluster, score, compared, known, nowMs));
    }
    return groups.sort((a, b) => b.score - a.score || b.hosts.length - a.hosts.length || compareFirst(a, b));
  } finally {
    pairs.features.letGo();
  }
}

/** The most suspect ones, in an order that does not depend on their numbers. */
function comparedSuspects(
  pairs: PairTable,
  suspects: readonly { readonly host: number; readonly score: number }[],
  hosts: HostAddresses,
): readonly Suspect[] {
  return suspects
    .map(({ host, score }) => ({ host, score, address: hosts.address(host), generation: pairs.generation(host) }))
    .sort((a, b) => b.score - a.score || compareAddresses(a.address, b.address))
    .slice(0, MAX_COMPARED);
}

/** `work` returns how many pairs it looked at. */
function* inTurns(suspects: readonly Suspect[], work: (suspect: Suspect) => number): Generator<void, void> {
  let looked = 0;
  for (const suspect of suspects) {
    looked += 1 + work(suspect);
    if (looked < PAIRS_A_TURN) continue;
    looked = 0;
    yield;
  }
}

/** How sure it is that these are bots of one net: that they belong together, and that they are bots. */
function groupScore(cluster: Cluster, compared: readonly Suspect[]): number {
  const sum = cluster.members.reduce((total, member) => total + compared[member]!.score, 0);
  const mean = sum / cluster.members.length;
  // Several hosts that are each suspected of themselves say more than one of them.
  const together = 1 - (1 - mean) ** (Math.min(cluster.members.length, 4) / 2);
  return rounded(cohesionOf(cluster) * together);
}

function* describeGroup(
  pairs: PairTable,
  cluster: Cluster,
  score: number,
  compared: readonly Suspect[],
  known: SuspectFeatures,
  nowMs: number,
): Generator<void, FreshGroup> {
  const members = [...cluster.members].sort((a, b) => a - b).map((member) => compared[member]!);
  const contacts = yield* memberContacts(pairs, members, known);
  const matches = yield* matchHosts(members, contacts);
  const candidates = yield* rankCandidates(pairs.features, members, contacts, known);
  const features = yield* sharedFeatures(pairs.features, contacts, cluster, known);
  return {
    sinceMs: Math.min(nowMs, ...candidates.slice(0, MAX_COMMANDERS).map(({ firstAtMs }) => firstAtMs)),
    lastAtMs: Math.max(0, ...candidates.map(({ lastAtMs }) => lastAtMs)) || nowMs,
    score,
    hosts: members.map(({ address, score }, index): GroupHost => {
      return { host: address, score, matches: matches.ofMember[index]! };
    }),
    features,
    matches: matches.pairs,
    candidates,
    victims: mostAttacked(members, contacts, candidates),
  };
}

function* sharedFeatures(
  features: FeatureTable,
  contacts: GroupContacts,
  { members: all, sums }: Cluster,
  known: SuspectFeatures,
): Generator<void, readonly SharedFeature[]> {
  const shared = new FirstOf<SharedFeature>(MAX_FEATURES, compareShared);
  let looked = 0;
  for (const { feature, members } of contacts.features.values()) {
    if (++looked % FEATURES_A_TURN === 0) yield;
    const what = features.feature(feature);
    if (what === undefined) continue;
    const others = Math.max(0, features.hosts(feature) - members.length);
    const strength = (sums.get(known.units.unitOf(feature)) ?? 0) / all.length;
    const weight = rounded(Math.min(known.rarity(feature), strength));
    shared.add({ feature: what, members: members.length, others, weight });
  }
  for (const [rhythm, sum] of sums) {
    const members = Math.round(sum / RHYTHM_STRENGTH);
    if (rhythm >= 0 || members < 2) continue;
    const feature = { kind: 'timing', periodMs: Math.round(rhythmSeconds(rhythm)) * 1000 } as const;
    shared.add({ feature, members, others: 0, weight: rounded(sum / all.length) });
  }
  return shared.list;
}

function compareShared(a: SharedFeature, b: SharedFeature): number {
  return b.weight - a.weight || b.members - a.members || a.others - b.others || compareFeatures(a.feature, b.feature);
}

function compareFeatures(a: Feature, b: Feature): number {
  if (a.kind === 'name' && b.kind === 'name') return a.name < b.name ? -1 : 1;
  if (a.kind === 'destination' && b.kind === 'destination') {
    return compareAddresses(a.address, b.address) || a.port - b.port;
  }
  if (a.kind === 'timing' && b.kind === 'timing') return a.periodMs - b.periodMs;
  return a.kind < b.kind ? -1 : 1;
}

/** Whom the group attacked, those of most hosts first; a likely commander is no victim, whatever it got. */
function mostAttacked(
  members: readonly Suspect[],
  contacts: GroupContacts,
  candidates: readonly Candidate[],
): readonly Victim[] {
  const commanders = new Set(candidates.slice(0, MAX_COMMANDERS).map(({ address }) => address));
  return [...contacts.victims.values()]
    .filter(({ address }) => !commanders.has(address))
    .sort((a, b) => b.members.size - a.members.size || b.syns - a.syns || compareAddresses(a.address, b.address))
    .slice(0, MAX_VICTIMS)
    .map(({ address, members: attackers, syns, firstAtMs, lastAtMs }) => {
      return { address, attackedBy: [...attackers].map((index) => members[index]!.address), syns, firstAtMs, lastAtMs };
    });
}

function rounded(weight: number): number {
  return Math.round(weight * 1000) / 1000;
}

function compareFirst(a: FreshGroup, b: FreshGroup): number {
  return compareAddresses(a.hosts[0]!.host, b.hosts[0]!.host);
}
