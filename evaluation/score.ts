/** How what was found compares with the truth. */
import { type Address, formatAddress } from '../src/core/address.ts';
import type { BotGroup } from '../src/correlation/bot-group.ts';
import { isAtOrBelow } from '../src/dns/name.ts';
import type { Outcome } from './run-scenario.ts';
import { isForeignResolverKind, type Truth, type TruthGroup, type TruthHost } from './truth.ts';

interface Share {
  readonly hits: number;
  readonly of: number;
}

/** Counts of one scenario; those of several are added up. */
export interface Score {
  /** Infected hosts among those said to be, and those said to be among the infected. */
  readonly precision: Share;
  readonly recall: Share;
  /** Groups with a C&C of theirs among the first three candidates. */
  readonly c2Top3: Share;
  readonly foreignResolverFalseFindings: number;
  /** Infected hosts found, by kind. */
  readonly bots: ReadonlyMap<string, Share>;
  /** Findings `infected-host` against others, by kind. */
  readonly falseBots: ReadonlyMap<string, Share>;
  /** Groups found that hold two or more true ones; true ones that are in two or more. */
  readonly merged: number;
  readonly split: number;
  /** What was missed or made up, one line each, for people. */
  readonly notes: readonly string[];
}

export const TOP = 3;

export function scoreOutcome(truth: Truth, { found, groups }: Outcome): Score {
  const flagged = new Set(found.filter(({ kind }) => kind === 'infected-host').map(({ subject }) => subject));
  const infected = truth.hosts.filter(({ isInfected }) => isInfected);
  const infectedAddresses = new Set(infected.flatMap(textsOf));
  const honest = truth.hosts.filter(({ isInfected }) => !isInfected);
  const isFlagged = (host: TruthHost) => textsOf(host).some((text) => flagged.has(text));
  // An address that an infected host had before is not held against who has it now.
  const isWronged = (host: TruthHost) =>
    textsOf(host).some((text) => flagged.has(text) && !infectedAddresses.has(text));
  const known = new Set(truth.hosts.flatMap(textsOf));
  const strangers = [...flagged].filter((text) => !known.has(text));
  const hits = infected.filter(isFlagged).length;
  const wronged = honest.filter(isWronged);
  const contests = truth.groups.filter(({ masters }) => masters.addresses.length + masters.names.length > 0);
  const missedGroups = contests.filter((group) => !isMasterFound(truth, group, groups));
  return {
    precision: { hits, of: hits + wronged.length + strangers.length },
    recall: { hits, of: infected.length },
    c2Top3: { hits: contests.length - missedGroups.length, of: contests.length },
    foreignResolverFalseFindings: falseFindings(honest, found).length,
    bots: byKind(infected, isFlagged),
    falseBots: byKind(honest, isWronged),
    ...mergesAndSplits(truth, groups),
    notes: [
      ...infected
        .filter((host) => !isFlagged(host))
        .map((host) => `missed: ${textsOf(host)[0]} (${host.kind}, ${host.group ?? 'no group'})`),
      ...wronged.map((host) => `wronged: ${textsOf(host)[0]} (${host.kind}): ${whyOf(host, found)}`),
      ...strangers.map((text) => `wronged: ${text} (not listed)`),
      ...missedGroups.map(({ id }) => `C&C of ${id} is not among the first ${TOP}: ${bestText(truth, id, groups)}`),
      ...falseFindings(honest, found),
    ],
  };
}

function textsOf({ addresses }: TruthHost): readonly string[] {
  return addresses.map(formatAddress);
}

function whyOf(host: TruthHost, found: Outcome['found']): string {
  const one = found.find(({ kind, subject }) => kind === 'infected-host' && textsOf(host).includes(subject));
  return one?.reasons.map(({ kind, weight }) => `${kind} ${weight.toFixed(2)}`).join(', ') ?? '';
}

/** Findings against users who set a resolver by hand, other than that they did. */
function falseFindings(honest: readonly TruthHost[], found: Outcome['found']): readonly string[] {
  const users = new Set(honest.filter(({ kind }) => isForeignResolverKind(kind)).flatMap(textsOf));
  return found.flatMap(({ kind, subject, hosts }) => {
    if (kind === 'foreign-resolver') return [];
    if (users.has(subject)) return [`${kind} against ${subject}, who set a resolver by hand`];
    const members = kind === 'bot-group' ? hosts.filter((host) => users.has(host)) : [];
    return members.map((host) => `${kind} ${subject} holds ${host}, who set a resolver by hand`);
  });
}

