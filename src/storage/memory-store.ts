import type { Address } from '../core/address.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { AllowEntry } from '../policy/allow-list.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import { PORTION_ROWS, type Store, type StoreOptions } from './store.ts';
import { storeClosed } from './store-errors.ts';

/** A store that ends with the process, and is otherwise like the one in a file. */
export class MemoryStore implements Store {
  readonly unreadableRows = 0;
  readonly #maxEvents: number;
  readonly #triples = new Map<string, NsTriple>();
  readonly #allowEntries = new Map<Address, AllowEntry>();
  /** In order of their time; of one time, in the order they came. */
  #events: VerdictEvent[] = [];
  #warmup: WarmupProgress | undefined;
  #isOpen = true;

  constructor({ events }: StoreOptions) {
    this.#maxEvents = events;
  }

  async *loadTriples(nowMs: number): AsyncGenerator<readonly NsTriple[], void> {
    this.#mustBeOpen();
    yield* portions([...this.#triples.values()].filter((triple) => triple.expiresAtMs > nowMs));
  }

  async saveTriples(triples: readonly NsTriple[]): Promise<void> {
    this.#mustBeOpen();
    for (const { zone, nameServer, address, origin, trust, lesson, ...times } of triples) {
      if (origin !== 'learned') continue;
      const { firstSeenAtMs, lastSeenAtMs, expiresAtMs } = times;
      // The history goes on changing its triples, lessons too.
      const taught = lesson === undefined ? undefined : { ...lesson };
      const copy = {
        zone,
        nameServer,
        address,
        origin,
        trust,
        lesson: taught,
        firstSeenAtMs,
        lastSeenAtMs,
        expiresAtMs,
      };
      this.#triples.set(`${address}/${zone}${nameServer}`, copy);
    }
  }

  async deleteExpiredTriples(nowMs: number): Promise<number> {
    this.#mustBeOpen();
    const before = this.#triples.size;
    for (const [key, { expiresAtMs }] of this.#triples) if (expiresAtMs <= nowMs) this.#triples.delete(key);
    return before - this.#triples.size;
  }

  async loadAllowEntries(nowMs: number): Promise<readonly AllowEntry[]> {
    this.#mustBeOpen();
    const entries = [...this.#allowEntries.values()].filter((entry) => entry.expiresAtMs > nowMs);
    return entries.sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  async saveAllowEntry(entry: AllowEntry): Promise<void> {
    this.#mustBeOpen();
    if (entry.origin === 'command') this.#allowEntries.set(entry.address, { ...entry });
  }

  async deleteAllowEntry(address: Address): Promise<void> {
    this.#mustBeOpen();
    this.#allowEntries.delete(address);
  }

  async loadWarmup(): Promise<WarmupProgress | undefined> {
    this.#mustBeOpen();
    return this.#warmup;
  }

  async saveWarmup(progress: WarmupProgress): Promise<void> {
    this.#mustBeOpen();
    this.#warmup = { ...progress };
  }

  async saveEvents(events: readonly VerdictEvent[]): Promise<void> {
    this.#mustBeOpen();
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
    const { sinceMs = Number.NEGATIVE_INFINITY, client, destination, limit } = query;
    const wanted = newest(this.#events, this.#maxEvents).filter(
      (event) =>
        event.atMs >= sinceMs &&
        (client === undefined || event.client === client) &&
        (destination === undefined || event.destination === destination),
    );
    yield* portions(limit > 0 ? newest(wanted, Math.floor(limit)) : []);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw storeClosed('in memory', 'it was closed before');
  }
}

function newest<T>(items: readonly T[], count: number): T[] {
  return items.slice(Math.max(0, items.length - count));
}

function* portions<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let start = 0; start < items.length; start += PORTION_ROWS) yield items.slice(start, start + PORTION_ROWS);
}
