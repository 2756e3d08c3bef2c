import { networkContains, parseAddress, parseNetwork } from '../core/address.ts';
import { KNOWN_AFTER_MS, likelihoodRatio } from './confidence.ts';
import { MAX_NAMES, type ReportedHost, type SourceReport } from './messages.ts';
import type { ModelOptions } from './node-options.ts';

/** A host that sources have named, with what all of them together say of it. Times are ISO 8601. */
export interface RankedHost {
  readonly address: string;
  readonly name?: string;
  /** From 0 to 1; those of a case, of hosts that are not named and of nobody make 1. */
  readonly confidence: number;
  /** The ways by which it was reported, the most telling first; the last node of each is its source. */
  readonly paths: readonly (readonly string[])[];
  /** Hosts expected in such a window by chance, and how likely this one is in it by chance: of the first source. */
  readonly expected: number;
  readonly chance: number;
  /** In all sources. */
  readonly queries: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly cases: ReportedHost['cases'];
  /** What speaks for it and against it, in words for people. */
  readonly reasons: readonly string[];
}

/** One host as one source reports it, and its weight: how likely it is the bot, against a source that knows nothing. */
interface Sighting {
  readonly report: SourceReport;
  readonly host: ReportedHost;
  readonly weight: number;
}

/** What one source says: the weights of its hosts, and of all that it does not name. */
interface JudgedReport {
  readonly report: SourceReport;
  readonly sightings: readonly Sighting[];
  readonly rest: number;
}

/**
 * What one peer says, of itself and of all sources behind it, weighs at most so many times what a source weighs that says nothing: it
 * may be wrong, or lie, and make up sources.
 */
const MAX_PEER_WEIGHT = 100;
/** As MAX_PEER_WEIGHT, of how unusual a host is that others name as well. */
const LEAST_CHANCE = 0.01;

/** Names of sources or cases in a reason. */
const SHOWN_NAMES = 3;

/** Addresses that many networks have: the same one in two sources is not the same host (RFC 1918, 3927, 4193, 4291, 6598). */
const LOCAL_NETWORKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::/127',
  'fc00::/7',
  'fe80::/10',
].map((text) => parseNetwork(text)!);

/**
 * The hosts of all reports, the most likely first. The bot is behind one source, each as likely as the next; `silentSources` are
 * those that have not answered, and may be it as well. Numbers of peers are not relied on: none makes more than 1.
 */
export function rankHosts(
  reports: readonly SourceReport[],
  model: ModelOptions,
  silentSources = 0,
): readonly RankedHost[] {
  const judged = withinShares(
    withWitnesses(
      distinctSources(reports).map((report) => judgeReport(report, model)),
      model,
    ),
  );
  const hosts = groupByHost(judged.flatMap(({ sightings }) => sightings)).map((sightings) => ({
    sightings: sightings.toSorted((one, other) => other.weight - one.weight),
    weight: sightings.reduce((sum, { weight }) => sum + weight, 0),
  }));
  const unnamed = judged.reduce((sum, { rest }) => sum + rest, 0) + silentSources;
  const all = hosts.reduce((sum, { weight }) => sum + weight, unnamed);
  return hosts
    .map(({ sightings, weight }) => rankedHost(sightings, all === 0 ? 0 : weight / all))
    .toSorted((one, other) => other.confidence - one.confidence || one.firstAt.localeCompare(other.firstAt));
}

/** Who gave us the report: the node behind our own. What else is on the way is its word. */
function peerOf({ path }: SourceReport): string {
  return path[1] ?? path[0]!;
}

/**
 * A source's own word where it gave it to us itself, and else one report of it from each peer, the one that came the shortest way: who
 * speaks in its name cannot silence it.
 */