function byKind(hosts: readonly TruthHost[], isHit: (host: TruthHost) => boolean): ReadonlyMap<string, Share> {
  const shares = new Map<string, Share>();
  for (const host of hosts) {
    const { hits, of } = shares.get(host.kind) ?? { hits: 0, of: 0 };
    shares.set(host.kind, { hits: hits + (isHit(host) ? 1 : 0), of: of + 1 });
  }
  return shares;
}

function addressesOf(truth: Truth, id: string): ReadonlySet<Address> {
  return new Set(truth.hosts.filter(({ group }) => group === id).flatMap(({ addresses }) => addresses));
}

/** The group that holds most hosts of a true one; of several the latest. */
function bestGroup(truth: Truth, id: string, groups: readonly BotGroup[]): BotGroup | undefined {
  const members = addressesOf(truth, id);
  let best: BotGroup | undefined;
  let most = 1;
  for (const group of groups) {
    const count = group.hosts.filter(({ host }) => members.has(host)).length;
    if (count < most) continue;
    best = group;
    most = count;
  }
  return best;
}

function isMasterFound(truth: Truth, { id, masters }: TruthGroup, groups: readonly BotGroup[]): boolean {
  const candidates = bestGroup(truth, id, groups)?.candidates.slice(0, TOP) ?? [];
  return candidates.some(
    ({ address, name }) =>
      (address !== undefined && masters.addresses.includes(address)) ||
      (name !== undefined && masters.names.some((master) => isAtOrBelow(name, master))),
  );
}

function bestText(truth: Truth, id: string, groups: readonly BotGroup[]): string {
  const best = bestGroup(truth, id, groups);
  if (best === undefined) return 'no group holds its hosts';
  const first = best.candidates
    .slice(0, TOP)
    .map(({ address, name }) => (address === undefined ? name : formatAddress(address)));
  return `${best.id} of ${best.hosts.length} hosts has ${first.length === 0 ? 'no candidates' : first.join(', ')}`;
}

function mergesAndSplits(
  truth: Truth,
  groups: readonly BotGroup[],
): { readonly merged: number; readonly split: number } {
  const trueGroupOf = new Map(
    truth.hosts.flatMap(({ addresses, group }) => addresses.map((one) => [one, group] as const)),
  );
  const within = (group: BotGroup) => new Set(group.hosts.flatMap(({ host }) => trueGroupOf.get(host) ?? []));
  const current = groups.filter(({ changes }) => !changes.some(({ what }) => what === 'ended' || what === 'merged'));
  const merged = current.filter((group) => within(group).size > 1).length;
  const split = truth.groups.filter(({ id }) => current.filter((group) => within(group).has(id)).length > 1).length;
  return { merged, split };
}

export function addScores(scores: readonly Score[]): Score {
  const add = (share: (score: Score) => Share): Share => ({
    hits: scores.reduce((sum, score) => sum + share(score).hits, 0),
    of: scores.reduce((sum, score) => sum + share(score).of, 0),
  });
  const addKinds = (kinds: (score: Score) => ReadonlyMap<string, Share>) => {
    const names = new Set(scores.flatMap((score) => [...kinds(score).keys()]));
    return new Map(
      [...names].sort().map((name) => [name, add((score) => kinds(score).get(name) ?? { hits: 0, of: 0 })]),
    );
  };
  const sum = (count: (score: Score) => number) => scores.reduce((total, score) => total + count(score), 0);
  return {
    precision: add(({ precision }) => precision),
    recall: add(({ recall }) => recall),
    c2Top3: add(({ c2Top3 }) => c2Top3),
    foreignResolverFalseFindings: sum(({ foreignResolverFalseFindings }) => foreignResolverFalseFindings),
    bots: addKinds(({ bots }) => bots),
    falseBots: addKinds(({ falseBots }) => falseBots),
    merged: sum(({ merged }) => merged),
    split: sum(({ split }) => split),
    notes: scores.flatMap(({ notes }) => notes),
  };
}

/** 1 where there is nothing to miss. */
export function shareOf({ hits, of }: Share): number {
  return of === 0 ? 1 : hits / of;
}
