/** Groups of bots, for people and programs: addresses, names and times as text. */
import { formatAddress } from '../core/address.ts';
import type { BotGroup, Candidate, Feature, GroupChange, Victim } from '../correlation/bot-group.ts';
import type { PicturedGroup, PicturedServer } from '../correlation/pictures/botnet.ts';
import { formatName } from '../dns/name.ts';
import type { Finding } from '../findings/finding.ts';
import { formatInstant } from './instant.ts';

export interface CandidateView extends PicturedServer {
  readonly first: string;
  readonly last: string;
  readonly reasons: readonly string[];
}

export interface FeatureView {
  readonly kind: Feature['kind'];
  /** Such as `198.51.100.7 port 443`, a name, or `every 60 s`. */
  readonly text: string;
  readonly members: number;
  readonly others: number;
  readonly weight: number;
}

export interface BotGroupView extends PicturedGroup {
  readonly score: number;
  readonly since: string;
  readonly last: string;
  readonly candidates: readonly CandidateView[];
  readonly features: readonly FeatureView[];
  readonly matches: readonly { readonly hosts: readonly [string, string]; readonly features: number }[];
  readonly victims: readonly (PicturedGroup['victims'][number] & { readonly first: string; readonly last: string })[];
  readonly changes: readonly {
    readonly at: string;
    readonly what: GroupChange['what'];
    readonly with: readonly string[];
  }[];
  /** Ids of findings about it. */
  readonly findings: readonly string[];
}

/** `findings`: those that may be about it. */
export function viewGroup(group: BotGroup, findings: readonly Finding[]): BotGroupView {
  return {
    id: group.id,
    score: group.score,
    since: formatInstant(group.sinceMs)!,
    last: formatInstant(group.lastAtMs)!,
    hosts: group.hosts.map(({ host, ...rest }) => ({ host: formatAddress(host), ...rest })),
    candidates: group.candidates.map(viewCandidate),
    features: group.features.map(({ feature, ...rest }) => ({ kind: feature.kind, text: textOf(feature), ...rest })),
    matches: group.matches.map(({ hosts: [one, other], features }) => ({
      hosts: [formatAddress(one), formatAddress(other)],
      features,
    })),
    victims: group.victims.map(viewVictim),
    changes: group.changes.map(({ atMs, ...rest }) => ({ at: formatInstant(atMs)!, ...rest })),
    findings: findings.flatMap(({ id, subject }) => (subject === group.id ? [id] : [])),
  };
}

function viewCandidate({ address, name, contactedBy, firstAtMs, lastAtMs, ...rest }: Candidate): CandidateView {
  return {
    ...rest,
    address: address === undefined ? null : formatAddress(address),
    name: name === undefined ? null : formatName(name),
    contactedBy: contactedBy.map(formatAddress),
    first: formatInstant(firstAtMs)!,
    last: formatInstant(lastAtMs)!,
  };
}

function viewVictim({ address, attackedBy, syns, firstAtMs, lastAtMs }: Victim): BotGroupView['victims'][number] {
  return {
    address: formatAddress(address),
    attackedBy: attackedBy.map(formatAddress),
    syns,
    first: formatInstant(firstAtMs)!,
    last: formatInstant(lastAtMs)!,
  };
}

function textOf(feature: Feature): string {
  switch (feature.kind) {
    case 'destination':
      return `${formatAddress(feature.address)} port ${feature.port}`;
    case 'name':
      return formatName(feature.name);
    case 'timing':
      return `every ${Math.round(feature.periodMs / 100) / 10} s`;
  }
}
