import type { Address } from '../../core/address.ts';
import { canonicalName, isAtOrBelow, type Name, parentName, ROOT } from '../../dns/name.ts';
import { isPublicSuffix } from '../../dns/public-suffix.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';

const ARPA = '\x04arpa\0' as Name;
const MAX_ANSWERS_KEPT = 64;

/** A name, or a registrable domain with all names below it, that was asked for in some episodes. */
export interface Candidate {
  readonly name: Name;
  /** The registrable domain of `name`; the same where the candidate is one. */
  readonly domain: Name;
  readonly isDomain: boolean;
  /** The names that were asked for: 1, or more of a domain. */
  readonly names: number;
  /** By the index of the episode: how long before its end the name was asked for last. */
  readonly sightings: ReadonlyMap<number, number>;
  readonly answers: ReadonlySet<Address>;
  /** True: it was never seen to have an address, and responses said that it has none. */
  readonly isFailed: boolean;
}

interface Growing {
  readonly sightings: Map<number, number>;
  readonly answers: Set<Address>;
  hasFailed: boolean;
  hasWorked: boolean;
}

/** Gathers the names of episodes: so many at most that are new in each. Further ones are left out. */
export class CandidateNames {
  readonly #maxOfEpisode: number;
  readonly #begun = new Map<number, number>();
  readonly #victims: readonly Name[];
  readonly #names = new Map<Name, Growing>();
  /** The domain of each name, and all of them. */
  readonly #domainOf = new Map<Name, Name>();
  readonly #domains = new Set<Name>();

  /** Names at or below the registrable domains of `victims` are none. */
  constructor(victims: readonly Name[], maxOfEpisode: number) {
    this.#maxOfEpisode = maxOfEpisode;
    this.#victims = victims.map((name) => registrableDomain(canonicalName(name)) ?? canonicalName(name));
  }

  add(entry: LogEntry, episode: number, beforeMs: number): void {
    const name = canonicalName(entry.name);
    const growing = this.#names.get(name) ?? this.#begin(name, episode);
    if (growing === undefined) return;
    growing.sightings.set(episode, Math.min(beforeMs, growing.sightings.get(episode) ?? Number.POSITIVE_INFINITY));
    if (entry.answers.length > 0) growing.hasWorked = true;
    else if (entry.responseCode !== undefined && entry.responseCode !== 0) growing.hasFailed = true;
    for (const answer of entry.answers) if (growing.answers.size < MAX_ANSWERS_KEPT) growing.answers.add(answer);
  }

  has(name: Name): boolean {
    return this.#names.has(name);
  }

  /** The domain that a name, not itself a candidate perhaps, shares with a candidate. */
  sharedDomain(name: Name): Name | undefined {
    for (let at = name; at !== ROOT; at = parentName(at)) if (this.#domains.has(at)) return at;
    return undefined;
  }

  /** Each name, and each registrable domain of which there are several. */
  candidates(): Candidate[] {
    const byDomain = new Map<Name, [Name, Growing][]>();
    for (const [name, growing] of this.#names) {
      const domain = this.#domainOf.get(name)!;
      const members = byDomain.get(domain);
      if (members === undefined) byDomain.set(domain, [[name, growing]]);
      else members.push([name, growing]);
    }
    return [...byDomain].flatMap(([domain, members]) => [
      ...members.map((member) => candidateOf(member[0], domain, [member])),
      ...(members.length > 1 ? [candidateOf(domain, domain, members)] : []),
    ]);
  }

  #begin(name: Name, episode: number): Growing | undefined {
    const begun = this.#begun.get(episode) ?? 0;
    const domain = begun < this.#maxOfEpisode ? this.#domainFor(name) : undefined;
    if (domain === undefined) return undefined;
    this.#begun.set(episode, begun + 1);
    const growing = { sightings: new Map(), answers: new Set<Address>(), hasFailed: false, hasWorked: false };
    this.#names.set(name, growing);
    this.#domainOf.set(name, domain);
    this.#domains.add(domain);
    return growing;
  }

  /** Undefined for reverse names, names of victims and public suffixes. */
  #domainFor(name: Name): Name | undefined {
    const isOut = isAtOrBelow(name, ARPA) || this.#victims.some((victim) => isAtOrBelow(name, victim));
    return isOut ? undefined : registrableDomain(name);
  }
}

/** The name one label below the public suffix of a canonical name; undefined: it is a public suffix itself. */
function registrableDomain(name: Name): Name | undefined {
  let domain: Name | undefined;
  for (let at = name; at !== ROOT; at = parentName(at)) {
    if (isPublicSuffix(at)) return domain;
    domain = at;
  }
  return domain;
}

function candidateOf(name: Name, domain: Name, members: readonly (readonly [Name, Growing])[]): Candidate {
  const sightings = new Map<number, number>();
  for (const [, growing] of members) {
    for (const [episode, beforeMs] of growing.sightings) {
      sightings.set(episode, Math.min(beforeMs, sightings.get(episode) ?? Number.POSITIVE_INFINITY));
    }
  }
  const answers = new Set(members.flatMap(([, growing]) => [...growing.answers]).slice(0, MAX_ANSWERS_KEPT));
  const hasWorked = members.some(([, growing]) => growing.hasWorked);
  const isFailed = !hasWorked && members.some(([, growing]) => growing.hasFailed);
  return { name, domain, isDomain: members.length > 1, names: members.length, sightings, answers, isFailed };
}
