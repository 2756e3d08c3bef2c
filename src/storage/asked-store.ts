import type { Change, ChangePlace, ChangeQuery, KeptRecord } from '../accounts/account-store.ts';
import { formatAddress } from '../core/address.ts';
import type { SaveMark } from '../core/save-mark.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { MinuteFigures } from '../events/minute-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import type { EntryComment } from '../inbox/entry.ts';
import type {
  BusyAddress,
  EntryChange,
  EntryChanged,
  InboxStore,
  KeptEvent,
  ListedEntry,
  RowPage,
  RowPlace,
  RowQuery,
} from '../inbox/inbox-store.ts';
import { countTriples } from '../nsdb/triple-batch.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule } from '../policy/rule.ts';
import type { RecordPlace } from './accounts/record-steps.ts';
import type { FindingPlace } from './finding-rows.ts';
import type { EntryCopy } from './inbox/copy-entries.ts';
import { HOUR_MS } from './inbox/event-groups.ts';
import type { StepArguments, StepName, StepResult } from './step-operations.ts';
import type { Store, StoreContents } from './store.ts';
import type { EventPlace, Portion, StoreOperations, TriplePlace } from './store-operations.ts';
import type { OperationName } from './thread-protocol.ts';

/** A database that is asked for one operation after the other. */
export interface AskedDatabase {
  readonly unreadableRows: number;
  ask<K extends OperationName>(
    operation: K,
    ...args: Parameters<StoreOperations[K]>
  ): Promise<ReturnType<StoreOperations[K]>>;
  close(): Promise<void>;
}

/** A store over a database, which is asked for portions where there is much. */
export class AskedStore implements Store {
  readonly #database: AskedDatabase;

  constructor(database: AskedDatabase) {
    this.#database = database;
  }

  get unreadableRows(): number {
    return this.#database.unreadableRows;
  }

  async *loadTriples(sinceMs: number): AsyncGenerator<Uint8Array, void> {
    yield* this.#portions((place: TriplePlace | undefined) => this.#database.ask('triplesAfter', place, sinceMs));
  }

  /** The thread gets the memory of the batch itself. */
  saveTriples(batch: Uint8Array, mark?: SaveMark): Promise<void> {
    return this.#database.ask('saveTriples', batch, mark);
  }

  async deleteExpiredTriples(beforeMs: number): Promise<number> {
    let total = 0;
    // Ends: each round finds fewer rows that have expired by then.
    for (;;) {
      const count = await this.#database.ask('deleteExpiredTriples', beforeMs);
      if (count === 0) return total;
      total += count;
    }
  }

  loadRules(nowMs: number): Promise<readonly Rule[]> {
    return this.#database.ask('rules', nowMs);
  }

  saveRule(rule: Rule): Promise<void> {
    return this.#database.ask('saveRule', rule);
  }

  deleteRule(id: string): Promise<void> {
    return this.#database.ask('deleteRule', id);
  }

  loadWarmup(): Promise<WarmupProgress | undefined> {
    return this.#database.ask('warmup');
  }

  saveWarmup(progress: WarmupProgress): Promise<void> {
    return this.#database.ask('saveWarmup', progress);
  }

  saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): Promise<void> {
    return this.#database.ask('saveEvents', events, mark);
  }

  async *findEvents(query: EventQuery): AsyncGenerator<readonly VerdictEvent[], void> {
    yield* this.#portions((place: EventPlace | undefined) => this.#database.ask('eventsAfter', place, query));
  }

  saveFindings(findings: readonly Finding[]): Promise<void> {
    return this.#database.ask('saveFindings', findings);
  }

  deleteFindings(ids: readonly string[]): Promise<void> {
    return this.#database.ask('deleteFindings', ids);
  }

  async *loadFindings(): AsyncGenerator<readonly Finding[], void> {
    yield* this.#portions((place: FindingPlace | undefined) => this.#database.ask('findingsAfter', place));
  }

  contents(): Promise<StoreContents> {
    return this.#database.ask('contents');
  }

  findEntries(query: RowQuery, nowMs: number): Promise<RowPage<ListedEntry>> {
    return this.#run('findEntries', query, nowMs);
  }

  entriesById(ids: readonly number[], nowMs: number): Promise<readonly ListedEntry[]> {
    return this.#run('entriesById', ids, nowMs);
  }

  commentsOf(id: number): Promise<readonly EntryComment[]> {
    return this.#run('commentsOf', id);
  }

  lastEntryChange(): Promise<number> {
    return this.#run('lastEntryChange');
  }

  entriesChangedAfter(change: number, limit: number, nowMs: number): ReturnType<InboxStore['entriesChangedAfter']> {
    return this.#run('entriesChangedAfter', change, limit, nowMs);
  }

  changeEntries(changes: readonly EntryChange[], by: string, atMs: number): Promise<readonly EntryChanged[]> {
    return this.#run('changeEntries', changes, by, atMs);
  }

  addEntryComment(id: number, comment: EntryComment): Promise<boolean> {
    return this.#run('addEntryComment', id, comment);
  }

  findKeptEvents(query: RowQuery): Promise<RowPage<KeptEvent>> {
    return this.#run('findKeptEvents', query);
  }

  eventsOfEntry(id: number, before: RowPlace | undefined, limit: number): Promise<RowPage<KeptEvent>> {
    return this.#run('eventsOfEntry', id, before, limit);
  }

  keptEvent(id: number): Promise<KeptEvent | undefined> {
    return this.#run('keptEvent', id);
  }

  entryOfEvent(id: number): Promise<number | undefined> {
    return this.#run('entryOfEvent', id);
  }

  async busiest(by: 'client' | 'destination', sinceMs: number, limit: number): Promise<readonly BusyAddress[]> {
    const sums = new Map<string, BusyAddress>();
    let hour = Math.floor(sinceMs / HOUR_MS) - 1;
    // Ends: each answer is of a later hour.
    for (;;) {
      const busy = await this.#run('busyHour', by, hour);
      if (busy === undefined) break;
      for (const { address, name, events } of busy.rows) {
        const text = formatAddress(address);
        const sum = sums.get(text);
        sums.set(text, { address, name: name ?? sum?.name, events: events + (sum?.events ?? 0) });
      }
      hour = busy.hour;
    }
    return [...sums.values()].sort((one, other) => other.events - one.events).slice(0, limit);
  }

  openEntries(): ReturnType<InboxStore['openEntries']> {
    return this.#run('openEntries');
  }

  addMinutes(minutes: readonly MinuteFigures[]): Promise<void> {
    return this.#run('addMinutes', minutes);
  }

  async minutes(sinceMs: number, untilMs: number): Promise<readonly MinuteFigures[]> {
    const all: MinuteFigures[] = [];
    for (let from: number | undefined = sinceMs; from !== undefined; ) {
      const { items, next }: Portion<readonly MinuteFigures[], number> = await this.#run('minutesFrom', from, untilMs);
      for (const minute of items) all.push(minute);
      from = next;
    }
    return all;
  }

  async loadRecords(): Promise<readonly KeptRecord[]> {
    const all: KeptRecord[] = [];
    const portions = this.#portions((place: RecordPlace | undefined) => this.#run('recordsAfter', place));
    for await (const records of portions) for (const record of records) all.push(record);
    return all;
  }

  saveRecords(records: readonly KeptRecord[]): Promise<void> {
    return this.#run('saveRecords', records);
  }

  deleteRecords(records: readonly Pick<KeptRecord, 'kind' | 'id'>[]): Promise<void> {
    return this.#run('deleteRecords', records);
  }

  addChange(change: Change): Promise<void> {
    return this.#run('addChange', change);
  }

  async findChanges(
    query: ChangeQuery,
  ): Promise<{ readonly rows: readonly (Change & { readonly id: number })[]; readonly next: ChangePlace | undefined }> {
    let step = await this.#run('changesBefore', query);
    // Ends: each step looks further back.
    while (step.rows.length === 0 && step.next !== undefined) {
      step = await this.#run('changesBefore', { ...query, before: step.next });
    }
    return step;
  }

  async *loadChanges(): AsyncGenerator<readonly Change[], void> {
    yield* this.#portions((place: ChangePlace | undefined) => this.#run('changesAfter', place));
  }

  async *loadEntryCopies(): AsyncGenerator<readonly EntryCopy[], void> {
    yield* this.#portions((afterId: number | undefined) => this.#run('entryCopiesAfter', afterId));
  }

  saveEntryCopies(copies: readonly EntryCopy[]): Promise<void> {
    return this.#run('saveEntryCopies', copies);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #run<K extends StepName>(name: K, ...args: StepArguments<K>): Promise<StepResult<K>> {
    return this.#database.ask('run', name, args as never) as Promise<StepResult<K>>;
  }

  /** Asks for the next portion while this one is used. */
  async *#portions<T extends Uint8Array | readonly unknown[], P>(
    ask: (place: P | undefined) => Promise<Portion<T, P>>,
  ): AsyncGenerator<T, void> {
    let asked: Promise<Portion<T, P>> | undefined = ask(undefined);
    while (asked !== undefined) {
      const { items, next }: Portion<T, P> = await asked;
      asked = next === undefined ? undefined : ask(next);
      // Whoever stops reading here does not want to know how the next portion ended.
      asked?.catch(() => {});
      if (!isEmpty(items)) yield items;
    }
  }
}

function isEmpty(items: Uint8Array | readonly unknown[]): boolean {
  return items instanceof Uint8Array ? countTriples(items) === 0 : items.length === 0;
}
