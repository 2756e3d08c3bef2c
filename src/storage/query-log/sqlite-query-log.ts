import { join, resolve } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { GluewallError } from '../../core/errors.ts';
import {
  DAY_MS,
  type FoundEntry,
  type LogPage,
  type LogQuestion,
  MAX_DAYS,
  MAX_PAGE_ENTRIES,
  type QuarantinedRecord,
  type QueryLogStore,
  type Retention,
  type SourceBatch,
  type SourceCoverage,
  type SourcePosition,
  type TrimReport,
} from '../../querylog/query-log-store.ts';
import { isDamage, type StoreAction, storeClosed, storeError } from '../store-errors.ts';
import { type DayEntries, splitByDay, tooManyDays } from './day-entries.ts';
import { dayQuestion } from './day-question.ts';
import { fileSize, LogDays } from './log-days.ts';
import { makeLogFolder, openLogFile, setLogFileAside } from './log-file.ts';
import { LEDGER_SCHEMA, LogLedger, type Parcel } from './log-ledger.ts';
import { dayEndMs, retentionStartMs } from './retention-start.ts';
import { CoverageSum } from './source-coverage.ts';

/** The file beside those of the days. */
const LEDGER_FILE = 'log.db';

/**
 * Opens the query log in a folder, made where it is missing; other processes may have it open, too. It blocks its thread while
 * it works. Damaged files are set aside: `onSetAside` is told where to, now or later. Throws GluewallError `store-foreign`,
 * `store-newer`, `store-readonly`, `store-write` (no room to make it) or `store-open`.
 */
export function openSqliteQueryLog(folder: string, onSetAside: (aside: string) => void = () => {}): QueryLogStore {
  const real = resolve(folder);
  try {
    makeLogFolder(real);
    const ledger = openLedger(join(real, LEDGER_FILE), onSetAside);
    return new SqliteQueryLog(real, ledger, new LogDays(real, ledger, onSetAside));
  } catch (cause) {
    throw storeError(cause, real, 'open');
  }
}

function openLedger(file: string, onSetAside: (aside: string) => void): LogLedger {
  const open = () => new LogLedger(openLogFile(file, LEDGER_SCHEMA));
  try {
    return open();
  } catch (cause) {
    if (!isDamage(cause, 'open')) throw cause;
    onSetAside(setLogFileAside(file));
    return open();
  }
}

/** The query log in SQLite: a ledger, and a file for each day. */
class SqliteQueryLog implements QueryLogStore {
  readonly #folder: string;
  readonly #ledger: LogLedger;
  readonly #days: LogDays;
  #isOpen = true;
  /** Whether parcels wait that could not be delivered. */
  #isBehind = false;

  constructor(folder: string, ledger: LogLedger, days: LogDays) {
    this.#folder = folder;
    this.#ledger = ledger;
    this.#days = days;
    this.#tryToDeliver();
  }

