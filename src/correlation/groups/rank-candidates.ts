import type { Address } from '../../core/address.ts';
import { labelCount, type Name } from '../../dns/name.ts';
import { type Candidate, MAX_CANDIDATES } from '../bot-group.ts';
import type { FeatureTable } from './feature-table.ts';
import type { SuspectFeatures } from './host-profiles.ts';
import type { GroupContacts, GroupServer, MemberFeature, ServerUse } from './member-contacts.ts';
import { COMMANDS, type Nature } from './nature.ts';
import { compareAddresses, type Suspect } from './suspect.ts';

/** What is below this is not worth a line. */
const MIN_SCORE = 0.03;
/** What the time of the first contact can take away from a score: a commander is contacted before the attack. */
const EARLY_SHARE = 0.3;
/** Whether something was before the attack, of a host that was not seen to attack. */
const UNKNOWN_EARLY = 0.5;
/** A download server is contacted so often at most by a host, and on such a port where one is known. */
const MAX_DOWNLOAD_CONTACTS = 4;
const DOWNLOAD_PORTS: ReadonlySet<number> = new Set([20, 21, 69, 80, 443, 8000, 8080, 8443]);
const MAX_PORTS = 16;
/** A server that a larger share of its users attacks is a victim, however often the others came to it. */
const MOST_ATTACKERS = 0.2;

/**
 * Servers that the members of a group have in common, the likeliest commander first: by how many members contacted them, how few
 * others did, how early, and how (paper 2 ii, paper 1 §6.3). Victims do not stand for commanders.
 */
export function rankCandidates(
  features: FeatureTable,
  members: readonly Suspect[],
  contacts: GroupContacts,
  known: SuspectFeatures,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const server of contacts.servers.values()) {
    const candidate = candidateOf(features, members, server, contacts, known);
    if (candidate !== undefined && candidate.score >= MIN_SCORE) candidates.push(candidate);
  }
  return candidates.sort(compareCandidates).slice(0, MAX_CANDIDATES);
}

function candidateOf(
  features: FeatureTable,
  members: readonly Suspect[],
  server: GroupServer,
  contacts: GroupContacts,
  known: SuspectFeatures,
): Candidate | undefined {
  const uses = [...server.uses];
  const lead = leadOf(features, server, contacts.features);
  const attackers = uses.filter(([, { nature }]) => nature === 'attack').length;
  if (lead === undefined || attackers > MOST_ATTACKERS * uses.length) return undefined;
  const suspects = uses.length;
  const others = Math.max(0, features.hosts(lead) - known.suspects(lead));
  const nature = mean(uses.map(([, use]) => COMMANDS[use.nature]));
  const early = mean(uses.map(([member, use]) => earliness(use, contacts.firstAttackAtMs.get(member))));
  const score =
    (suspects / members.length) * (suspects / (suspects + others)) * nature * (1 - EARLY_SHARE * (1 - early));
  const ports = portsOf(features, server);
  return {
    role: isDownload(
      uses.map(([, use]) => use),
      ports,
    )
      ? 'download'
      : 'c2',
    address: bestAddress(features, server),
    name: bestName(features, server, contacts.features),
    ports,
    score: Math.round(score * 1000) / 1000,
    contactedBy: uses.map(([member]) => members[member]!.address),
    suspects,
    others,
    firstAtMs: Math.min(...uses.map(([, use]) => use.firstAtMs)),
    lastAtMs: Math.max(...uses.map(([, use]) => use.lastAtMs)),
    reasons: reasonsOf(uses, members.length, others, contacts.firstAttackAtMs),
  };
}

/** The feature by which most members know the server and fewest others. */
function leadOf(
  features: FeatureTable,
  server: GroupServer,
  shared: ReadonlyMap<number, MemberFeature>,
): number | undefined {
  let lead: number | undefined;
  let best = -1;
  for (const feature of server.features) {
    const members = shared.get(feature)?.members.length ?? 1;
    const worth = (members * members) / Math.max(members, features.hosts(feature));
    if (worth > best) {
      best = worth;
      lead = feature;
    }
  }
  return lead;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);
}

function earliness(use: ServerUse, firstAttackAtMs: number | undefined): number {
  if (firstAttackAtMs === undefined) return UNKNOWN_EARLY;
  return use.firstAtMs < firstAttackAtMs ? 1 : 0;
}

