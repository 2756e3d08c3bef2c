import { randomInt } from 'node:crypto';
import type { Address } from '../core/address.ts';
import { AnswerMemory } from './answer-memory.ts';
import { Awaited } from './awaited.ts';
import type { CorrelationOptions, Site } from './correlation-options.ts';
import type { Detector, Evidence, EvidenceKind } from './detector.ts';
import { AnswerFlood } from './detectors/answer-flood.ts';
import { Beaconing } from './detectors/beaconing.ts';
import { BlockedQueries } from './detectors/blocked-queries.ts';
import { DirectQueries } from './detectors/direct-queries.ts';
import { ManyServers } from './detectors/many-servers.ts';
import { OddNames } from './detectors/odd-names.ts';
import { Scanning } from './detectors/scanning.ts';
import { SynFlood } from './detectors/syn-flood.ts';
import { SynsWithoutAnswer } from './detectors/syns-without-answer.ts';
import { UnresolvableNames } from './detectors/unresolvable-names.ts';
import { hashText } from './hashing.ts';
import type { AnswerSeen, HostEvent, QuerySeen } from './host-event.ts';
import { HostTable } from './host-table.ts';

/** From this score on a host is worth a look in a round: below infected ones stand users of foreign resolvers and members of groups. */
export const SUSPECT_SCORE = 0.08;
/** Hosts looked at before others may run. */
export const HOSTS_IN_ONE_GO = 200;
/**
 * Programs that call home regularly and that ask by names of noise are had by many for good reasons, and those who have the same ones
 * share what they call: up to these weights several such hosts make each other no more suspect. The most that beaconing by name
 * weighs, and that names of data and TXT do together.
 */
const HABITS: Partial<Record<EvidenceKind, number>> = { beaconing: 0.3, 'odd-names': 0.25 };
/** What users of one resolver that was set by hand do, and no more. */
export const FOREIGN_HABITS: readonly EvidenceKind[] = ['direct-queries', 'blocked-queries'];

type Kind = HostEvent['kind'];
/** `unasked`: of answers that nobody waits for. */
type Audience = Readonly<Record<Kind | 'unasked', readonly Detector[]>>;

/**
 * All that speaks against hosts: gives each its number, shows its events to the detectors, and adds up what they say. A mail server of
 * the site is spared the detectors of a mail server's honest habits, and a trusted resolver all but those of connections.
 */
export class EvidenceBook {
  readonly options: CorrelationOptions;
  readonly hosts: HostTable;
  readonly #answers: AnswerMemory;
  readonly #asked = new Awaited();
  readonly #seed: number;
  readonly #directQueries: DirectQueries;
  readonly #detectors: readonly Detector[];
  readonly #forAll: Audience;
  readonly #forMailServers: Audience;
  readonly #forResolvers: Audience;
  #mailServers: ReadonlySet<Address> = new Set();
  #resolvers: ReadonlySet<Address> = new Set();
  #unasked = 0;