function distinctSources(reports: readonly SourceReport[]): readonly SourceReport[] {
  const own = new Set(reports.filter((report) => peerOf(report) === report.path.at(-1)).map(peerOf));
  const distinct = new Map<string, SourceReport>();
  for (const report of reports) {
    const source = report.path.at(-1)!;
    const peer = peerOf(report);
    if (peer !== source && own.has(source)) continue;
    const key = `${peer} ${source}`;
    const known = distinct.get(key);
    if (known === undefined || report.path.length < known.path.length) distinct.set(key, report);
  }
  return [...distinct.values()];
}

function judgeReport(report: SourceReport, { queryRate }: ModelOptions): JudgedReport {
  const hosts = distinctHosts(report.hosts);
  const named = hosts.reduce((sum, host) => sum + probability(host.confidence), 0);
  const scale = named > 1 ? 1 / named : 1;
  const least = hosts.reduce((least, host) => Math.min(least, probability(host.confidence)), 1);
  const nobody = Math.max(0, 1 - named * scale - withheldConfidence(report, least, queryRate));
  // Nobody weighs 1 − π: what the confidences were made of is that many times more.
  const weight = Math.min(Math.max(1 - queryRate, 1 / MAX_PEER_WEIGHT) / nobody, MAX_PEER_WEIGHT);
  const sightings = hosts.map((host) => ({ report, host, weight: weight * scale * probability(host.confidence) }));
  return { report, sightings, rest: weight * Math.max(0, 1 - named * scale) };
}

/** A bot that asked by one source has asked by each other one, too, with `sameBot`; and by chance otherwise. */
function withWitnesses(judged: readonly JudgedReport[], model: ModelOptions): readonly JudgedReport[] {
  const groups = groupByHost(judged.flatMap(({ sightings }) => sightings));
  const groupOf = new Map(groups.flatMap((group) => group.map((sighting) => [sighting, group])));
  return judged.map((one) => ({
    ...one,
    sightings: one.sightings.map((sighting) => ({
      ...sighting,
      weight: Math.min(sighting.weight * witnessFactor(sighting, groupOf.get(sighting)!, model), MAX_PEER_WEIGHT),
    })),
  }));
}

/** What other sources say of a host that the sighting speaks of: one factor for each peer, for its sources are its word. */
function witnessFactor(sighting: Sighting, group: readonly Sighting[], { queryRate, sameBot }: ModelOptions): number {
  const factors = new Map<string, number>();
  for (const { host, report } of group) {
    if (peerOf(report) === peerOf(sighting.report) || report.path.at(-1) === sighting.report.path.at(-1)) continue;
    const ratio = likelihoodRatio(Math.max(probability(host.chance), LEAST_CHANCE), queryRate);
    const factor = sameBot * ratio + 1 - sameBot;
    factors.set(peerOf(report), Math.max(factor, factors.get(peerOf(report)) ?? 0));
  }
  return [...factors.values()].reduce((all, factor) => all * factor, 1);
}

/** No peer with more than MAX_PEER_WEIGHT in all. */
function withinShares(judged: readonly JudgedReport[]): readonly JudgedReport[] {
  const totals = new Map<string, number>();
  for (const { report, sightings, rest } of judged) {
    const total = sightings.reduce((sum, { weight }) => sum + weight, rest);
    totals.set(peerOf(report), (totals.get(peerOf(report)) ?? 0) + total);
  }
  return judged.map(({ report, sightings, rest }) => {
    const scale = Math.min(1, MAX_PEER_WEIGHT / totals.get(peerOf(report))!);
    return {
      report,
      sightings: sightings.map((sighting) => ({ ...sighting, weight: sighting.weight * scale })),
      rest: rest * scale,
    };
  });
}

function distinctHosts(hosts: readonly ReportedHost[]): readonly ReportedHost[] {
  return [...new Map(hosts.map((host) => [parseAddress(host.address), host])).values()];
}

function probability(value: number): number {
  return value > 0 ? Math.min(value, 1) : 0;
}

