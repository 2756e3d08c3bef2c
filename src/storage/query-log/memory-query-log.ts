import { canonicalName, isAtOrBelow } from '../../dns/name.ts';
import { readEntries } from '../../querylog/entry-batch.ts';
import {
  dayOf,
  type FoundEntry,
  type LogPage,
  type LogPlace,
  type LogQuestion,
  MAX_ALL_QUARANTINED,
  MAX_DAYS,
  MAX_PAGE_ENTRIES,
  MAX_QUARANTINED,
  MAX_SAMPLE_OCTETS,
  type QuarantinedRecord,
  type QueryLogStore,
  type Retention,
  type SourceBatch,
  type SourceCoverage,
  type SourcePosition,
  type TrimReport,
} from '../../querylog/query-log-store.ts';
import { storeClosed } from '../store-errors.ts';
import { checkFrom } from './check-from.ts';
import { type DayEntries, splitByDay, tooManyDays } from './day-entries.ts';
import { dayEndMs, retentionStartMs } from './retention-start.ts';
import { CoverageSum, type SlotCount, slotOf } from './source-coverage.ts';

type SourceRecord = QuarantinedRecord & { readonly source: string };

/** A query log that ends with the process. */
export class MemoryQueryLog implements QueryLogStore {
  readonly #maxEntries: number;
  /** Newest first, once `#newestFirst` has sorted them. */
  #entries: FoundEntry[] = [];
  #isSorted = true;
  /** The number of the next entry of each day. */
  readonly #nextNumbers = new Map<number, number>();
  readonly #positions = new Map<string, SourcePosition>();
  /** In the order in which they came. */
  #quarantined: SourceRecord[] = [];
  #isOpen = true;

  /** Of more than `maxEntries` the oldest go. */
  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  async append(batch: SourceBatch): Promise<void> {
    this.#mustBeOpen();
    const { source, position, quarantined } = batch;
    const parts = splitByDay(batch);
    checkFrom(batch, this.#positions.get(source));
    this.#makeRoom(source, parts);
    for (const { day, entries } of parts) this.#add(source, day, entries);
    if (position !== undefined) this.#positions.set(source, position);
    for (const { atMs, reason, sample } of quarantined) {
      this.#quarantined.push({ source, atMs, reason, sample: sample.slice(0, MAX_SAMPLE_OCTETS) });
    }
    if (quarantined.length > 0) this.#quarantined = newestOfEach(this.#quarantined).slice(-MAX_ALL_QUARANTINED);
  }

  async position(source: string): Promise<SourcePosition | undefined> {
    this.#mustBeOpen();
    return this.#positions.get(source);
  }

  async search(question: LogQuestion): Promise<LogPage> {
    this.#mustBeOpen();
    const limit = Math.min(question.limit, MAX_PAGE_ENTRIES);
    if (!(limit >= 1)) return { entries: [], last: undefined };
    const matches = matcher(question);
    const found: FoundEntry[] = [];
    for (const entry of this.#newestFirst()) {
      if (!matches(entry)) continue;
      if (found.length === limit) return { entries: found, last: found.at(-1)!.place };
      found.push(entry);
    }
    return { entries: found, last: undefined };
  }

  async coverage(gapMs: number): Promise<readonly SourceCoverage[]> {
    this.#mustBeOpen();
    const sum = new CoverageSum(gapMs);
    for (const entry of this.#newestFirst().toReversed()) sum.add(slotCountOf(entry));
    return sum.result();
  }

  async quarantined(source: string | undefined): Promise<readonly SourceRecord[]> {
    this.#mustBeOpen();
    return this.#quarantined.filter((record) => source === undefined || record.source === source).toReversed();
  }

  async trim(retention: Retention, nowMs: number): Promise<TrimReport> {
    this.#mustBeOpen();
    const before = this.#newestFirst().length;
    const isKept = ({ source, atMs }: { readonly source: string; readonly atMs: number }) =>
      dayEndMs(dayOf(atMs)) >= retentionStartMs(retention, source, nowMs);
    this.#entries = this.#entries.filter(isKept);
    this.#quarantined = this.#quarantined.filter(isKept);
    return { days: this.#forgetEmptyDays(), entries: before - this.#entries.length };
  }

  async sizeBytes(): Promise<undefined> {
    this.#mustBeOpen();
    return undefined;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** Lets the oldest days go where there are MAX_DAYS, and refuses what is older still. */
  #makeRoom(source: string, parts: readonly DayEntries[]): void {
    const days = new Set([...this.#nextNumbers.keys(), ...parts.map(({ day }) => day)]);
    if (days.size <= MAX_DAYS) return;
    const newest = [...days].sort((a, b) => b - a)[MAX_DAYS]!;
    if (parts.some(({ day }) => day <= newest)) throw tooManyDays(source);
    this.#entries = this.#entries.filter(({ atMs }) => dayOf(atMs) > newest);
    this.#forgetEmptyDays();
  }

  #add(source: string, day: number, entries: Uint8Array): void {
    let number = this.#nextNumbers.get(day) ?? 0;
    for (const entry of readEntries(entries)) {
      this.#entries.push({ ...entry, source, place: { atMs: entry.atMs, number: number++ } });
    }
    this.#nextNumbers.set(day, number);
    this.#isSorted = false;
    // Not at every call: sorting costs as much as there are.
    if (this.#entries.length > 2 * this.#maxEntries) this.#newestFirst();
  }

  #newestFirst(): readonly FoundEntry[] {
    if (!this.#isSorted) this.#entries.sort((a, b) => comparePlaces(b.place, a.place));
    this.#isSorted = true;
    if (this.#entries.length > this.#maxEntries) {
      this.#entries.length = this.#maxEntries;
      this.#forgetEmptyDays();
    }
    return this.#entries;
  }

  /** Says how many days went. */
  #forgetEmptyDays(): number {
    const days = new Set(this.#entries.map(({ atMs }) => dayOf(atMs)));
    const empty = [...this.#nextNumbers.keys()].filter((day) => !days.has(day));
    for (const day of empty) this.#nextNumbers.delete(day);
    return empty.length;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw storeClosed('in memory', 'it was closed before');
  }
}

function comparePlaces(a: LogPlace, b: LogPlace): number {
  return a.atMs - b.atMs || a.number - b.number;
}

function matcher(question: LogQuestion): (entry: FoundEntry) => boolean {
  const { client, answer, source, after } = question;
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = question;
  const name = question.name && canonicalName(question.name);
  const zone = question.zone && canonicalName(question.zone);
  return (entry) =>
    entry.atMs >= sinceMs &&
    entry.atMs < untilMs &&
    (after === undefined || comparePlaces(entry.place, after) < 0) &&
    (client === undefined || entry.client === client) &&
    (source === undefined || entry.source === source) &&
    (answer === undefined || entry.answers.includes(answer)) &&
    (name === undefined || canonicalName(entry.name) === name) &&
    (zone === undefined || isAtOrBelow(canonicalName(entry.name), zone));
}

function newestOfEach(records: readonly SourceRecord[]): SourceRecord[] {
  const counts = new Map<string, number>();
  const kept = records.toReversed().filter(({ source }) => {
    const count = (counts.get(source) ?? 0) + 1;
    counts.set(source, count);
    return count <= MAX_QUARANTINED;
  });
  return kept.reverse();
}

function slotCountOf({ source, atMs }: FoundEntry): SlotCount {
  return { source, slot: slotOf(atMs), entries: 1, firstAtMs: atMs, lastAtMs: atMs };
}
