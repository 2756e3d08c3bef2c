/** Learns from capture files as from a live interface, in the time of the captures (docs/decisions/7). */
import { type CaptureReading, startReading } from '../capture/container/capture-reading.ts';
import type { HistoryOptions } from '../nsdb/history-options.ts';
import { Learner } from '../nsdb/learner.ts';
import type { LearnerOptions } from '../nsdb/learner-options.ts';
import { NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { keepRootHints, type RootHint } from '../nsdb/root-hints.ts';
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
  /** What could not be read or is no DNS lookup, by counter (`CaptureCounter`, `UnreadCounter`). */
  readonly notRead: Readonly<Record<string, number>>;
  readonly zones: number;
  readonly nameServers: number;
  readonly addresses: number;
  readonly triples: number;
  /** What ended the reading of a file early, one sentence for each. */
  readonly damage: readonly string[];
}

/** Reads captures, in the order of their time, into one history of its own. */
export class CaptureLearner {
  readonly #history: NsHistory;
  readonly #learner: Learner;
  readonly #reading: CaptureReading;
  readonly #damage: string[] = [];
  /** The time of the observation in hand; it may run backwards. */
  #nowMs = Number.NEGATIVE_INFINITY;

  /** `paths` are those that `read` will be called with, `-` for standard input. */
  constructor(paths: readonly string[], { learner, history, rootHints }: CaptureLearnerOptions) {
    const time = { nowMs: () => this.#nowMs };
    this.#history = new NsHistory(time, history);
    keepRootHints(this.#history, rootHints);
    this.#learner = new Learner(time, this.#history, learner);
    const setTime = (atMs: number) => {
      this.#nowMs = atMs;
    };
    this.#reading = startReading(paths, (batch) => this.#learner.take(batch, 0, setTime));
  }

  /**
   * Reads one capture; `onProgress` is told how many octets of it have been read. Rejects with GluewallError `capture-file`
   * when it is none, or has no link type that is read here. A capture that is damaged further on counts as far as it goes.
   */
  async read(path: string, onProgress?: (bytesRead: number) => void): Promise<void> {
    const { damage } = await this.#reading.read(path, onProgress);
    if (damage !== undefined) this.#damage.push(`${path === '-' ? 'standard input' : path}: ${damage}`);
  }

  /** To be called when all captures are read: resolves with what was in them, and what waited for more is given up. */
  async finish(): Promise<LearnSummary> {
    const { packets, firstMs, lastMs, observed, unread } = await this.#reading.finish();
    await this.#reading.stop();
    // Before all time nothing has expired: what was ever learned is listed.
    this.#nowMs = Number.NEGATIVE_INFINITY;
    const { counters } = this.#learner;
    const { frames, queries, responses, ...notRead } = observed;
    return {
      packets,
      firstPacket: formatInstant(firstMs ?? Number.NaN),
      lastPacket: formatInstant(lastMs ?? Number.NaN),
      queries: counters.get('queries'),
      responsesMatched: counters.get('responses matched'),
      responsesUnmatched: counters.get('responses unmatched'),
      refused: this.#refused(),
      notRead: { ...notRead, ...unread },
      ...this.#history.extent(),
      damage: this.#damage,
    };
  }

  /** Ends the reading, wherever it is. Safe twice, and behind `finish`. */
  stop(): Promise<void> {
    return this.#reading.stop();
  }

  /** What has been learned, for one who stores it. */
  get history(): NsHistory {
    return this.#history;
  }

  /** All that the captures teach, expired by now or not, root hints that they confirm among them. */
  *triples(): Generator<NsTriple, void> {
    for (const triple of this.#history.triples()) if (triple.lesson !== undefined) yield triple;
  }

  #refused(): Record<string, number> {
    const entries = Object.entries(this.#learner.counters.snapshot());
    return Object.fromEntries(
      entries.flatMap(([name, count]) =>
        name.startsWith('refused: ') ? [[name.slice('refused: '.length), count]] : [],
      ),
    );
  }
}
