import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import type { FoundEntry, LogPlace } from '../../querylog/query-log-store.ts';
import type { DayQuestion } from './day-question.ts';
import { type EntryRow, readEntryRow } from './day-rows.ts';
import { type DayPart, DaySearch } from './day-search.ts';
import { DayWriter } from './day-writer.ts';
import { BLOCKS_OF_SEGMENT, SEGMENT_ENTRIES } from './segment.ts';
import type { SlotCount } from './source-coverage.ts';

/** Which parcels may come again, as the ledger has it. */
export interface Delivery {
  readonly parcel: number;
  isWaiting(parcel: number): boolean;
  /** The first that waits. */
  firstParcelNumber(): number;
}

/** Kept in memory of the file while it is written to, and else; KiB. */
const WRITING_CACHE_KIBIBYTES = 32 * 1024;
const READING_CACHE_KIBIBYTES = 2 * 1024;

/** The file of one day, opened. Throws what SQLite throws. */
export class LogDay {
  readonly #connection: Database;
  readonly #file: string;
  readonly #inode: bigint | undefined;
  readonly #writer: DayWriter;
  readonly #search: DaySearch;
  readonly #statements: ReturnType<typeof prepareStatements>;

  /** The connection is this object's from now on. */
  constructor(connection: Database, file: string) {
    this.#connection = connection;
    this.#file = file;
    this.#inode = inodeOf(file);
    this.#writer = new DayWriter(connection);
    this.#search = new DaySearch(connection);
    this.#statements = prepareStatements(connection);
    this.rest();
  }

  /** Whether this is still the file of that name: another process may have removed it. */
  get isCurrent(): boolean {
    return inodeOf(this.#file) === this.#inode;
  }

  /** The day is going to be written to, more than once. */
  expectWrites(): void {
    this.#connection.pragma(`cache_size = -${WRITING_CACHE_KIBIBYTES}`);
  }

  /** The day is not going to be written to. */
  rest(): void {
    this.#connection.pragma(`cache_size = -${READING_CACHE_KIBIBYTES}`);
    this.#connection.pragma('shrink_memory');
  }

  /**
   * Calls `action` while no other process writes to the day, and keeps what it writes. False: the file is not that of the day
   * any more, and nothing was done.
   */
  change(action: () => void): boolean {
    const transaction = this.#connection.transaction(() => {
      if (!this.isCurrent) return false;
      action();
      return true;
    });
    return transaction.immediate();
  }

  /** Adds entries; those of a parcel that was added before are left out. To be called in `change`. */
  add(source: string, entries: Uint8Array, delivery: Delivery | undefined): void {
    if (delivery === undefined || this.#isFirstTime(delivery)) this.#writer.add(source, entries);
  }

  /** The parts to be searched, by their last time. */
  parts(question: DayQuestion): readonly DayPart[] {
    const source = this.#sourceOf(question);
    return source === null ? [] : this.#search.parts(question, source);
  }

  /** The newest entries of a part that are asked for and newer than `floor`, newest first. */
  search(part: number, question: DayQuestion, floor: LogPlace, limit: number): readonly FoundEntry[] {
    const source = this.#sourceOf(question);
    if (source === null) return [];
    const found: FoundEntry[] = [];
    let names: ReadonlyMap<number, string> | undefined;
    for (let before: LogPlace | undefined = question.before; before !== undefined; ) {
      const wanted = limit - found.length;
      const rows = this.#search.rows(part, { ...question, before }, source, floor, wanted);
      if (rows.length > 0) names ??= this.#sources();
      for (const row of rows) found.push(...foundEntry(row, names!));
      // What could not be read is made up for.
      const last: EntryRow | undefined = found.length < limit && rows.length === wanted ? rows.at(-1) : undefined;
      before = last && { atMs: last[0], number: last[1] };
    }
    return found;
  }

  /** What there is of each source, in order of time. */
  coverage(): readonly SlotCount[] {
    return this.#statements.coverage.all();
  }

  /** The largest number of a parcel that the day knows. */
  lastDelivered(): number {
    return this.#statements.lastDelivered.get() ?? 0;
  }

  entryCount(): number {
    return this.#statements.entryCount.get() ?? 0;
  }

  sourceNames(): readonly string[] {
    return [...this.#sources().values()];
  }

  /**
   * Removes entries of a source, those of one segment at most; says how many, and whether that was all. Parts of the file that
   * come free may still show octets of them until they are written over, or the file goes. To be called in `change`.
   */
  removePortion(source: string): { readonly removed: number; readonly isDone: boolean } {
    const { sourceNumber, firstBlock, deleteAnswers, deleteEntries, deleteBlocks, deleteSlots, deleteSource } =
      this.#statements;
    const of = sourceNumber.get(source);
    if (of === undefined) return { removed: 0, isDone: true };
    const block = firstBlock.get(of);
    if (block === undefined) {
      deleteSlots.run(of);
      deleteSource.run(of);
      return { removed: 0, isDone: true };
    }
    const segment = Math.floor(block / BLOCKS_OF_SEGMENT);
    const range = [segment * SEGMENT_ENTRIES, (segment + 1) * SEGMENT_ENTRIES];
    deleteAnswers.run(segment, ...range, of);
    const { changes } = deleteEntries.run(...range, of);
    deleteBlocks.run(segment * BLOCKS_OF_SEGMENT, (segment + 1) * BLOCKS_OF_SEGMENT, of);
    return { removed: changes, isDone: false };
  }

  /** Safe twice. */
  close(): void {
    this.#connection.close();
  }

  #isFirstTime({ parcel, isWaiting, firstParcelNumber }: Delivery): boolean {
    // Somebody else has delivered it, and may have forgotten that since.
    if (!isWaiting(parcel)) return false;
    const { addDelivered, deleteDelivered } = this.#statements;
    if (addDelivered.run(parcel).changes === 0) return false;
    deleteDelivered.run(firstParcelNumber());
    return true;
  }

  /** The number of the source that is asked for; undefined: of any, null: the day has nothing of it. */
  #sourceOf({ source }: DayQuestion): number | undefined | null {
    return source === undefined ? undefined : (this.#statements.sourceNumber.get(source) ?? null);
  }

  #sources(): ReadonlyMap<number, string> {
    return new Map(this.#statements.sources.all().map(({ number, name }) => [number, name]));
  }
}

