/** Learns from capture files as from a live interface, in the time of the captures (docs/decisions/7). */
import type { CaptureSource } from '../capture/container/capture-source.ts';
import { readCapture } from '../capture/container/read-capture.ts';
import { type CaptureCounter, Observer } from '../capture/observe.ts';
import { Counters } from '../core/counters.ts';
import { GluewallError } from '../core/errors.ts';
import { Learner, type LearnerOptions } from '../nsdb/learner.ts';
import { type HistoryOptions, NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { keepRootHints, type RootHint } from '../nsdb/root-hints.ts';
import { isReadableLinkType } from '../packet/link-layer.ts';
import { formatInstant } from './instant.ts';

export interface CaptureLearnerOptions {
  readonly learner: LearnerOptions;
  readonly history: HistoryOptions;
  /** Known from the start, and counted only where a capture confirms them. */
  readonly rootHints: readonly RootHint[];
}

/** What was in the captures, and what became of it. */
export interface LearnSummary {
  readonly packets: number;
  readonly firstPacket: string | null;
  readonly lastPacket: string | null;
  readonly queries: number;
  readonly responsesMatched: number;
  readonly responsesUnmatched: number;
  /** Responses, records and triples that a rule refused, by rule. */
  readonly refused: Readonly<Record<string, number>>;
  /** What could not be read or is no DNS lookup, by counter (`CaptureCounter`). */
  readonly notRead: Readonly<Record<string, number>>;
  readonly zones: number;
  readonly nameServers: number;
  readonly addresses: number;
  readonly triples: number;
  /** What ended the reading of a file early, one sentence for each. */
  readonly damage: readonly string[];
}

/** From the epoch on, and well before years need a fifth digit, whatever TTL is added. */
const TIMES_MS = { first: 0, last: Date.UTC(9000, 0) };
/** Link types that are counted each on its own; a file can claim any number of them. */
const MAX_LINK_TYPES = 16;

/** Reads any number of captures, in the order of their time, into one history of its own. */
export class CaptureLearner {
  readonly #history: NsHistory;
  readonly #learner: Learner;
  readonly #observer: Observer;
  readonly #captured = new Counters<CaptureCounter>();
  readonly #unread = new Counters<'time that cannot be' | 'other link types' | `link type ${number}`>();
  /** Of the capture in hand. */
  #unreadLinkTypes = new Set<number>();
  readonly #damage: string[] = [];
  #packets = 0;
  /** The time of the packet in hand; it may run backwards. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ learner, history, rootHints }: CaptureLearnerOptions) {
    const time = { nowMs: () => this.#nowMs };
    this.#history = new NsHistory(time, history);
    keepRootHints(this.#history, rootHints);
    this.#learner = new Learner(time, this.#history, learner);
    this.#observer = new Observer(this.#captured, (observation) => this.#learner.observe(observation));
  }

  /**
   * Reads one capture; `onChunk` is told how many octets of it have been read. Rejects with GluewallError `capture-file`
   * when it is none, or has no link type that is read here. A capture that is damaged further on counts as far as it goes.
   */
  async read(source: CaptureSource, onChunk?: (bytesRead: number) => void | Promise<void>): Promise<void> {
    const packetsBefore = this.#packets;
    this.#unreadLinkTypes = new Set();
    const { damage } = await readCapture(source, (...packet) => this.#packet(...packet), onChunk);
    if (damage !== undefined) this.#damage.push(`${source.name}: ${damage}`);
    if (this.#unreadLinkTypes.size > 0 && this.#packets === packetsBefore) {
      const types = [...this.#unreadLinkTypes].join(', ');
      const remedy = 'capture on an interface, or convert the file to Ethernet or raw IP';
      throw new GluewallError('capture-file', `${source.name}: link type ${types} is not read here; ${remedy}`);
    }
  }

  /** To be called when all captures are read: what waited for more is given up. */
  finish(): void {
    this.#observer.finish();
    // Before all time nothing has expired: what was ever learned is listed.
    this.#nowMs = Number.NEGATIVE_INFINITY;
  }

  /** All that the captures teach, expired by now or not, root hints that they confirm among them. */
  *triples(): Generator<NsTriple, void> {
    for (const triple of this.#history.triples()) if (triple.lesson !== undefined) yield triple;
  }

  summary(): LearnSummary {
    const { counters } = this.#learner;
    const zones = new Set<string>();
    const nameServers = new Set<string>();
    const addresses = new Set<number | string>();
    let triples = 0;
    for (const { zone, nameServer, address } of this.triples()) {
      zones.add(zone);
      nameServers.add(nameServer);
      addresses.add(address);
      triples++;
    }
    return {
      packets: this.#packets,
      firstPacket: formatInstant(this.#firstMs),
      lastPacket: formatInstant(this.#lastMs),
      queries: counters.get('queries'),
      responsesMatched: counters.get('responses matched'),
      responsesUnmatched: counters.get('responses unmatched'),
      refused: this.#refused(),
      notRead: this.#notRead(),
      zones: zones.size,
      nameServers: nameServers.size,
      addresses: addresses.size,
      triples,
      damage: this.#damage,
    };
  }

  #packet(octets: Buffer, start: number, end: number, atMs: number, linkType: number): void {
    if (!isReadableLinkType(linkType)) {
      this.#countLinkType(linkType);
      return;
    }
    if (atMs < TIMES_MS.first || atMs > TIMES_MS.last) {
      this.#unread.add('time that cannot be');
      return;
    }
    this.#packets++;
    this.#nowMs = atMs;
    if (atMs < this.#firstMs) this.#firstMs = atMs;
    if (atMs > this.#lastMs) this.#lastMs = atMs;
    this.#observer.observe(octets, start, end, atMs, 'by-message', linkType);
  }

  #countLinkType(linkType: number): void {
    const isCounted = this.#unreadLinkTypes.has(linkType) || this.#unreadLinkTypes.size < MAX_LINK_TYPES;
    if (isCounted) this.#unreadLinkTypes.add(linkType);
    this.#unread.add(isCounted ? `link type ${linkType}` : 'other link types');
  }

  #refused(): Record<string, number> {
    const entries = Object.entries(this.#learner.counters.snapshot());
    return Object.fromEntries(
      entries.flatMap(([name, count]) =>
        name.startsWith('refused: ') ? [[name.slice('refused: '.length), count]] : [],
      ),
    );
  }

  #notRead(): Record<string, number> {
    const { frames, queries, responses, ...others } = this.#captured.snapshot();
    return { ...others, ...this.#unread.snapshot() };
  }
}
