import { join, resolve } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { DAY_MS } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import {
  dayOf,
  type LogPage,
  type LogQuestion,
  MAX_DAYS,
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
import { fileSize, LogDays } from './log-days.ts';
import { makeLogFolder, openLogFile, setLogFileAside } from './log-file.ts';
import { LEDGER_SCHEMA, LogLedger, type Parcel } from './log-ledger.ts';
import { dayEndMs, retentionStartMs } from './retention-start.ts';
import { searchDays } from './search-days.ts';
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
  /** Whether parcels may wait that can be delivered. */
  #isBehind = true;

  constructor(folder: string, ledger: LogLedger, days: LogDays) {
    this.#folder = folder;
    this.#ledger = ledger;
    this.#days = days;
  }

  async append(batch: SourceBatch): Promise<void> {
    const parts = this.#do('write', () => splitByDay(batch));
    await this.#makeRoom(batch, parts);
    // Whatever stands in the way of a day is found out before anything is kept, so that what is kept does not pile up.
    await oneByOne(parts, ({ day }) => this.#do('write', () => this.#days.make(day)));
    const failed = await this.#deliver();
    const cause = parts.map(({ day }) => failed.get(day)).find((cause) => cause !== undefined);
    if (cause !== undefined) throw storeError(cause, this.#folder, 'write');
    const { source, position, quarantined } = batch;
    if (parts.length <= 1 && position === undefined && quarantined.length === 0) {
      for (const { day, entries } of parts) {
        this.#do('write', () => this.#days.write(day, (file) => file.add(source, entries, undefined)));
      }
      return;
    }
    this.#do('write', () => this.#ledger.keep(batch, parts));
    await this.#tryToDeliver();
  }

  async position(source: string): Promise<SourcePosition | undefined> {
    return this.#do('read', () => this.#ledger.position(source));
  }

  async search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage> {
    await this.#catchUp();
    return searchDays((action) => this.#do('read', () => action(this.#days)), question, signal);
  }

  async coverage(gapMs: number): Promise<readonly SourceCoverage[]> {
    await this.#catchUp();
    const sum = new CoverageSum(gapMs);
    for (const day of this.#listDays().toReversed()) {
      const counts = this.#do('read', () => this.#days.read(day, (file) => file.coverage()));
      for (const count of counts ?? []) sum.add(count);
      await breathe();
    }
    return sum.result();
  }

  async quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]> {
    return this.#do('read', () => this.#ledger.quarantined(source));
  }

  async trim(retention: Retention, nowMs: number): Promise<TrimReport> {
    await this.#catchUp();
    const trimmed = { days: 0, entries: 0 };
    this.#do('write', () => this.#ledger.trim(retention, nowMs, DAY_MS));
    for (const day of this.#listDays().toReversed()) {
      if (dayEndMs(day) < retentionStartMs(retention, undefined, nowMs)) this.#remove(day, trimmed);
      else await this.#trimSources(day, retention, nowMs, trimmed);
      await breathe();
    }
    for (const day of this.#listDays().slice(1).toReversed()) {
      if (day >= dayOf(nowMs) || this.#do('read', () => this.#daysSize()) <= retention.sizeBytes) break;
      this.#remove(day, trimmed);
      await breathe();
    }
    return trimmed;
  }

  async sizeBytes(): Promise<number> {
    return this.#do('read', () => {
      const ledger = join(this.#folder, LEDGER_FILE);
      return this.#daysSize() + fileSize(ledger) + fileSize(`${ledger}-wal`);
    });
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
    const sources = this.#do('read', () => this.#days.read(day, (file) => file.sourceNames())) ?? [];
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

  /** Lets the oldest days go where the log has MAX_DAYS, and refuses what is older still. */
  async #makeRoom({ source }: SourceBatch, parts: readonly DayEntries[]): Promise<void> {
    const added = parts.filter(({ day }) => !this.#days.has(day)).length;
    if (added === 0) return;
    const days = this.#listDays();
    const going = days.slice(Math.max(0, MAX_DAYS - added));
    const [newest = Number.NEGATIVE_INFINITY] = going;
    if (parts.some(({ day }) => day <= newest)) throw tooManyDays(source);
    await oneByOne(going, (day) => this.#do('write', () => this.#days.remove(day)));
  }

  #listDays(): readonly number[] {
    return this.#do('read', () => this.#days.list());
  }

  #daysSize(): number {
    return this.#days.list().reduce((sum, day) => sum + this.#days.sizeBytes(day), 0);
  }

  /**
   * Brings what is kept in the ledger into the days, also what another process has left there. What cannot be written to a day
   * stays, and is in nobody's way; says of such days what was thrown. Rejects where the ledger fails.
   */
  async #deliver(): Promise<ReadonlyMap<number, unknown>> {
    const failed = new Map<number, unknown>();
    const parcelBehind = (number: number) => this.#do('write', () => this.#ledger.parcelBehind(number));
    const last = this.#do('write', () => this.#ledger.lastParcelNumber()) ?? 0;
    let parcel = parcelBehind(0);
    while (parcel !== undefined && parcel.number <= last) {
      if (!failed.has(parcel.day)) {
        try {
          this.#deliverOne(parcel);
        } catch (cause) {
          failed.set(parcel.day, cause);
        }
      }
      parcel = parcelBehind(parcel.number);
      if (parcel !== undefined) await breathe();
    }
    this.#isBehind = [...failed.values()].some((cause) => !isNotOurs(cause));
    return failed;
  }

  #deliverOne({ number, source, day, entries }: Parcel): void {
    // Damage of the ledger is none of the day.
    const delivery = {
      parcel: number,
      isWaiting: (parcel: number) => this.#do('write', () => this.#ledger.isWaiting(parcel)),
      firstParcelNumber: () => this.#do('write', () => this.#ledger.firstParcelNumber()),
    };
    this.#days.write(day, (file) => file.add(source, entries, delivery));
    this.#ledger.remove(number);
  }

  /** What cannot be delivered now is kept and delivered later. */
  async #tryToDeliver(): Promise<void> {
    try {
      await this.#deliver();
    } catch {
      this.#isBehind = true;
    }
  }

  /** To be called before days are read. */
  async #catchUp(): Promise<void> {
    this.#do('read', () => {});
    if (this.#isBehind) await this.#tryToDeliver();
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

/** Calls `action` for each, and lets the thread do other work in between. */
async function oneByOne<T>(items: readonly T[], action: (item: T) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index > 0) await breathe();
    action(item);
  }
}

function isNotOurs(cause: unknown): boolean {
  return cause instanceof GluewallError && /^store-(?:foreign|newer)$/.test(cause.code);
}

function damagedLedger(file: string, cause: unknown): GluewallError {
  const message = `the file ${file} of the query log is damaged: start gluewall anew, which sets it aside`;
  return new GluewallError('store-corrupt', message, { cause });
}