/** What hosts have together that are not named: each has no more than the least that is, and no more than if all were alike. */
function withheldConfidence({ hosts, withheld, expected }: SourceReport, least: number, queryRate: number): number {
  if (!(withheld > 0)) return 0;
  const alike = queryRate / (queryRate * (hosts.length + withheld) + (1 - queryRate) * Math.max(expected, 0));
  return withheld * Math.min(least, probability(alike));
}

function groupByHost(sightings: readonly Sighting[]): readonly (readonly Sighting[])[] {
  const groups = new Map<unknown, Sighting[]>();
  for (const sighting of sightings) {
    const address = parseAddress(sighting.host.address)!;
    const isLocal = LOCAL_NETWORKS.some((network) => networkContains(network, address));
    const key = isLocal ? sighting : address;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sighting]);
    else group.push(sighting);
  }
  return [...groups.values()];
}

function rankedHost(sightings: readonly Sighting[], confidence: number): RankedHost {
  const { host, report } = sightings[0]!;
  const hosts = sightings.map((sighting) => sighting.host);
  const cases = hosts.flatMap((one) => one.cases).slice(0, MAX_NAMES);
  return {
    address: host.address,
    ...(host.name === undefined ? {} : { name: host.name }),
    confidence,
    paths: sightings.map((sighting) => sighting.report.path),
    expected: report.expected,
    chance: host.chance,
    queries: hosts.reduce((sum, one) => sum + one.queries, 0),
    firstAt: hosts.map((one) => one.firstAt).toSorted()[0]!,
    lastAt: hosts
      .map((one) => one.lastAt)
      .toSorted()
      .at(-1)!,
    cases,
    reasons: reasonsFor(sightings),
  };
}

function reasonsFor(sightings: readonly Sighting[]): readonly string[] {
  const { host, report } = sightings[0]!;
  const reasons = [windowReason(report), `by chance this host asks in ${share(host.chance)}`];
  if (peerOf(report) !== report.path.at(-1)) reasons.push(`by the word of ${peerOf(report)}`);
  if (report.coveredMs < KNOWN_AFTER_MS) reasons.push(youngLogReason(report.coveredMs));
  if (report.otherCases > 0) reasons.push(caseReason(host.cases, report.otherCases));
  if (sightings.length > 1) {
    const sources = sightings.map((sighting) => sighting.report.path.at(-1)!).toSorted();
    reasons.push(`named by ${sources.length} sources: ${list(sources)}`);
  }
  return reasons;
}

function windowReason({ hosts, withheld, expected }: SourceReport): string {
  const present = hosts.length + withheld;
  const number = amount(expected);
  const who = present === 1 ? 'the only host' : `one of ${present.toLocaleString('en')} hosts`;
  return `${who} that asked for the name in the window; ${number} ${number === '1' ? 'is' : 'are'} expected by chance`;
}

function youngLogReason(coveredMs: number): string {
  const minutes = Math.floor(coveredMs / 60_000);
  const past = minutes === 0 ? 'nothing' : `${minutes} min`;
  return `the log of its source has ${past} before the window: what is usual is not known`;
}

function caseReason(cases: ReportedHost['cases'], otherCases: number): string {
  const all = `${otherCases.toLocaleString('en')} other case${otherCases === 1 ? '' : 's'}`;
  if (cases.length === 0) return `in the ${all} of its source it did not ask`;
  return `also asked in ${cases.length} of ${all}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).join(', ');
  return names.length > SHOWN_NAMES ? `${shown} and ${names.length - SHOWN_NAMES} more` : shown;
}

/** With two digits that count. */
function amount(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en', { maximumSignificantDigits: 2 });
}

function share(chance: number): string {
  if (chance >= 0.1) return `${Math.round(Math.min(chance, 1) * 100)} % of such windows`;
  const windows = 1 / chance;
  return windows < 1e15 ? `one of ${amount(windows)} such windows` : 'next to no such window';
}
