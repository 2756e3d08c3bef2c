import type { Address } from '../../core/address.ts';
import { labelCount, type Name } from '../../dns/name.ts';
import { type Candidate, MAX_CANDIDATES } from '../bot-group.ts';
import type { FeatureTable } from './feature-table.ts';
import { FirstOf } from './first-of.ts';
import type { SuspectFeatures } from './host-profiles.ts';
import type { GroupContacts, GroupServer, MemberFeature } from './member-contacts.ts';
import { COMMANDS, type Nature } from './nature.ts';
import { compareAddresses, type Suspect } from './suspect.ts';

/** What is below this is not worth a line. */
const MIN_SCORE = 0.03;
/** What the time of the first contact can take away from a score: a commander is contacted before the attack. */
const EARLY_SHARE = 0.3;
/** Whether something was before the attack, of a host that was not seen to attack. */
const UNKNOWN_EARLY = 0.5;
/** A download server is contacted on such a port where one is known. */
const DOWNLOAD_PORTS: ReadonlySet<number> = new Set([20, 21, 69, 80, 443, 8000, 8080, 8443]);
const MAX_PORTS = 16;
/** A server that a larger share of its users attacks is a victim, however often the others came to it. */
const MOST_ATTACKERS = 0.2;

/** Servers that are looked at between two turns of others: a millisecond or so. */
const SERVERS_A_TURN = 200;

/** A candidate before there are words for it. */
type Rival = Omit<Candidate, 'contactedBy' | 'reasons'> & { readonly server: GroupServer };

/**
 * Servers that the members of a group have in common, the likeliest commander first: by how many members contacted them, how few
 * others did, how early, and how (paper 2 ii, paper 1 §6.3). Victims do not stand for commanders.
 */
export function* rankCandidates(
  features: FeatureTable,
  members: readonly Suspect[],
  contacts: GroupContacts,
  known: SuspectFeatures,
): Generator<void, readonly Candidate[]> {
  const likeliest = new FirstOf<Rival>(MAX_CANDIDATES, compareCandidates);
  let looked = 0;
  for (const server of contacts.servers.values()) {
    const rival = rivalOf(features, members.length, server, contacts, known);
    if (rival !== undefined) likeliest.add(rival);
    if (++looked % SERVERS_A_TURN === 0) yield;
  }
  return likeliest.list.map(({ server, ...rival }): Candidate => {
    const contactedBy = server.members.map((member) => members[member]!.address);
    return { ...rival, contactedBy, reasons: reasonsOf(server, members.length, rival.others) };
  });
}

/** Undefined of a server that is a victim, or hardly a commander. */
function rivalOf(
  features: FeatureTable,
  memberCount: number,
  server: GroupServer,
  contacts: GroupContacts,
  known: SuspectFeatures,
): Rival | undefined {
  const suspects = server.members.length;
  const lead = leadOf(features, server, contacts.features);
  if (lead === undefined || (server.natures.get('attack') ?? 0) > MOST_ATTACKERS * suspects) return undefined;
  const others = Math.max(0, features.hosts(lead) - known.suspects(lead));
  const unknown = suspects - server.early - server.late;
  const early = (server.early + UNKNOWN_EARLY * unknown) / suspects;
  const share = (suspects / memberCount) * (suspects / (suspects + others));
  const score = Math.round(share * commandOf(server) * (1 - EARLY_SHARE * (1 - early)) * 1000) / 1000;
  if (score < MIN_SCORE) return undefined;
  const ports = portsOf(features, server);
  return {
    server,
    role: isDownload(server, ports) ? 'download' : 'c2',
    address: bestAddress(features, server),
    name: bestName(features, server, contacts.features),
    ports,
    score,
    suspects,
    others,
    firstAtMs: server.firstAtMs,
    lastAtMs: server.lastAtMs,
  };
}

/** How much the way in which members use it looks like a commander's, in the mean. */
function commandOf({ natures, members }: GroupServer): number {
  let sum = 0;
  for (const [nature, count] of natures) sum += count * COMMANDS[nature];
  return sum / members.length;
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

function isDownload({ brief, members }: GroupServer, ports: readonly number[]): boolean {
  const mayBe = ports.length === 0 || ports.some((port) => DOWNLOAD_PORTS.has(port));
  return mayBe && brief * 2 > members.length;
}

function portsOf(features: FeatureTable, server: GroupServer): readonly number[] {
  const ports = server.features.map((feature) => features.port(feature)).filter((port) => port !== 0);
  return [...new Set(ports)].sort((a, b) => a - b).slice(0, MAX_PORTS);
}

/** The address that most hosts connected to; else, of those that the name resolved to, the first. */
function bestAddress(features: FeatureTable, server: GroupServer): Address | undefined {
  const addresses = server.features
    .map((feature) => ({ address: features.addressOf(feature), hosts: features.hosts(feature) }))
    .filter((one): one is { address: Address; hosts: number } => one.address !== undefined)
    .sort((a, b) => b.hosts - a.hosts || compareAddresses(a.address, b.address));
  if (addresses[0] !== undefined) return addresses[0].address;
  const answers = server.features.flatMap((feature) => features.answersOf(feature));
  return answers.map((answer) => features.addressOf(answer)!).sort(compareAddresses)[0];
}

/** The name that most members asked for; of equal ones the longer says more. */
function bestName(
  features: FeatureTable,
  server: GroupServer,
  shared: ReadonlyMap<number, MemberFeature>,
): Name | undefined {
  const names = server.features
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

function reasonsOf(server: GroupServer, memberCount: number, others: number): readonly string[] {
  const { members, natures, early, blocked, periodsSeconds } = server;
  const how = [...natures].sort((a, b) => b[1] - a[1]).map(([nature, count]) => `${hosts(count)} ${SAID[nature]}`);
  return [
    `${members.length} of the ${memberCount} hosts of the group contacted it, and ${others === 0 ? 'no' : others} other ${others === 1 ? 'host' : 'hosts'} did`,
    ...how,
    ...periodReason(periodsSeconds),
    ...(early === 0 ? [] : [`${hosts(early)} contacted it before their first attack or scan`]),
    ...(blocked === 0 ? [] : [`the gate blocked queries of ${hosts(blocked)} to it`]),
  ];
}

function periodReason(periodsSeconds: readonly number[]): readonly string[] {
  if (periodsSeconds.length === 0) return [];
  const middle = [...periodsSeconds].sort((a, b) => a - b)[periodsSeconds.length >> 1]!;
  return [`the interval is about ${middle < 120 ? `${Math.round(middle)} s` : `${Math.round(middle / 60)} min`}`];
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}

function compareCandidates(a: Rival, b: Rival): number {
  if (a.score !== b.score) return b.score - a.score;
  if (a.suspects !== b.suspects) return b.suspects - a.suspects;
  if (a.address !== undefined && b.address !== undefined) return compareAddresses(a.address, b.address);
  if (a.name !== undefined && b.name !== undefined) return a.name < b.name ? -1 : Number(a.name > b.name);
  return Number(a.address === undefined) - Number(b.address === undefined);
}