function isDownload(uses: readonly ServerUse[], ports: readonly number[]): boolean {
  const few = uses.filter(({ nature, contacts }) => nature === 'once' && contacts <= MAX_DOWNLOAD_CONTACTS).length;
  const mayBe = ports.length === 0 || ports.some((port) => DOWNLOAD_PORTS.has(port));
  return mayBe && few * 2 > uses.length;
}

function portsOf(features: FeatureTable, server: GroupServer): readonly number[] {
  const ports = [...server.features].map((feature) => features.port(feature)).filter((port) => port !== 0);
  return [...new Set(ports)].sort((a, b) => a - b).slice(0, MAX_PORTS);
}

/** The address that most hosts connected to; else, of those that the name resolved to, the first. */
function bestAddress(features: FeatureTable, server: GroupServer): Address | undefined {
  const addresses = [...server.features]
    .map((feature) => ({ address: features.addressOf(feature), hosts: features.hosts(feature) }))
    .filter((one): one is { address: Address; hosts: number } => one.address !== undefined)
    .sort((a, b) => b.hosts - a.hosts || compareAddresses(a.address, b.address));
  if (addresses[0] !== undefined) return addresses[0].address;
  const answers = [...server.features].flatMap((feature) => features.answersOf(feature));
  return answers.map((answer) => features.addressOf(answer)!).sort(compareAddresses)[0];
}

/** The name that most members asked for; of equal ones the longer says more. */
function bestName(
  features: FeatureTable,
  server: GroupServer,
  shared: ReadonlyMap<number, MemberFeature>,
): Name | undefined {
  const names = [...server.features]
    .map((feature) => ({ name: features.nameOf(feature), members: shared.get(feature)?.members.length ?? 1 }))
    .filter((one): one is { name: Name; members: number } => one.name !== undefined)
    .sort((a, b) => b.members - a.members || labelCount(b.name) - labelCount(a.name) || (a.name < b.name ? -1 : 1));
  return names[0]?.name;
}

const SAID: Readonly<Record<Nature, string>> = {
  odd: 'sent DNS queries straight to it, most of types that carry data',
  regular: 'contacted it again and again at one interval',
  steady: 'kept coming back to it for hours',
  repeated: 'came back to it over ten minutes and more',
  once: 'contacted it once or in one short time',
  failed: 'asked for its name, which does not exist',
  attack: 'opened connections to it in masses',
  mail: 'used it as a mail server',
  probe: 'tried it and got no connection',
  resolver: 'used it as a DNS resolver',
};

function reasonsOf(
  uses: readonly (readonly [number, ServerUse])[],
  memberCount: number,
  others: number,
  firstAttackAtMs: ReadonlyMap<number, number>,
): readonly string[] {
  const natures = new Map<Nature, number>();
  for (const [, { nature }] of uses) natures.set(nature, (natures.get(nature) ?? 0) + 1);
  const how = [...natures].sort((a, b) => b[1] - a[1]).map(([nature, count]) => `${hosts(count)} ${SAID[nature]}`);
  const attackers = uses.filter(([member]) => firstAttackAtMs.has(member));
  const early = attackers.filter(([member, use]) => use.firstAtMs < firstAttackAtMs.get(member)!).length;
  const blocked = uses.filter(([, use]) => use.isBlocked).length;
  return [
    `${uses.length} of the ${memberCount} hosts of the group contacted it, and ${others === 0 ? 'no' : others} other ${others === 1 ? 'host' : 'hosts'} did`,
    ...how,
    ...periodReason(uses.map(([, use]) => use)),
    ...(early === 0 ? [] : [`${hosts(early)} contacted it before their first attack or scan`]),
    ...(blocked === 0 ? [] : [`the gate blocked queries of ${hosts(blocked)} to it`]),
  ];
}

function periodReason(uses: readonly ServerUse[]): readonly string[] {
  const periods = uses.map(({ periodSeconds }) => periodSeconds).filter((period) => period !== undefined);
  if (periods.length === 0) return [];
  const middle = periods.sort((a, b) => a - b)[periods.length >> 1]!;
  return [`the interval is about ${middle < 120 ? `${Math.round(middle)} s` : `${Math.round(middle / 60)} min`}`];
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return b.score - a.score;
  if (a.suspects !== b.suspects) return b.suspects - a.suspects;
  if (a.address !== undefined && b.address !== undefined) return compareAddresses(a.address, b.address);
  if (a.name !== undefined && b.name !== undefined) return a.name < b.name ? -1 : Number(a.name > b.name);
  return Number(a.address === undefined) - Number(b.address === undefined);
}
