import type { Address } from '../core/address.ts';
import { isAtOrBelow, type Name } from '../dns/name.ts';
import type { Found, Reason } from '../findings/finding.ts';
import type { BotGroup } from './bot-group.ts';
import type { CorrelationOptions, Site } from './correlation-options.ts';
import { EvidenceBook, HOSTS_IN_ONE_GO, SUSPECT_SCORE } from './evidence-book.ts';
import { GroupBook } from './groups/group-book.ts';
import { groupFindings, groupReasons } from './groups/group-findings.ts';
import { groupHosts } from './groups/group-hosts.ts';
import { PairTable } from './groups/pair-table.ts';
import type { HostEvent } from './host-event.ts';
import { hostFindings } from './host-findings.ts';
import type { HostSight } from './host-sight.ts';
import { combineWeights } from './weights.ts';

/** What a round came to. */
export interface CorrelationRound {
  readonly found: readonly Found[];
  readonly groups: readonly BotGroup[];
}

/** What can change while events come. */
export interface CorrelationSettings {
  readonly minScore: number;
  readonly site: Site;
  /** Zones of the site itself: who asks for names in them shares nothing by it. */
  readonly zones: readonly Name[];
}

/** Events of hosts in; what they say of hosts, and of groups of them, out. */
export class Correlator {
  readonly #options: { -readonly [K in keyof CorrelationOptions]: CorrelationOptions[K] };
  readonly #book: EvidenceBook;
  readonly #pairs: PairTable;
  readonly #groups = new GroupBook();
  #zones: readonly Name[];

  constructor(options: CorrelationOptions, site: Site, zones: readonly Name[] = []) {
    this.#options = { ...options };
    this.#zones = zones;
    this.#book = new EvidenceBook(this.#options, site, (host) => this.#pairs.forget(host));
    this.#pairs = new PairTable({ pairs: options.pairs, hosts: options.hosts }, site);
  }

  /**
   * Hosts, and pairs of a host and what it contacted, that are held; hosts, and such pairs, that went for want of room; contacts
   * that found none; answers that the host had not asked for.
   */
  get figures(): {
    readonly hosts: number;
    readonly pairs: number;
    readonly forgotten: number;
    readonly forgottenPairs: number;
    readonly leftOut: number;
    readonly unasked: number;
  } {
    const { hosts, unasked } = this.#book;
    const { pushedOut: forgottenPairs, ofFullHosts, withoutRoom } = this.#pairs.counts;
    const leftOut = ofFullHosts + withoutRoom;
    return { hosts: hosts.size, pairs: this.#pairs.size, forgotten: hosts.forgotten, forgottenPairs, leftOut, unasked };
  }

  get groups(): readonly BotGroup[] {
    return this.#groups.groups;
  }

  /** Groups that were known before, whose ids are to stay. */
  restore(groups: readonly BotGroup[]): void {
    this.#groups.restore(groups);
  }

  configure({ minScore, site, zones }: CorrelationSettings): void {
    this.#options.minScore = minScore;
    this.#zones = zones;
    this.#book.configure(site);
    this.#pairs.configure(site);
  }

  /** `isAsked`: as EvidenceBook.observe has it. */
  observe(event: HostEvent, isAsked = false): void {
    const { unasked } = this.#book;
    const host = this.#book.observe(event, isAsked);
    const isUnasked = this.#book.unasked > unasked;
    if (!isUnasked && !this.#isOfSite(event)) this.#pairs.observe(host, event);
  }

  /** Judges all hosts and groups them; yields so often that events may come between. */
  *round(nowMs: number): Generator<void, CorrelationRound> {
    const listed = yield* this.#book.suspects(nowMs, SUSPECT_SCORE);
    // Hosts may have gone while they were listed.
    const suspects = listed.filter(({ host }) => this.#book.hosts.isHeld(host));
    const fresh = yield* groupHosts(this.#pairs, yield* this.#graveOnes(suspects, nowMs), this.#book.hosts, nowMs);
    const groups = this.#groups.follow(fresh, nowMs);
    const reasons = groupReasons(groups, (address) => this.#suspicion(address, nowMs));
    const extra = new Map<number, readonly Reason[]>();
    for (const { host } of suspects) {
      const reason = this.#book.hosts.isHeld(host) ? reasons.get(this.#book.hosts.address(host)) : undefined;
      if (reason !== undefined) extra.set(host, [reason]);
    }
    const found = yield* hostFindings(this.#book, nowMs, suspects, extra);
    return { found: [...found, ...groupFindings(groups)], groups };
  }

  /** What is known of an address: one for each MAC address that had it, the one seen last first. */
  hostView(address: Address, nowMs: number): readonly HostSight[] {
    const { hosts } = this.#book;
    const group = this.groups.find((one) => one.hosts.some(({ host }) => host === address));
    const reason =
      group === undefined ? undefined : groupReasons([group], (one) => this.#suspicion(one, nowMs)).get(address);
    return hosts.numbersOf(address).map((host) => ({
      mac: hosts.mac(host),
      lastAtMs: hosts.lastAtMs(host),
      score: combineWeights([this.#book.score(host, nowMs), reason?.weight ?? 0]),
      evidence: this.#book.evidence(host, nowMs),
      group: group === undefined || reason === undefined ? undefined : { id: group.id, reason },
    }));
  }

  /** Those that are suspected for more than habits, which are no reason to look for others. */
  *#graveOnes(
    suspects: readonly { readonly host: number }[],
    nowMs: number,
  ): Generator<void, { host: number; score: number }[]> {
    const grave: { host: number; score: number }[] = [];
    for (const [index, { host }] of suspects.entries()) {
      if (index % HOSTS_IN_ONE_GO === HOSTS_IN_ONE_GO - 1) yield;
      const score = this.#book.hosts.isHeld(host) ? this.#book.graveScore(host, nowMs) : 0;
      if (score >= SUSPECT_SCORE) grave.push({ host, score });
    }
    return grave;
  }

  /** What of more than a habit speaks against whoever has or had an address, 0 to 1. */
  #suspicion(address: Address, nowMs: number): number {
    const scores = this.#book.hosts.numbersOf(address).map((host) => this.#book.graveScore(host, nowMs));
    return Math.max(0, ...scores);
  }

  #isOfSite(event: HostEvent): boolean {
    if (event.kind !== 'query' && event.kind !== 'answer') return false;
    for (const zone of this.#zones) if (isAtOrBelow(event.name, zone)) return true;
    return false;
  }
}
