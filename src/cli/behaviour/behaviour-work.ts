import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Address } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { BackscatterWatch, DEFAULT_BACKSCATTER } from '../../correlation/backscatter/backscatter-watch.ts';
import type { BotGroup } from '../../correlation/bot-group.ts';
import { Correlator } from '../../correlation/correlator.ts';
import { DnsTcpBook, type DnsTcpTables } from '../../correlation/dns-tcp/dns-tcp-book.ts';
import { entryEvents } from '../../correlation/events/entry-events.ts';
import { observationEvents } from '../../correlation/events/observation-events.ts';
import type { HostEvent } from '../../correlation/host-event.ts';
import { DnstapObserver } from '../../dnstap/dnstap-observer.ts';
import { dataFramesOf } from '../../dnstap/frame-streams.ts';
import type { Found } from '../../findings/finding.ts';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import type { BehaviourQuestions, HostAnswer } from '../../services/behaviour-services.ts';
import type { BehaviourOrder, BehaviourSettings } from './behaviour-order.ts';
import type { BehaviourThreadFigures, HandedSight } from './behaviour-protocol.ts';
import type { TeedEntries } from './entry-tee.ts';
import { heaviestFound } from './found-portions.ts';
import { HeldBatches } from './held-batches.ts';
import { type EventSource, SeenTwice } from './seen-twice.ts';
import { unseenOf } from './unseen.ts';

/** What a round has come to. */
export interface RoundResult {
  readonly found: readonly Found[];
  readonly groups: readonly BotGroup[];
}

/** How long a round works before what has come meanwhile is taken, milliseconds. */
const TURN_MS = 5;
/** Windows of backscatter are over so much later: entries of logs come behind their time. */
const LOG_DELAY_MS = 60_000;
/** Resolvers write dnstap in portions: what they tell of answers comes behind the connections made with them. */
const DNSTAP_DELAY_MS = 3000;

