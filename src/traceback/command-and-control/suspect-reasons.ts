import { counted } from '../../core/words.ts';
import { formatName } from '../../dns/name.ts';
import type { Crowd } from './crowd.ts';
import type { Episode } from './episodes.ts';
import { nearest, type ScoredCandidate } from './score-candidates.ts';

/** What else is known of a suspect. */
export interface ReasonFacts {
  readonly episodes: readonly Episode[];
  readonly crowd: Crowd;
  /** Other candidates that it stands for: of its domain, and of names without an address that were asked for alike. */
  readonly ofDomain: number;
  readonly alike: number;
}

/** Why a name is told, for people, with numbers. */
export function suspectReasons({ candidate, hosts, popularity }: ScoredCandidate, facts: ReasonFacts): string[] {
  const { episodes, crowd, ofDomain, alike } = facts;
  const allHosts = new Set(episodes.map(({ host }) => host)).size;
  const attacks = attacksOf(candidate.sightings.keys(), episodes);
  const allAttacks = attacksOf(episodes.keys(), episodes);
  const own = hosts.reduce((sum, { slotsWithName }) => sum + slotsWithName, 0);
  const active = hosts.reduce((sum, { activeSlots }) => sum + activeSlots, 0);
  const slot = duration(crowd.slotMs);
  return [
    `asked for by ${hosts.length} of ${counted(allHosts, 'host')} before ${attacks} of ${counted(allAttacks, 'attack')}`,
    `by ${popularity.clients} of ${counted(crowd.size, 'other client')} in ${duration(popularity.slots * crowd.slotMs)}`,
    `by the same hosts in ${own} of ${counted(active, 'other time')} of ${slot} in which they asked for anything`,
    `${duration(nearest(candidate))} before the name of the victim`,
    ...(candidate.isDomain ? [`a domain: ${candidate.names} names below it were asked for`] : []),
    ...(!candidate.isDomain && ofDomain > 0
      ? [`beside ${counted(ofDomain, 'other name')} of ${formatName(candidate.domain)}`]
      : []),
    ...(candidate.isFailed ? ['it has no address'] : []),
    ...(alike > 0 ? [`so were ${counted(alike, 'other name')} without an address, before the same attacks`] : []),
  ];
}

/** How many different attacks these episodes belong to. */
export function attacksOf(indexes: Iterable<number>, episodes: readonly Episode[]): number {
  return new Set([...indexes].map((index) => episodes[index]!.attack)).size;
}

/** To about two digits, in the unit that suits. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
