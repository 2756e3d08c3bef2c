import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import { canonicalName, type Name } from '../dns/name.ts';
import type { AddressRecord, DnsObservation, DnsQuery, DnsResponse, NsRecord } from '../dns/observation.ts';
import { AwaitingGlue, type AwaitingGlueOptions, type Glueless } from './awaiting-glue.ts';
import type { NsHistory } from './ns-history.ts';
import type { Trust } from './ns-triple.ts';
import { type PendingOptions, PendingQueries } from './pending-queries.ts';
import {
  canBeNameServer,
  judgeOwner,
  MAX_ADDRESSES,
  type Refusal,
  refuseClient,
  refuseResponse,
  type TeachingMode,
  teachableRecords,
} from './teaching.ts';

export interface LearnerOptions {
  readonly teach: TeachingMode;
  /** Responses teach without their queries: for captures that hold only responses. */
  readonly trustUnmatched: boolean;
  readonly trustedResolvers: ReadonlySet<Address>;
  readonly pending: PendingOptions;
  readonly awaitingGlue: AwaitingGlueOptions;
}

type LearnerCounter =
  | 'queries'
  | 'responses matched'
  | 'responses unmatched'
  | 'lessons'
  | 'glueless'
  | `refused: ${Refusal}`
  | 'refused: more records than one response may teach'
  | 'refused: history is full';

interface Exchange {
  /** Undefined when the response is believed without it. */
  readonly query: DnsQuery | undefined;
  readonly response: DnsResponse;
  readonly queryName: Name;
  /** The closest zone above the query name that the responder is known to serve. */
  readonly servedZone: Name | undefined;
  /** Addresses of the name servers that the response names. */
  readonly glue: ReadonlyMap<Name, readonly AddressRecord[]>;
}

/** Turns what a capture saw into the NS history: queries matched to responses, NS records joined to their glue. */
export class Learner {
  readonly counters = new Counters<LearnerCounter>();
  readonly #history: NsHistory;
  readonly #options: LearnerOptions;
  readonly #pending: PendingQueries;
  readonly #awaitingGlue: AwaitingGlue;

  constructor(clock: TimeSource, history: NsHistory, options: LearnerOptions) {
    this.#history = history;
    this.#options = options;
    this.#pending = new PendingQueries(clock, options.pending);
    this.#awaitingGlue = new AwaitingGlue(clock, options.awaitingGlue);
  }

  observe(observation: DnsObservation): void {
    const refusal = refuseClient(observation.client, this.#options.teach, this.#options.trustedResolvers);
    if (refusal !== undefined) this.counters.add(`refused: ${refusal}`);
    else if (observation.kind === 'query') this.#observeQuery(observation);
    else this.#observeResponse(observation);
  }

  /** How full the tables are and what was pushed out of them. */
  statistics() {
    return {
      pending: { size: this.#pending.size, evicted: this.#pending.evicted },
      awaitingGlue: { size: this.#awaitingGlue.size, refused: this.#awaitingGlue.refused },
      ...this.counters.snapshot(),
    };
  }

  #observeQuery(query: DnsQuery): void {
    this.counters.add('queries');
    this.#pending.open(query);
  }

  #observeResponse(response: DnsResponse): void {
    const query = this.#pending.close(response);
    this.counters.add(query === undefined ? 'responses unmatched' : 'responses matched');
    if (query === undefined && !this.#options.trustUnmatched) return;
    const refusal = refuseResponse(response);
    if (refusal !== undefined) {
      this.counters.add(`refused: ${refusal}`);
      return;
    }
    const queryName = canonicalName(response.question.name);
    const servedZone = this.#history.closestServedZone(response.server, queryName);
    const { nameServers, glue, refusedRecords } = teachableRecords(response);
    if (refusedRecords > 0) this.counters.add('refused: more records than one response may teach', refusedRecords);
    const exchange = { query, response, queryName, servedZone, glue };
    for (const record of nameServers) this.#learnNameServer(exchange, record);
    this.#joinAnswers(exchange);
  }

  #learnNameServer(exchange: Exchange, record: NsRecord): void {
    const trust = this.#judge(record.owner, exchange);
    if (trust === undefined) return;
    const { query, response, queryName } = exchange;
    const glueless: Glueless = {
      zone: record.owner,
      nameServer: record.nameServer,
      nsTtlSeconds: record.ttl,
      trust,
      teacher: response.server,
      queryAtMs: query?.atMs,
      queryId: response.id,
      queryName,
      responseAtMs: response.atMs,
    };
    const glue = exchange.glue.get(record.nameServer) ?? [];
    for (const { address, ttl } of glue) this.#learn(glueless, address, ttl);
    if (glue.length > 0) return;
    this.counters.add('glueless');
    this.#awaitingGlue.add(glueless);
  }

  /** An address answer for a name server's own name completes the NS records that wait for it. */
  #joinAnswers(exchange: Exchange): void {
    const { response, queryName } = exchange;
    const answers = response.answers.filter(({ owner }) => owner === queryName).slice(0, MAX_ADDRESSES);
    if (answers.length === 0) return;
    const waiting = this.#awaitingGlue.waitingFor(queryName);
    const answerTrust = waiting.length === 0 ? undefined : this.#judge(queryName, exchange);
    if (answerTrust === undefined) return;
    for (const glueless of waiting) {
      const trust = answerTrust === 'high' ? glueless.trust : 'low';
      for (const { address, ttl } of answers) this.#learn({ ...glueless, trust }, address, ttl);
    }
  }

  #judge(owner: Name, { queryName, servedZone }: Exchange): Trust | undefined {
    const judgement = judgeOwner(owner, queryName, servedZone, this.#options.teach);
    if (judgement === 'high' || judgement === 'low') return judgement;
    this.counters.add(`refused: ${judgement}`);
    return undefined;
  }

  #learn(glueless: Glueless, address: Address, glueTtlSeconds: number): void {
    if (!canBeNameServer(address)) {
      this.counters.add('refused: address can be no name server');
      return;
    }
    const { zone, nameServer, nsTtlSeconds, trust, teacher, queryAtMs, queryId, queryName, responseAtMs } = glueless;
    // Written out: two properties behind a spread would cost more than all the rest of a lesson.
    const taken = this.#history.learn({
      zone,
      nameServer,
      address,
      nsTtlSeconds,
      glueTtlSeconds,
      trust,
      teacher,
      queryAtMs,
      queryId,
      queryName,
      responseAtMs,
    });
    this.counters.add(taken ? 'lessons' : 'refused: history is full');
  }
}
