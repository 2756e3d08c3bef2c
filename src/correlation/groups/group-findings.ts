import { type Address, formatAddress } from '../../core/address.ts';
import { counted } from '../../core/words.ts';
import { formatName, type Name } from '../../dns/name.ts';
import { isRegistrableDomain } from '../../dns/public-suffix.ts';
import { type FindingChange, type Found, MAX_HOSTS, MAX_REASONS, type Reason } from '../../findings/finding.ts';
import type { BotGroup, Candidate, SharedFeature } from '../bot-group.ts';
import { endText } from '../event-text.ts';

/** A group is told from this score on, and its servers from theirs, and only those about as likely as the first. */
const MIN_GROUP = 0.5;
const MIN_SERVER = 0.3;
const SHARE_OF_FIRST = 0.6;
/** Features that are given as reasons of a group. */
const FEATURES_TOLD = 10;
/** Other members that are counted for the suspicion a member falls under by its company. */
const MAX_COMPANIONS = 3;
const MOST_BY_COMPANY = 0.85;
const LEAST_BY_COMPANY = 0.02;
/** Hosts that attack the same victim are joined by this: one may have a broken program, several are told to. */
const LINK_OF_ATTACKERS = 0.85;
const MIN_ATTACKERS = 2;

/** What there is to say of groups: each of them, and the servers that likely command them or gave them their software. */
export function groupFindings(groups: readonly BotGroup[]): readonly Found[] {
  const found = new Map<string, Found>();
  for (const group of groups) {
    if (group.score < MIN_GROUP || isOnlyKnown(group)) continue;
    found.set(group.id, groupFound(group));
    const likely = likelyServers(group);
    for (const candidate of likely) {
      const server = serverFound(group, candidate, rivalsOf(candidate, likely));
      const key = `${server.kind} ${server.subject}`;
      const other = found.get(key);
      found.set(key, other === undefined ? server : joined(other, server));
    }
  }
  return [...found.values()];
}

/**
 * Why membership speaks against a host: what it shares with others, and that they are suspects, by `suspicion`, 0 to 1, of what is more
 * than a habit. One for each host that has such company.
 */
