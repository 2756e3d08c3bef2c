/** Others that a feature may have and still join: this many, or this share of all hosts. */
const OTHERS = { least: 3, share: 0.02 } as const;
/** What more hosts have than this share is popular whoever they are. */
const POPULAR = { least: 10, share: 0.6 } as const;
/** As many hosts that have a feature may be others in doubt: each by how far its score is below the full one. */
const IN_DOUBT = { least: 5, share: 0.04, fullScore: 0.6 } as const;
/** A mean score of all that have a feature from which on it begins, and is sure, to be one of bots. */
const CONCENTRATION = { none: 0.1, full: 0.4 } as const;
/** A smaller site says no more of how rare something is. */
const MIN_HOSTS = 50;

/**
 * How rare a feature is, 0 to 1, and how much of bots: by the hosts that have it, those of them that are suspects and the sum of
 * their scores, among all hosts. What many others have joins nobody.
 */
export function rarity(hosts: number, suspects: number, scores: number, allHosts: number): number {
  const others = Math.max(0, hosts - suspects);
  if (others > Math.max(OTHERS.least, OTHERS.share * allHosts)) return 0;
  if (hosts > Math.max(POPULAR.least, POPULAR.share * allHosts)) return 0;
  if (hosts - scores / IN_DOUBT.fullScore > Math.max(IN_DOUBT.least, IN_DOUBT.share * allHosts)) return 0;
  const concentration = (scores / hosts - CONCENTRATION.none) / (CONCENTRATION.full - CONCENTRATION.none);
  const all = Math.max(MIN_HOSTS, allHosts);
  const rare = Math.log((all + 1) / (others + 2)) / Math.log((all + 1) / 2);
  return Math.max(0, Math.min(1, concentration)) * Math.max(0, rare);
}
