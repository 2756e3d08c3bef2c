import type { SaveMark } from '../core/save-mark.ts';
import { type EventQuery, isWantedEvent } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import { PORTION_FINDINGS } from '../findings/finding-store.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { readTriples, TripleBatchWriter } from '../nsdb/triple-batch.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule } from '../policy/rule.ts';
import { PORTION_ROWS, type Store, type StoreContents, type StoreOptions } from './store.ts';
import { storeClosed } from './store-errors.ts';

/** There are no tables to be of a version. */
const MEMORY_VERSION = 0;

/** A store that ends with the process, and is otherwise like the one in a file. */
export class MemoryStore implements Store {
  readonly unreadableRows = 0;
  readonly #maxEvents: number;
  readonly #triples = new Map<string, NsTriple>();
  readonly #rules = new Map<string, Rule>();
  readonly #findings = new Map<string, Finding>();
  /** The last sequence number of each writer; in one process there are few. */
  readonly #marks = new Map<string, number>();
  /** In order of their time; of one time, in the order they came. */
  #events: VerdictEvent[] = [];
  #warmup: WarmupProgress | undefined;
  #isOpen = true;

  constructor({ events }: StoreOptions) {
    this.#maxEvents = events;
  }

  async *loadTriples(sinceMs: number): AsyncGenerator<Uint8Array, void> {
    this.#mustBeOpen();
    const wanted = [...this.#triples.values()].filter((triple) => triple.expiresAtMs > sinceMs);
    const writer = new TripleBatchWriter();
    for (const portion of portions(wanted)) {
      for (const triple of portion) writer.add(triple);
      yield writer.take();
    }
  }

  async saveTriples(batch: Uint8Array, mark?: SaveMark): Promise<void> {
    this.#mustBeOpen();
    if (!this.#setMark(mark)) return;
    for (const triple of readTriples(batch)) {
      this.#triples.set(`${triple.address}/${triple.zone}${triple.nameServer}`, triple);
    }
  }

  async deleteExpiredTriples(beforeMs: number): Promise<number> {
    this.#mustBeOpen();
    const before = this.#triples.size;
    for (const [key, { expiresAtMs }] of this.#triples) if (expiresAtMs <= beforeMs) this.#triples.delete(key);
    return before - this.#triples.size;
  }

  async loadRules(nowMs: number): Promise<readonly Rule[]> {
    this.#mustBeOpen();
    const rules = [...this.#rules.values()].filter((rule) => rule.expiresAtMs > nowMs);
    return rules.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  async saveRule(rule: Rule): Promise<void> {
    this.#mustBeOpen();
    if (rule.origin !== 'command') return;
    for (const [id, { expiresAtMs }] of this.#rules) if (expiresAtMs <= rule.createdAtMs) this.#rules.delete(id);
    this.#rules.set(rule.id, { ...rule });
  }

  async deleteRule(id: string): Promise<void> {
    this.#mustBeOpen();
    this.#rules.delete(id);
  }

  async loadWarmup(): Promise<WarmupProgress | undefined> {
    this.#mustBeOpen();
    return this.#warmup;
  }

  async saveWarmup(progress: WarmupProgress): Promise<void> {
    this.#mustBeOpen();
    this.#warmup = { ...progress };
  }

  async saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): Promise<void> {
    this.#mustBeOpen();
    if (!this.#setMark(mark)) return;
    let lastAtMs = this.#events.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    let isInOrder = true;
    for (const event of events) {
      isInOrder &&= event.atMs >= lastAtMs;
      lastAtMs = event.atMs;
      this.#events.push(event);
    }
    if (!isInOrder) this.#events.sort((a, b) => a.atMs - b.atMs);
    // Not at every save: moving all that stay costs as much as there are.
    if (this.#events.length > 2 * this.#maxEvents) this.#events = newest(this.#events, this.#maxEvents);
  }

  async *findEvents(query: EventQuery): AsyncGenerator<readonly VerdictEvent[], void> {
    this.#mustBeOpen();
    const { limit } = query;
    const wanted = newest(this.#events, this.#maxEvents).filter((event) => isWantedEvent(event, query));
    yield* portions(limit > 0 ? newest(wanted, Math.floor(limit)) : []);
  }

  async saveFindings(findings: readonly Finding[]): Promise<void> {
    this.#mustBeOpen();
    for (const finding of findings) this.#findings.set(finding.id, finding);
  }

  async deleteFindings(ids: readonly string[]): Promise<void> {
    this.#mustBeOpen();
    for (const id of ids) this.#findings.delete(id);
  }

  async *loadFindings(): AsyncGenerator<readonly Finding[], void> {
    this.#mustBeOpen();
    yield* portions([...this.#findings.values()].sort(newestFirst), PORTION_FINDINGS);
  }

  async contents(): Promise<StoreContents> {
    this.#mustBeOpen();
    const events = newest(this.#events, this.#maxEvents);
    return {
      schemaVersion: MEMORY_VERSION,
      triples: this.#triples.size,
      events: events.length,
      rules: this.#rules.size,
      findings: this.#findings.size,
      sizeBytes: undefined,
      oldestEventAtMs: events[0]?.atMs,
      newestEventAtMs: events.at(-1)?.atMs,
    };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** False when it was set before. */
  #setMark(mark: SaveMark | undefined): boolean {
    if (mark === undefined) return true;
    if ((this.#marks.get(mark.writer) ?? Number.NEGATIVE_INFINITY) >= mark.sequence) return false;
    this.#marks.set(mark.writer, mark.sequence);
    return true;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw storeClosed('in memory', 'it was closed before');
  }
}

function newest<T>(items: readonly T[], count: number): T[] {
  return items.slice(Math.max(0, items.length - count));
}

function newestFirst(one: Finding, other: Finding): number {
  return other.updatedAtMs - one.updatedAtMs || (one.id < other.id ? 1 : -1);
}

function* portions<T>(items: readonly T[], size: number = PORTION_ROWS): Generator<readonly T[], void> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
