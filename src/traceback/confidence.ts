/**
 * How far a host that asked for the name of a victim is believed to be the bot (decision 16): pure functions of what the log
 * of a source says. A confidence is a probability, and may be taken at its word as far as the assumptions hold that the
 * decision names.
 */
import type { Address } from '../core/address.ts';
import type { ModelOptions } from './node-options.ts';
import { type AskedCase, isSamePath, type WindowFacts, type WindowHost } from './window-facts.ts';

/** Of a log that covers less time before the window it is not known how many clients there are: they are taken for so many at least. */
export const KNOWN_AFTER_MS = 3_600_000;
const UNKNOWN_CLIENTS = 256;

/** What one case of another path makes believed of a host is at most so many times what is believed of anybody, and at most so much. */
const MAX_HEARSAY = 8;
const MAX_HEARSAY_SHARE = 0.5;

/** The confidence in one host of a window. */
export interface HostConfidence {
  readonly host: WindowHost;
  /** ρ: how likely the host is in such a window by chance; above 0. */
  readonly chance: number;
  /** From 0 to 1; those of a window and of nobody make 1. */
  readonly confidence: number;
}

/** What is believed of one case: how likely each client is its bot, in its window or not. */
type Belief = (address: Address) => number;

/** What one window says: how many times likelier each of its hosts is in it as the bot than by chance. */
type Evidence = ReadonlyMap<Address, number>;

/**
 * The confidence in each host of the window, in their order. `others` are other cases of the same source: a host that is likely to
 * be the bot of one is more likely to be the bot of this one, too, as far as those who asked are believed.
 */
export function hostConfidences(
  asked: AskedCase,
  others: readonly AskedCase[],
  model: ModelOptions,
): readonly HostConfidence[] {
  const { facts } = asked;
  const clients = clientCount([asked, ...others].map((one) => one.facts));
  const chances = chancesOf(facts);
  const belief = believe(asked, others, clients, model);
  return facts.hosts.map((host, index) => ({ host, chance: chances[index]!, confidence: belief(host.address) }));
}

/**
 * ρ of each host of a window, in their order. Of a host that asked before: the share of windows in which it did. Of one that
 * never did: how many such hosts there are in a window, of all that never asked. That is as many as there are hosts that were in
 * one window only, by the windows (Good and Turing). To those counted come the new hosts of this window but one, who may be
 * the bot, and half a host (the estimate of a Poisson rate after Jeffreys): so a name that was never asked for makes nobody certain.
 */
export function chancesOf(facts: WindowFacts): readonly number[] {
  const { hosts, slots, askers, askedOnce } = facts;
  const newHosts = hosts.filter((host) => host.slots === 0).length;
  const newInWindow = (askedOnce + Math.max(newHosts - 1, 0) + 0.5) / (slots + 1);
  const ofNew = newInWindow / Math.max(clientsOf(facts) - askers, newHosts, 1);
  return hosts.map((host) => Math.min(1, Math.max(ofNew, slots > 0 ? host.slots / slots : 0)));
}

/** How many times likelier a host is in a window as the bot, which asks by itself with `queryRate` or by chance, than by chance alone. */
export function likelihoodRatio(chance: number, queryRate: number): number {
  return queryRate / chance + (1 - queryRate);
}

/**
 * A case has the bot of another one with a chance that `sameBot` gives, and any client else. Cases that were asked about by the same
 * path are taken as they are: how likely a host is the bot of one is in turn made of its window and, once, of the windows of the
 * rest. Whoever sent others may have made their windows up, with a name that only the host asks for that is to be suspected: all
 * cases of one peer are one case, and are believed as far as somebody else's say the same.
 */