  async append(batch: SourceBatch): Promise<void> {
    this.#do('write', () => {
      const parts = splitByDay(batch);
      this.#refuseTooMany(batch, parts);
      // Whatever stands in the way of a day is found out before anything is kept, so that what is kept does not pile up.
      for (const { day } of parts) this.#days.make(day);
      this.#deliver();
      const { source, position, quarantined } = batch;
      if (parts.length <= 1 && position === undefined && quarantined.length === 0) {
        for (const { day, entries } of parts) this.#days.write(day, (file) => file.add(source, entries, undefined));
        return;
      }
      this.#ledger.keep(batch, parts);
      this.#tryToDeliver();
    });
  }

  async position(source: string): Promise<SourcePosition | undefined> {
    return this.#do('read', () => this.#ledger.position(source));
  }

  async search(question: LogQuestion): Promise<LogPage> {
    const limit = Math.floor(Math.min(question.limit, MAX_PAGE_ENTRIES));
    const days = this.#read(() => this.#days.list());
    if (!(limit >= 1)) return { entries: [], last: undefined };
    const asked = dayQuestion(question);
    const found: FoundEntry[] = [];
    for (const day of days) {
      if (dayEndMs(day) <= asked.sinceMs || found.length > limit) break;
      if (day * DAY_MS > asked.before.atMs) continue;
      // One more than there is room for tells that more follow.
      const wanted = limit + 1 - found.length;
      found.push(...(this.#read(() => this.#days.read(day, (file) => file.search(asked, wanted))) ?? []));
      await breathe();
    }
    const entries = found.slice(0, limit);
    return { entries, last: found.length > entries.length ? entries.at(-1)?.place : undefined };
  }

  async coverage(gapMs: number): Promise<readonly SourceCoverage[]> {
    const sum = new CoverageSum(gapMs);
    for (const day of this.#read(() => this.#days.list().toReversed())) {
      const counts = this.#read(() => this.#days.read(day, (file) => file.coverage()));
      for (const count of counts ?? []) sum.add(count);
      await breathe();
    }
    return sum.result();
  }

  async quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]> {
    return this.#do('read', () => this.#ledger.quarantined(source));
  }

  async trim(retention: Retention, nowMs: number): Promise<TrimReport> {
    this.#read(() => {});
    const trimmed = { days: 0, entries: 0 };
    this.#do('write', () => this.#ledger.trim(retention, nowMs, DAY_MS));
    for (const day of this.#read(() => this.#days.list().toReversed())) {
      if (dayEndMs(day) < retentionStartMs(retention, undefined, nowMs)) this.#remove(day, trimmed);
      else await this.#trimSources(day, retention, nowMs, trimmed);
      await breathe();
    }
    for (const day of this.#read(() => this.#days.list().toReversed().slice(0, -1))) {
      if (this.#do('read', () => this.#size()) <= retention.sizeBytes) break;
      this.#remove(day, trimmed);
      await breathe();
    }
    return trimmed;
  }

  async sizeBytes(): Promise<number> {
    return this.#do('read', () => this.#size());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#days.close();
    this.#ledger.close();
  }

  /** Removes the entries of those sources that are not kept so long, portion by portion. */
  async #trimSources(
    day: number,
    retention: Retention,
    nowMs: number,
    trimmed: { days: number; entries: number },
  ): Promise<void> {
    const isOver = (source: string) => dayEndMs(day) < retentionStartMs(retention, source, nowMs);
    if (![...retention.keepMsOf.keys()].some(isOver)) return;
    const sources = this.#read(() => this.#days.read(day, (file) => file.sourceNames())) ?? [];
    for (const source of sources.filter(isOver)) {
      for (let isDone = false; !isDone; ) {
        this.#do('write', () =>
          this.#days.write(day, (file) => {
            const portion = file.removePortion(source);
            trimmed.entries += portion.removed;
            isDone = portion.isDone;
          }),
        );
        await breathe();
      }
    }
    const rest = this.#do('write', () => this.#days.remove(day, (file) => file.entryCount() === 0));
    if (rest !== undefined) trimmed.days++;
  }

  #remove(day: number, trimmed: { days: number; entries: number }): void {
    const entries = this.#do('write', () => this.#days.remove(day));
    if (entries === undefined) return;
    trimmed.days++;
    trimmed.entries += entries;
  }

  #refuseTooMany({ source }: SourceBatch, parts: readonly DayEntries[]): void {
    const days = this.#days.list();
    const added = parts.filter(({ day }) => !days.includes(day)).length;
    if (days.length + added > MAX_DAYS) throw tooManyDays(source);
  }

  #size(): number {
    const days = this.#days.list().map((day) => this.#days.sizeBytes(day));
    const ledger = join(this.#folder, LEDGER_FILE);
    return [...days, fileSize(ledger), fileSize(`${ledger}-wal`)].reduce((sum, size) => sum + size, 0);
  }

  /**
   * Brings what is kept in the ledger into the days, also what another process has left there. What is for a day whose file is
   * not ours stays, and is in nobody's way.
   */
  #deliver(): void {
    const last = this.#ledger.lastParcelNumber() ?? 0;
    let parcel = this.#ledger.parcelBehind(0);
    while (parcel !== undefined && parcel.number <= last) {
      try {
        this.#deliverOne(parcel);
      } catch (cause) {
        const isNotOurs = cause instanceof GluewallError && /^store-(?:foreign|newer)$/.test(cause.code);
        if (!isNotOurs) throw cause;
      }
      parcel = this.#ledger.parcelBehind(parcel.number);
    }
    this.#isBehind = false;
  }

  #deliverOne({ number, source, day, entries }: Parcel): void {
    const delivery = {
      parcel: number,
      isWaiting: (parcel: number) => this.#ledger.isWaiting(parcel),
      firstParcelNumber: () => this.#ledger.firstParcelNumber(),
    };
    this.#days.write(day, (file) => file.add(source, entries, delivery));
    this.#ledger.remove(number);
  }

  /** What cannot be delivered now is kept and delivered later. */
  #tryToDeliver(): void {
    try {
      this.#deliver();
    } catch {
      this.#isBehind = true;
    }
  }

  #read<T>(action: () => T): T {
    return this.#do('read', () => {
      if (this.#isBehind) this.#tryToDeliver();
      return action();
    });
  }

  #do<T>(action: StoreAction, operation: () => T): T {
    if (!this.#isOpen) throw storeClosed(this.#folder, 'it was closed before');
    try {
      return operation();
    } catch (cause) {
      // A day has been set aside by now.
      if (isDamage(cause, action)) throw damagedLedger(join(this.#folder, LEDGER_FILE), cause);
      throw storeError(cause, this.#folder, action);
    }
  }
}

function damagedLedger(file: string, cause: unknown): GluewallError {
  const message = `the file ${file} of the query log is damaged: start gluewall anew, which sets it aside`;
  return new GluewallError('store-corrupt', message, { cause });
}
