import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { FLAG } from '../dns/observation-layout.ts';
import { ObservationReader } from '../dns/observation-reader.ts';
import { ClientQuota } from './client-quota.ts';
import type { LearnerCounter, LearnerOptions } from './learner-options.ts';
import type { NsHistory } from './ns-history.ts';
import { PendingQueries } from './pending-queries.ts';
import { mayTeach, ResponseLessons } from './response-lessons.ts';
import { CAP } from './rules/caps.ts';
import type { ExchangeFacts } from './rules/facts.ts';
import { CLIENT_RULES, RESPONSE_RULES } from './rules/list.ts';
import type { Rule } from './rules/rule.ts';
import { TeachingRules } from './teaching-rules.ts';

/**
 * Turns what a capture saw into the NS history: queries matched to responses, and rules (rules/list.ts) that say which of
 * them may teach. What a response teaches is ResponseLessons' to say.
 */
export class Learner {
  readonly counters = new Counters<LearnerCounter>();
  readonly #queries = this.counters.counter('queries');
  readonly #forRecursion = this.counters.counter('queries for recursion');
  readonly #matched = this.counters.counter('responses matched');
  readonly #unmatched = this.counters.counter('responses unmatched');
  readonly #history: NsHistory;
  readonly #options: LearnerOptions;
  readonly #pending: PendingQueries;
  readonly #quota: ClientQuota;
  readonly #lessons: ResponseLessons;
  readonly #reader = new ObservationReader();
  readonly #rules: TeachingRules;
  readonly #clientRules: readonly Rule<ExchangeFacts>[];
  readonly #responseRules: readonly Rule<ExchangeFacts>[];
  readonly #facts: ExchangeFacts;

  constructor(clock: TimeSource, history: NsHistory, options: LearnerOptions) {
    this.#history = history;
    this.#options = options;
    this.#pending = new PendingQueries(options.pending);
    this.#quota = new ClientQuota(clock, options.clientQuota);
    this.#rules = new TeachingRules(this.counters, options.rulesOff);
    this.#lessons = new ResponseLessons(clock, history, options, this.#rules, this.counters);
    this.#clientRules = this.#rules.on(CLIENT_RULES);
    this.#responseRules = this.#rules.on(RESPONSE_RULES);
    const flags = { isTrustedClient: false, isOwnLink: true, isMatched: false, isTruncated: false };
    this.#facts = { mode: options.teach, ...flags, rcode: 0, questionClass: 0 };
  }

  /**
   * Learns from a batch of observations (dns/observation-layout.ts), which stand in the order of their time. `shiftMs` leads
   * from their clock to that of the history; `onRecord` is told the time of each before it counts.
   */
  take(batch: Uint8Array, shiftMs = 0, onRecord?: (atMs: number) => void): void {
    const reader = this.#reader;
    reader.open(batch);
    for (let found = reader.next(); found !== 'end'; found = reader.next()) {
      if (found === 'damaged') {
        this.counters.add('damaged batches');
        return;
      }
      if (!reader.isMessage) continue;
      const atMs = reader.atMs + shiftMs;
      onRecord?.(atMs);
      this.#take(atMs);
    }
  }

  /** How full the tables are and what was pushed out of them. */
  statistics() {
    return {
      pending: { size: this.#pending.size, evicted: this.#pending.evicted },
      glueless: this.#history.gluelessCount,
      ...this.counters.snapshot(),
    };
  }

  #take(atMs: number): void {
    const reader = this.#reader;
    const facts = this.#facts;
    const { client } = reader;
    facts.isTrustedClient = this.#options.trustedResolvers.has(client);
    facts.isOwnLink = !facts.isTrustedClient || this.#isOwnLink(client);
    if (this.#rules.refuses(this.#clientRules, facts)) return;
    if (reader.isResponse) {
      this.#response(client, atMs);
      return;
    }
    this.#queries.count++;
    if ((reader.flags & FLAG.RD) !== 0) this.#forRecursion.count++;
    this.#pending.open(reader, atMs);
  }

  #isOwnLink(client: Address): boolean {
    const bound = this.#options.resolverLinks.get(client);
    const link = bound === undefined ? undefined : this.#reader.link;
    if (bound === undefined || link === undefined) return true;
    return link.mac === bound.mac && (bound.vlan === undefined || link.vlan === bound.vlan);
  }

  #response(client: Address, atMs: number): void {
    const reader = this.#reader;
    const facts = this.#facts;
    const isMatched = this.#pending.close(reader, atMs);
    (isMatched ? this.#matched : this.#unmatched).count++;
    facts.isMatched = isMatched || this.#options.trustUnmatched;
    facts.rcode = reader.rcode;
    facts.questionClass = reader.questionClass;
    facts.isTruncated = (reader.flags & FLAG.TC) !== 0;
    if (this.#rules.refuses(this.#responseRules, facts)) return;
    if (reader.leftOut > 0) this.counters.add(`refused: ${CAP.RECORDS}`, reader.leftOut);
    if (!mayTeach(reader)) return;
    if (!facts.isTrustedClient && !this.#quota.hasRoom(client)) {
      this.counters.add(`refused: ${CAP.CLIENT}`);
      return;
    }
    const newTriples = this.#lessons.learn(reader, atMs, isMatched ? this.#pending.closedAtMs : Number.NaN);
    if (!facts.isTrustedClient) this.#quota.charge(client, newTriples);
  }
}