export function groupReasons(
  groups: readonly BotGroup[],
  suspicion: (host: Address) => number,
): ReadonlyMap<Address, Reason> {
  const reasons = new Map<Address, Reason>();
  for (const group of groups) {
    const link = Math.max(0, ...group.features.map(({ weight }) => weight));
    const attackers = new Set(
      group.victims
        .filter(({ attackedBy }) => attackedBy.length >= MIN_ATTACKERS)
        .flatMap(({ attackedBy }) => attackedBy),
    );
    const most = group.hosts
      .map(({ host }) => ({ host, score: suspicion(host) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, MAX_COMPANIONS + 1);
    for (const { host, matches } of group.hosts) {
      const companions = most.filter((other) => other.host !== host).slice(0, MAX_COMPANIONS);
      const company = 1 - companions.reduce((none, { score }) => none * (1 - score), 1);
      const weight = Math.min(
        MOST_BY_COMPANY,
        (attackers.has(host) ? Math.max(link, LINK_OF_ATTACKERS) : link) * company,
      );
      if (weight < LEAST_BY_COMPANY) continue;
      const line = `shares ${counted(matches, 'rare feature')} with other hosts of group ${group.id}, most of all ${featureText(group.features[0])}`;
      reasons.set(host, {
        kind: 'group',
        weight,
        line,
        events: matches,
        firstAtMs: group.sinceMs,
        lastAtMs: group.lastAtMs,
        samples: [],
      });
    }
  }
  return reasons;
}

/** An address where one is known, else a name: what a finding about a server is about. */
export function candidateText({ address, name }: Candidate): string {
  if (address !== undefined) return formatAddress(address);
  return name === undefined ? '' : formatName(name);
}

/** A feature as people read it. */
export function featureText(shared: SharedFeature | undefined): string {
  if (shared === undefined) return 'nothing';
  const { feature } = shared;
  switch (feature.kind) {
    case 'destination':
      return endText(feature.address, feature.port);
    case 'name':
      return formatName(feature.name);
    case 'timing':
      return `contacts about every ${durationText(feature.periodMs)}`;
  }
}

function durationText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** Of before a restart, and not found since: its finding tells more than it. */
function isOnlyKnown({ features, candidates }: BotGroup): boolean {
  return features.length === 0 && candidates.length === 0;
}

function likelyServers({ candidates }: BotGroup): readonly Candidate[] {
  const first = candidates[0]?.score ?? 0;
  return candidates.filter(({ score }) => score >= MIN_SERVER && score >= SHARE_OF_FIRST * first);
}

function groupFound(group: BotGroup): Found {
  const shared = group.features.slice(0, FEATURES_TOLD).map((feature): Reason => {
    // Who else has a rhythm is not counted.
    const others = feature.feature.kind === 'timing' ? '' : `, which ${othersText(feature.others)}`;
    const line = `${counted(feature.members, 'host')} of ${group.hosts.length} share ${featureText(feature)}${others}`;
    return reasonOf(group, 'shared-feature', feature.weight, line, feature.members);
  });
  const servers = likelyServers(group).map((candidate): Reason => {
    const role = candidate.role === 'c2' ? 'command and control' : 'the download of software';
    const line = `${candidateText(candidate)} is a candidate for ${role}: ${candidate.reasons[0] ?? ''}`;
    return reasonOf(candidate, candidate.role, candidate.score, line, candidate.suspects);
  });
  return {
    kind: 'bot-group',
    subject: group.id,
    score: group.score,
    reasons: [...servers, ...shared].sort((a, b) => b.weight - a.weight).slice(0, MAX_REASONS),
    hosts: group.hosts.slice(0, MAX_HOSTS).map(({ host }) => formatAddress(host)),
    firstAtMs: group.sinceMs,
    lastAtMs: group.lastAtMs,
    changes: mergesAndSplits(group),
  };
}

/** That it grows and shrinks is in its hosts. */
function mergesAndSplits({ changes }: BotGroup): readonly FindingChange[] {
  return changes.flatMap(({ atMs, what, with: others }) =>
    what === 'merged' || what === 'split' ? [{ atMs, by: 'gluewall', text: `${what}: ${others.join(', ')}` }] : [],
  );
}

/**
 * How many candidates are about as likely, itself among them: a bot may come to any number of servers that are innocent. A name without
 * an address may be that of an address without a name.
 */
function rivalsOf({ role, address }: Candidate, likely: readonly Candidate[]): number {
  return likely.filter((other) => {
    return other.role === role && (other.address === undefined) === (address === undefined);
  }).length;
}

function serverFound(group: BotGroup, candidate: Candidate, rivals: number): Found {
  const name = candidate.name === undefined ? [] : [`hosts came to it by ${nameText(candidate.name)}`];
  const lines = [
    ...candidate.reasons,
    ...(candidate.address === undefined ? [] : name),
    ...(rivals === 1 ? [] : [`${rivals} servers are about as likely, so each of them is less so`]),
    `its hosts are group ${group.id}`,
  ];
  return {
    kind: candidate.role === 'c2' ? 'c2-server' : 'download-server',
    subject: candidateText(candidate),
    score: Math.min(1, group.score * Math.sqrt(candidate.score / rivals)),
    reasons: lines.map((line) => reasonOf(candidate, candidate.role, candidate.score, line, candidate.suspects)),
    hosts: candidate.contactedBy.slice(0, MAX_HOSTS).map(formatAddress),
    firstAtMs: candidate.firstAtMs,
    lastAtMs: candidate.lastAtMs,
    detail: serverDetail(candidate),
  };
}

/** A registrable domain stands for all names below it that hosts asked for. */
function nameText(name: Name): string {
  const text = formatName(name);
  return isRegistrableDomain(name) ? `the name ${text}, or names below it` : `the name ${text}`;
}

/** For the response: what the server is known by, and the ports it was contacted on. */
function serverDetail({ address, name, ports }: Candidate): Readonly<Record<string, unknown>> {
  return {
    ...(address === undefined ? {} : { address: formatAddress(address) }),
    ...(name === undefined ? {} : { name: formatName(name) }),
    ports: [...ports],
  };
}

/** One server of two groups. */
function joined(a: Found, b: Found): Found {
  const [surer, other] = a.score >= b.score ? [a, b] : [b, a];
  return {
    ...surer,
    reasons: [...surer.reasons, ...other.reasons].slice(0, MAX_REASONS),
    hosts: [...new Set([...surer.hosts, ...other.hosts])].slice(0, MAX_HOSTS),
    firstAtMs: Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
  };
}

function reasonOf(
  {
    firstAtMs,
    sinceMs,
    lastAtMs,
  }: { readonly firstAtMs?: number; readonly sinceMs?: number; readonly lastAtMs: number },
  kind: string,
  weight: number,
  line: string,
  events: number,
): Reason {
  return { kind, weight, line, events, firstAtMs: firstAtMs ?? sinceMs ?? lastAtMs, lastAtMs, samples: [] };
}

function othersText(others: number): string {
  if (others === 0) return 'no other host has';
  return others === 1 ? '1 other host has' : `${others} other hosts have`;
}