/** None when the row cannot be read. */
function foundEntry(row: EntryRow, sources: ReadonlyMap<number, string>): readonly FoundEntry[] {
  const entry = readEntryRow(row);
  const [atMs, number, sourceNumber] = row;
  const source = sources.get(sourceNumber);
  return entry === undefined || source === undefined ? [] : [{ ...entry, source, place: { atMs, number } }];
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}

function prepareStatements(connection: Database) {
  const run = (sql: string) => connection.prepare<unknown[]>(sql);
  const rows = <T>(sql: string) => connection.prepare<unknown[], T>(sql);
  return {
    addDelivered: run('INSERT OR IGNORE INTO delivered (parcel) VALUES (?)'),
    deleteDelivered: run('DELETE FROM delivered WHERE parcel < ?'),
    lastDelivered: rows<number | null>('SELECT max(parcel) FROM delivered').pluck(),
    sources: rows<{ readonly number: number; readonly name: string }>('SELECT number, name FROM source'),
    sourceNumber: rows<number>('SELECT number FROM source WHERE name = ?').pluck(),
    coverage: rows<SlotCount>(`
      SELECT name AS source, slot, entries, first_at_ms AS firstAtMs, last_at_ms AS lastAtMs
      FROM coverage JOIN source ON source.number = coverage.source ORDER BY coverage.source, slot`),
    entryCount: rows<number>('SELECT sum(entries) FROM block').pluck(),
    firstBlock: rows<number>('SELECT number FROM block WHERE source = ? ORDER BY number LIMIT 1').pluck(),
    deleteAnswers: run(`
      DELETE FROM answer WHERE segment = ? AND number IN (
        SELECT number FROM entry WHERE number >= ? AND number < ? AND source = ? AND answers IS NOT NULL)`),
    deleteEntries: run('DELETE FROM entry WHERE number >= ? AND number < ? AND source = ?'),
    deleteBlocks: run('DELETE FROM block WHERE number >= ? AND number < ? AND source = ?'),
    deleteSlots: run('DELETE FROM coverage WHERE source = ?'),
    deleteSource: run('DELETE FROM source WHERE number = ?'),
  };
}
