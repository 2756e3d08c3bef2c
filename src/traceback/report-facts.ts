import { formatAddress } from '../core/address.ts';
import { chancesOf, type HostConfidence, hostConfidences } from './confidence.ts';
import { MAX_HOSTS, MAX_NAMES, type ReportedHost, type SourceReport } from './messages.ts';
import type { HostNames, NodeOptions } from './node-options.ts';
import type { AskedCase, WindowFacts } from './window-facts.ts';

const MAX_EXPECTED = 1e9;
const MAX_COUNT = 1e9;
const MAX_HOST_NAME_CHARACTERS = 255;

/**
 * What a source answers: the hosts of the window that are named, the most likely first. The others are counted. `others` are
 * other cases of this source (WindowMemory).
 */
export function reportFacts(
  asked: AskedCase,
  others: readonly AskedCase[],
  options: Pick<NodeOptions, 'namedHosts' | 'minConfidence' | 'model'>,
  names: HostNames,
): Omit<SourceReport, 'path'> {
  const { facts } = asked;
  const candidates = hostConfidences(asked, others, options.model).toSorted(byConfidence);
  const named = candidates
    .filter(({ confidence }) => confidence >= options.minConfidence)
    .slice(0, Math.min(options.namedHosts, MAX_HOSTS));
  const otherChances = others.map((other) => chancesByAddress(other.facts));
  return {
    expected: Math.min(facts.expected, MAX_EXPECTED),
    clients: Math.min(facts.clients, MAX_COUNT),
    coveredMs: Math.round(facts.coveredMs),
    otherCases: others.length,
    hosts: named.map((candidate) => reportHost(candidate, otherChances, names)),
    withheld: facts.hosts.length - named.length,
  };
}

function byConfidence(one: HostConfidence, other: HostConfidence): number {
  return other.confidence - one.confidence || one.host.firstAtMs - other.host.firstAtMs;
}

function chancesByAddress(facts: WindowFacts): ReadonlyMap<WindowFacts['hosts'][number]['address'], number> {
  const chances = chancesOf(facts);
  return new Map(facts.hosts.map(({ address }, index) => [address, chances[index]!]));
}

function reportHost(
  { host, chance, confidence }: HostConfidence,
  otherChances: readonly ReturnType<typeof chancesByAddress>[],
  names: HostNames,
): ReportedHost {
  const name = names(host.address)?.slice(0, MAX_HOST_NAME_CHARACTERS);
  const cases = otherChances.flatMap((chances) => chances.get(host.address) ?? []).map(roughly);
  return {
    address: formatAddress(host.address),
    ...(name === undefined ? {} : { name }),
    firstAt: new Date(host.firstAtMs).toISOString(),
    lastAt: new Date(host.lastAtMs).toISOString(),
    queries: Math.min(host.queries, MAX_COUNT),
    chance,
    cases: cases.toSorted((one, other) => one - other).slice(0, MAX_NAMES),
    confidence,
  };
}

/** With one digit that counts, and in no order of time: numbers of other cases are not to tell which they are. */
function roughly(chance: number): number {
  return Number(chance.toPrecision(1));
}