  /** `seed`: 32 bits that nobody who sends can know. */
  constructor(options: CorrelationOptions, site: Site, onForget?: (host: number) => void, seed = randomInt(2 ** 32)) {
    const { halfLifeMs } = options;
    this.options = options;
    this.#seed = seed;
    this.configure(site);
    this.#answers = new AnswerMemory(seed);
    this.#directQueries = new DirectQueries(halfLifeMs, seed, this.#answers);
    const ofMailServers = [
      new BlockedQueries(halfLifeMs, seed),
      new SynsWithoutAnswer(halfLifeMs, seed, this.#answers),
      new Beaconing(halfLifeMs, seed, this.#answers),
      new SynFlood(halfLifeMs, seed),
      new AnswerFlood(halfLifeMs),
    ];
    const scanning = new Scanning(halfLifeMs, seed);
    const ofOthers = [
      this.#directQueries,
      new ManyServers(halfLifeMs, seed),
      new UnresolvableNames(halfLifeMs, seed),
      new OddNames(halfLifeMs, seed),
    ];
    const sought = (detectors: readonly Detector[]) =>
      detectors.filter(({ kind }) => options.unseen?.includes(kind) !== true);
    this.#detectors = sought([...ofMailServers, scanning, ...ofOthers]);
    this.#forAll = audienceOf(this.#detectors);
    this.#forMailServers = audienceOf(sought([...ofMailServers, scanning]));
    this.#forResolvers = audienceOf(sought([scanning]));
    this.hosts = new HostTable(options.hosts, (host) => {
      for (const detector of this.#detectors) detector.forget(host);
      this.#answers.forget(host);
      this.#asked.clear(host);
      onForget?.(host);
    });
  }

  /** Takes up other mail servers and resolvers. */
  configure({ mailServers, trustedResolvers }: Site): void {
    this.#mailServers = new Set(mailServers);
    this.#resolvers = new Set(trustedResolvers);
  }

  /** Answers that came to hosts that had not asked: they may come from anybody, and count for nothing but a flood of them. */
  get unasked(): number {
    return this.#unasked;
  }

  /**
   * Takes an event; returns the number of its host. Times may jump, also back. `isAsked`: of an answer, that whoever tells of it knows
   * that the host asked; else the query must have been seen.
   */
  observe(event: HostEvent, isAsked = false): number {
    const host = this.hosts.numberOf(event);
    const audience = this.#audienceOf(event.host);
    const isOwn = isAsked || event.kind !== 'answer' || this.#isAwaited(host, event);
    if (event.kind === 'query') this.#await(host, event);
    if (event.kind === 'answer' && isOwn) this.#answers.note(host, event);
    for (const detector of audience[isOwn ? event.kind : 'unasked']) detector.observe(host, event);
    return host;
  }

  /** What speaks against a host, the heaviest first. */
  evidence(host: number, nowMs: number): readonly Evidence[] {
    const found: Evidence[] = [];
    for (const detector of this.#detectors) {
      const evidence = detector.evidence(host, nowMs);
      if (evidence !== undefined) found.push(evidence);
    }
    return found.sort((a, b) => b.weight - a.weight);
  }

  /** 0 to 1: how sure all of it makes. */
  score(host: number, nowMs: number): number {
    let doubt = 1;
    for (const detector of this.#detectors) doubt *= 1 - detector.weight(host, nowMs);
    return 1 - doubt;
  }

  /** As `score`, without what honest people's programs do as well (HABITS): what makes a host bad company for others. */
  graveScore(host: number, nowMs: number): number {
    const isForeign = this.usesForeignResolver(host);
    let doubt = 1;
    for (const detector of this.#detectors) {
      const { kind } = detector;
      if (isForeign && FOREIGN_HABITS.includes(kind)) continue;
      const weight = detector.weight(host, nowMs);
      if (weight > (HABITS[kind] ?? 0)) doubt *= 1 - weight;
    }
    return 1 - doubt;
  }

  /** Hosts from a score on, the most suspect first; yields so often that others may run between. */
  *suspects(nowMs: number, minScore: number): Generator<void, readonly { host: number; score: number }[]> {
    const suspects: { host: number; score: number }[] = [];
    for (let host = 0; host < this.hosts.end; host++) {
      if (host % HOSTS_IN_ONE_GO === HOSTS_IN_ONE_GO - 1) yield;
      if (!this.hosts.isHeld(host)) continue;
      const score = this.score(host, nowMs);
      if (score >= minScore) suspects.push({ host, score });
    }
    return suspects.sort((a, b) => b.score - a.score);
  }

  /** The host uses a resolver outside, as one set by hand. */
  usesForeignResolver(host: number): boolean {
    return this.#directQueries.usesForeignResolver(host);
  }

  #await(host: number, query: QuerySeen): void {
    this.#asked.note(host, this.#questionOf(query), query.atMs);
  }

  #isAwaited(host: number, answer: AnswerSeen): boolean {
    if (this.#asked.settle(host, this.#questionOf(answer))) return true;
    if (this.#asked.isOverrun(host, answer.atMs)) return true;
    this.#unasked++;
    return false;
  }

  #questionOf({ name, type }: QuerySeen | AnswerSeen): number {
    return (hashText(name, this.#seed) ^ type) >>> 0;
  }

  #audienceOf(address: Address): Audience {
    if (this.#resolvers.size > 0 && this.#resolvers.has(address)) return this.#forResolvers;
    if (this.#mailServers.size > 0 && this.#mailServers.has(address)) return this.#forMailServers;
    return this.#forAll;
  }
}

function audienceOf(detectors: readonly Detector[]): Audience {
  const whoTakes = (kind: Kind) => detectors.filter(({ takes }) => takes.includes(kind));
  return {
    query: whoTakes('query'),
    answer: whoTakes('answer'),
    syn: whoTakes('syn'),
    'syn-ack': whoTakes('syn-ack'),
    verdict: whoTakes('verdict'),
    unasked: detectors.filter(({ kind }) => kind === 'answer-flood'),
  };
}