/** All that the thread does which looks at hosts: takes what was seen, judges it in rounds, and answers questions. */
export class BehaviourWork implements BehaviourQuestions {
  readonly #order: BehaviourOrder;
  readonly #clock: Clock;
  readonly #correlator: Correlator;
  readonly #seenTwice = new SeenTwice();
  readonly #dnstap: DnstapObserver;
  readonly #dnsTcp: DnsTcpBook | undefined;
  /** What the border shows, where the answers of clients come later. */
  readonly #held: HeldBatches | undefined;
  readonly #events: Record<HostEvent['kind'], number> = { query: 0, answer: 0, syn: 0, 'syn-ack': 0, verdict: 0 };
  readonly #counts = {
    ...{ seenTwice: 0, damaged: 0, lostEntries: 0, foundBeyond: 0 },
    ...{ rounds: 0, roundsMs: 0, lastRoundMs: 0 },
  };
  #settings: BehaviourSettings;
  #backscatter: BackscatterWatch;

  constructor(order: BehaviourOrder, clock: Clock) {
    const { options, site, zones, sights, groups, capturesClients } = order;
    this.#order = order;
    this.#settings = order;
    this.#clock = clock;
    this.#correlator = new Correlator(options, site, zones);
    this.#correlator.restore(groups);
    this.#backscatter = watchOf(order);
    const takeBatch = (source: EventSource) => (batch: Uint8Array, shiftMs: number) =>
      this.#observations(batch, shiftMs, source);
    const takeDnstap = takeBatch('dnstap');
    this.#dnstap = new DnstapObserver(clock, site.trustedResolvers, (batch) => takeDnstap(batch, 0), 'client');
    this.#dnsTcp = sights.answers && sights.syns ? new DnsTcpBook() : undefined;
    const comesLate = sights.answers && !capturesClients;
    this.#held = comesLate ? new HeldBatches(clock, DNSTAP_DELAY_MS, takeBatch('border')) : undefined;
  }

  configure(settings: BehaviourSettings): void {
    const isSameMail = JSON.stringify(settings.mailServers) === JSON.stringify(this.#settings.mailServers);
    this.#settings = settings;
    this.#correlator.configure(settings);
    if (!isSameMail) this.#backscatter = watchOf(settings);
  }

  /** Takes what the main thread hands over. */
  take(what: HandedSight): void {
    switch (what.kind) {
      case 'client':
        this.#observations(what.batch, what.shiftMs, 'client');
        return;
      case 'border':
        if (this.#held === undefined) this.#observations(what.batch, what.shiftMs, 'border');
        else this.#held.add(what.batch, what.shiftMs);
        return;
      case 'dnstap':
        for (const frame of dataFramesOf(what.frames)) this.#dnstap.take(frame);
        return;
      case 'gate':
        for (const verdict of what.verdicts) {
          // Where frames of clients are captured, they tell hosts apart: the gate may stand behind a router.
          this.#observe('gate', this.#order.capturesClients ? { ...verdict, mac: undefined } : verdict);
        }
    }
  }

  /** Takes entries of logs. */
  takeEntries({ batch, lost }: Pick<TeedEntries, 'batch' | 'lost'>): void {
    this.#counts.lostEntries += lost;
    const reader = new EntryBatchReader(batch);
    const take = (event: HostEvent) => this.#observe('log', event);
    let found = reader.next();
    for (; found === 'entry'; found = reader.next()) entryEvents(reader.entry(), this.#settings.logSite, take);
    if (found === 'damaged') this.#counts.damaged++;
  }

  /** To be called about once a second. */
  tick(): void {
    this.#held?.release();
  }

  /** Judges all hosts, and gives way to what comes every few milliseconds. */
  async round(): Promise<RoundResult> {
    const nowMs = this.#clock.nowMs();
    const items = this.#correlator.round(nowMs);
    let workedMs = 0;
    let turnBeganAtMs = nowMs;
    for (;;) {
      const step = items.next();
      const turnMs = this.#clock.nowMs() - turnBeganAtMs;
      if (step.done !== true && turnMs < TURN_MS) continue;
      workedMs += turnMs;
      if (step.done === true) {
        this.#count(workedMs);
        const all = [...step.value.found, ...this.#foundBackscatter(nowMs)];
        const found = heaviestFound(all);
        this.#counts.foundBeyond += all.length - found.length;
        return { found, groups: step.value.groups };
      }
      await nextTurn();
      turnBeganAtMs = this.#clock.nowMs();
    }
  }

  get figures(): BehaviourThreadFigures {
    const held = this.#correlator.figures;
    const groups = this.#correlator.groups.length;
    const lostBatches = this.#held?.lost ?? 0;
    return { ...held, groups, events: { ...this.#events }, ...this.#counts, lostBatches };
  }

  async groups(): Promise<readonly BotGroup[]> {
    return this.#correlator.groups;
  }

  async host(address: Address): Promise<HostAnswer> {
    return {
      hosts: this.#correlator.hostView(address, this.#clock.nowMs()),
      unseen: unseenOf(this.#order.sights),
    };
  }

  async dnsTcp(): Promise<DnsTcpTables> {
    if (this.#dnsTcp !== undefined) return this.#dnsTcp.tables();
    const unseen = unseenOf(this.#order.sights).find(({ what }) => what.includes('dns-tcp'));
    const because = unseen === undefined ? '' : `: ${unseen.why}; ${unseen.remedy}`;
    throw new GluewallError('answers-unseen', `connections and the answers before them are not compared${because}`);
  }

  #observations(batch: Uint8Array, shiftMs: number, source: EventSource): void {
    const take = (event: HostEvent) => this.#observe(source, event);
    const end = observationEvents(batch, shiftMs, this.#settings.site, take, source === 'client');
    if (end === 'damaged') this.#counts.damaged++;
  }

  #observe(source: EventSource, event: HostEvent): void {
    if (this.#isSeenElsewhere(source, event)) {
      this.#counts.seenTwice++;
      return;
    }
    this.#events[event.kind]++;
    // A resolver may write its responses only, and knows whom it answers.
    this.#correlator.observe(event, source === 'dnstap');
    this.#backscatter.observe(event);
    if (source === 'client' || source === 'dnstap' || !this.#order.capturesClients) this.#dnsTcp?.observe(event);
  }

  /** Connections that leave pass both captures, where there are two. */
  #isSeenElsewhere(source: EventSource, event: HostEvent): boolean {
    const isConnection = event.kind === 'syn' || event.kind === 'syn-ack';
    if (isConnection) return source === 'border' && this.#order.capturesClients;
    return this.#seenTwice.isAgain(source, event);
  }

  #foundBackscatter(nowMs: number): readonly Found[] {
    this.#backscatter.passTime(nowMs - LOG_DELAY_MS);
    return this.#backscatter.found(nowMs);
  }

  #count(workedMs: number): void {
    this.#counts.rounds++;
    this.#counts.roundsMs += workedMs;
    this.#counts.lastRoundMs = workedMs;
  }
}

function watchOf({ mailServers, zones }: BehaviourSettings): BackscatterWatch {
  return new BackscatterWatch(mailServers, { ...DEFAULT_BACKSCATTER, localDomains: zones });
}
