import { type Address, formatAddress } from '../../core/address.ts';
import { formatName, type Name } from '../../dns/name.ts';
import { MAX_NAMES, type Suspect } from '../messages.ts';
import type { Crowd } from './crowd.ts';
import type { Episode } from './episodes.ts';
import { nearest, type ScoredCandidate, TOLD_SHARE } from './score-candidates.ts';
import { attacksOf, suspectReasons } from './suspect-reasons.ts';

/** So many names without an address, asked for alike, are told as one: a bot that tries names which it makes up. */
const LEAST_ALIKE = 8;
const MAX_SCORE = 1e6;

/** What is told of scored candidates, the best first: one name of each registrable domain, and none far below the best. */
export function chooseSuspects(
  scored: readonly ScoredCandidate[],
  episodes: readonly Episode[],
  crowd: Crowd,
): readonly Suspect[] {
  const least = Math.max(Number.MIN_VALUE, (scored[0]?.bits ?? 0) * TOLD_SHARE);
  const told = scored.filter(({ bits }) => bits >= least);
  const ofDomains = groupBy(told, ({ candidate }) => candidate.domain).map((group) => ({
    best: group[0]!,
    ofDomain: group.filter(({ candidate }) => !candidate.isDomain).length - 1,
  }));
  const groups = groupBy(ofDomains, ({ best }) => alikeKey(best)).flatMap((group) =>
    group[0]!.best.candidate.isFailed && group.length >= LEAST_ALIKE
      ? [{ ...group[0]!, alike: group.length - 1 }]
      : group.map((one) => ({ ...one, alike: 0 })),
  );
  return groups
    .sort((a, b) => b.best.bits - a.best.bits)
    .slice(0, MAX_NAMES)
    .map(({ best, ...more }) => suspectOf(best, suspectReasons(best, { episodes, crowd, ...more }), episodes));
}

function suspectOf(
  { candidate, hosts, popularity, bits }: ScoredCandidate,
  reasons: string[],
  episodes: readonly Episode[],
): Suspect {
  return {
    name: formatName(candidate.name),
    score: Math.min(MAX_SCORE, bits),
    hosts: hosts.map(({ host }) => formatAddress(host)),
    cases: attacksOf(candidate.sightings.keys(), episodes),
    clients: popularity.clients,
    beforeMs: Math.round(nearest(candidate)),
    answers: [...candidate.answers].map((answer: Address) => formatAddress(answer)),
    reasons,
  };
}

/** The same for names that failed before the same attacks. */
function alikeKey({ candidate }: ScoredCandidate): string {
  return candidate.isFailed ? [...candidate.sightings.keys()].sort().join() : candidate.domain;
}

/** Groups in the order of their first members. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => Name | string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
