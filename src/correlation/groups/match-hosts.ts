import { MAX_MATCHES, type Match } from '../bot-group.ts';
import type { GroupContacts } from './member-contacts.ts';
import type { Suspect } from './suspect.ts';

/** Members that are counted pair by pair: the most suspect ones. */
const MAX_HOSTS = 200;
/** Pairs counted in all: two scanners may have thousands of targets in common, which says no more than hundreds. */
const MAX_COUNTED = 2_000_000;
/** Hosts of features that are looked at between two turns of others. */
const LOOKED_A_TURN = 50_000;

export interface Matches {
  /** The most first. */
  readonly pairs: readonly Match[];
  /** By index of the member: features that it shares with at least one other. */
  readonly ofMember: readonly number[];
}

/** How many features the members of a group share, two by two (paper 2, figure 9). */
export function* matchHosts(members: readonly Suspect[], contacts: GroupContacts): Generator<void, Matches> {
  const ofMember = new Array<number>(members.length).fill(0);
  const size = Math.min(MAX_HOSTS, members.length);
  const counts = new Uint32Array(size * size);
  let counted = 0;
  let looked = 0;
  for (const { members: having } of contacts.features.values()) {
    looked += having.length;
    if (looked > LOOKED_A_TURN) {
      looked = 0;
      yield;
    }
    for (const member of having) ofMember[member]!++;
    const few = having.filter((member) => member < size);
    counted += few.length ** 2 / 2;
    if (counted > MAX_COUNTED) continue;
    for (const [at, a] of few.entries()) {
      for (let next = at + 1; next < few.length; next++) counts[a * size + few[next]!]!++;
    }
  }
  return { pairs: mostMatching(members, counts, size), ofMember };
}

function mostMatching(members: readonly Suspect[], counts: Uint32Array, size: number): readonly Match[] {
  const places: number[] = [];
  for (const [place, features] of counts.entries()) if (features > 0) places.push(place);
  places.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return places.slice(0, MAX_MATCHES).map((place) => {
    const hosts = [members[Math.floor(place / size)]!.address, members[place % size]!.address] as const;
    return { hosts, features: counts[place]! };
  });
}