function believe(
  { path, facts }: AskedCase,
  others: readonly AskedCase[],
  clients: number,
  model: ModelOptions,
): Belief {
  const anybody: Belief = () => 1 / clients;
  const judged = others.map((one) => {
    const evidence = evidenceOf(one.facts, model);
    return { ...one, evidence, alone: judge(evidence, anybody, model) };
  });
  const ofSamePath = judged.filter((one) => isSamePath(one.path, path));
  const ofOthers = judged.filter((one) => !isSamePath(one.path, path));
  const allAlone = sumOf(
    ofSamePath.map(({ alone }) => alone),
    ofSamePath.map(({ evidence }) => evidence),
  );
  const together = ofSamePath.map(({ evidence, alone }) => {
    const ofRest: Belief = (address) => Math.max(0, allAlone(address) - alone(address));
    return judge(evidence, lean(anybody, ofRest, ofSamePath.length - 1, model), model);
  });
  const heard = ofOthers.map((one): Belief => {
    const casesOfPeer = ofOthers.filter((other) => other.path.at(-1) === one.path.at(-1)).length;
    const belief = hearsay(one, judged, clients);
    return (address) => belief(address) / casesOfPeer;
  });
  const peers = new Set(ofOthers.map((one) => one.path.at(-1)));
  const believed = sumOf(
    [...together, ...heard],
    judged.map(({ evidence }) => evidence),
  );
  return judge(evidenceOf(facts, model), lean(anybody, believed, together.length + peers.size, model), model);
}

/** A case with what its window alone says. */
interface JudgedCase extends AskedCase {
  readonly evidence: Evidence;
  readonly alone: Belief;
}

/**
 * What a case of another path makes believed: of no host more than MAX_HEARSAY times what is believed of anybody, or than another case
 * says that none of those has asked about who asked about this one. What is left is of all clients alike.
 */
function hearsay({ path, evidence, alone }: JudgedCase, all: readonly JudgedCase[], clients: number): Belief {
  const witnesses = all.filter((one) => isIndependent(one.path, path));
  const unheard = Math.min(MAX_HEARSAY / clients, MAX_HEARSAY_SHARE);
  const believed = new Map<Address, number>();
  let left = 0;
  for (const address of evidence.keys()) {
    const most = witnesses.reduce((most, one) => Math.max(most, one.alone(address)), unheard);
    believed.set(address, Math.min(alone(address), most));
    left += Math.max(0, alone(address) - most);
  }
  return (address) => (believed.get(address) ?? alone(address)) + left / clients;
}

/** Without a node in common: a node can make up what is before it on a path, but is on it itself. */
function isIndependent(one: readonly string[], other: readonly string[]): boolean {
  return !one.some((node) => other.includes(node));
}

function evidenceOf(facts: WindowFacts, { queryRate }: ModelOptions): Evidence {
  const chances = chancesOf(facts);
  return new Map(facts.hosts.map(({ address }, index) => [address, likelihoodRatio(chances[index]!, queryRate)]));
}

/** Bayes: what was believed before, weighed by what the window says. Who is not in it has not asked as bot. */
function judge(evidence: Evidence, prior: Belief, { queryRate }: ModelOptions): Belief {
  let inWindow = 0;
  let weight = 0;
  for (const [address, ratio] of evidence) {
    const before = prior(address);
    inWindow += before;
    weight += before * ratio;
  }
  const all = weight + Math.max(0, 1 - inWindow) * (1 - queryRate);
  return (address) => (all === 0 ? 0 : (prior(address) * (evidence.get(address) ?? 1 - queryRate)) / all);
}

/** What is believed before the window is looked at, where `count` other cases are known: `ofOthers` is the sum of what is believed of them. */
function lean(anybody: Belief, ofOthers: Belief, count: number, { sameBot }: ModelOptions): Belief {
  if (count === 0) return anybody;
  const all = 1 - sameBot + sameBot * count;
  return (address) => ((1 - sameBot) * anybody(address) + sameBot * ofOthers(address)) / all;
}

/** The sum of beliefs, reckoned once for each host of a window, and once for all clients that are in none. */
function sumOf(beliefs: readonly Belief[], windows: readonly Evidence[]): Belief {
  const inWindow = new Set(windows.flatMap((window) => [...window.keys()]));
  const sums = new Map<Address | undefined, number>();
  return (address) => {
    const key = inWindow.has(address) ? address : undefined;
    const known = sums.get(key);
    if (known !== undefined) return known;
    const sum = beliefs.reduce((all, belief) => all + belief(address), 0);
    sums.set(key, sum);
    return sum;
  };
}

/** Clients of the source, as the log of the largest case knows; at least all that are seen in a window. */
function clientCount(all: readonly WindowFacts[]): number {
  const seen = new Set(all.flatMap(({ hosts }) => hosts.map(({ address }) => address)));
  return Math.max(1, seen.size, ...all.map(clientsOf));
}

function clientsOf({ clients, coveredMs }: WindowFacts): number {
  return coveredMs < KNOWN_AFTER_MS ? Math.max(clients, UNKNOWN_CLIENTS) : clients;
}
