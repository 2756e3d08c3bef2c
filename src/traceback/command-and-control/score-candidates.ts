import type { Address } from '../../core/address.ts';
import type { Candidate } from './candidate-names.ts';
import type { Crowd } from './crowd.ts';
import type { Episode } from './episodes.ts';
import type { HostHabits } from './host-habits.ts';
import type { LogReader } from './log-reader.ts';
import { measurePopularity, type Popularity, shareOf } from './popularity.ts';
import { type HostSightings, suspectBits } from './suspect-score.ts';

/** Names whose popularity is looked up, and entries that are read for each. */
const MAX_LOOKUPS = 256;
const MAX_NAME_ENTRIES = 2000;
/** What bits are worth of a name without an address: nobody is told anything by it. */
const FAILED_WORTH = 0.5;
/** Names with fewer bits than this share of the best are not told: they say more of the host's user than of its bot. */
export const TOLD_SHARE = 0.5;

/** A candidate, and what speaks for it. */
export interface ScoredCandidate {
  readonly candidate: Candidate;
  readonly hosts: readonly HostSightings[];
  readonly popularity: Popularity;
  readonly bits: number;
}

/**
 * Scores candidates, the best first. Those that could not come near the best, however unpopular they are, are not looked up and
 * left out.
 */
export async function scoreCandidates(
  reader: LogReader,
  crowd: Crowd,
  episodes: readonly Episode[],
  habits: HostHabits,
  candidates: readonly Candidate[],
): Promise<readonly ScoredCandidate[]> {
  const places = placesOf(episodes);
  const hopeful = candidates
    .map((candidate) => ({ candidate, hosts: sightingsOf(candidate, episodes, places, habits) }))
    .map(({ candidate, hosts }) => ({ candidate, hosts, most: bitsOf(candidate, hosts, 0) }))
    .filter(({ most }) => most > 0)
    .sort((a, b) => b.most - a.most || nearest(a.candidate) - nearest(b.candidate))
    .slice(0, MAX_LOOKUPS);
  const measured: Omit<ScoredCandidate, 'bits'>[] = [];
  let best = 0;
  for (const { candidate, hosts, most } of hopeful) {
    if (most < best * TOLD_SHARE || reader.isSpent) break;
    const popularity = await measurePopularity(reader, crowd, candidate, MAX_NAME_ENTRIES);
    measured.push({ candidate, hosts, popularity });
    best = Math.max(best, bitsOf(candidate, hosts, shareOf(popularity, crowd.size)));
  }
  // Only now are all clients known that were met on the way.
  return measured
    .map((each) => ({ ...each, bits: bitsOf(each.candidate, each.hosts, shareOf(each.popularity, crowd.size)) }))
    .sort((a, b) => b.bits - a.bits || nearest(a.candidate) - nearest(b.candidate));
}

/** How long before the victim's name it was asked for at least. */
export function nearest({ sightings }: Pick<Candidate, 'sightings'>): number {
  return Math.min(...sightings.values());
}

function bitsOf({ isFailed }: Candidate, hosts: readonly HostSightings[], share: number): number {
  return suspectBits(hosts, share) * (isFailed ? FAILED_WORTH : 1);
}

/** The places of each host's episodes in the list. */
function placesOf(episodes: readonly Episode[]): ReadonlyMap<Address, readonly number[]> {
  const places = new Map<Address, number[]>();
  for (const [place, { host }] of episodes.entries()) {
    const own = places.get(host);
    if (own === undefined) places.set(host, [place]);
    else own.push(place);
  }
  return places;
}

function sightingsOf(
  candidate: Candidate,
  episodes: readonly Episode[],
  places: ReadonlyMap<Address, readonly number[]>,
  habits: HostHabits,
): HostSightings[] {
  const seenBy = new Set([...candidate.sightings.keys()].map((place) => episodes[place]!.host));
  return [...seenBy].map((host) => {
    const own = places.get(host)!;
    return {
      host,
      activeSlots: habits.activeSlots(host),
      slotsWithName: habits.slotsWith(host, candidate),
      seen: own.filter((place) => candidate.sightings.has(place)).length,
      missed: own.filter((place) => episodes[place]!.isWhole && !candidate.sightings.has(place)).length,
    };
  });
}
