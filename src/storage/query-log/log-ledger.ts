import Sqlite, { type Database } from 'better-sqlite3';
import {
  MAX_ALL_QUARANTINED,
  MAX_QUARANTINED,
  MAX_SAMPLE_OCTETS,
  type QuarantinedRecord,
  type Retention,
  type SourceBatch,
  type SourcePosition,
} from '../../querylog/query-log-store.ts';
import { checkFrom } from './check-from.ts';
import type { DayEntries } from './day-entries.ts';
import type { LogSchema } from './log-file.ts';
import { retentionStartMs } from './retention-start.ts';

/** `GlQl`. Numbers in the outbox are never given twice, also when the file has begun anew. */
export const LEDGER_SCHEMA: LogSchema = {
  applicationId: 0x476c516c,
  version: 1,
  sql: `
    CREATE TABLE position (
      source TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      offset_octets INTEGER NOT NULL,
      state TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE outbox (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      source TEXT NOT NULL,
      day INTEGER NOT NULL,
      entries BLOB NOT NULL
    ) STRICT;
    INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', random() >> 16 & 0x3fffffffffff);
    CREATE TABLE quarantined (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      source TEXT NOT NULL,
      at_ms REAL NOT NULL,
      reason TEXT NOT NULL,
      sample BLOB NOT NULL
    ) STRICT;
    CREATE INDEX quarantined_by_source ON quarantined (source, number);
  `,
};

const CACHE_KIBIBYTES = 4096;
/** The first is below 2^46. */
const MAX_PARCEL_NUMBER = 2 ** 50;

/** Entries of one source and one day that are kept, and not yet in the file of their day. */
export interface Parcel extends DayEntries {
  readonly number: number;
  readonly source: string;
}

/** What is kept beside the days: how far sources have been read, what could not be read, what is on its way to the days. */
export class LogLedger {
  readonly #connection: Database;
  readonly #statements: ReturnType<typeof prepareStatements>;

  /** The connection is this object's from now on. Throws what SQLite throws, also where it finds damage. */
  constructor(connection: Database) {
    this.#connection = connection;
    connection.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
    try {
      const verdict = connection.pragma('quick_check(1)', { simple: true });
      if (verdict !== 'ok') throw new Sqlite.SqliteError(String(verdict), 'SQLITE_CORRUPT');
      this.#statements = prepareStatements(connection);
    } catch (cause) {
      connection.close();
      throw cause;
    }
  }

  /** Calls `action` while no other process is in such an action. May be nested. */
  alone<T>(action: () => T): T {
    return this.#connection.inTransaction ? action() : this.#connection.transaction(action).immediate();
  }

  /** Keeps all of a batch; its entries as parcels. Throws GluewallError `store-position`. */
  keep(batch: SourceBatch, parts: readonly DayEntries[]): void {
    const { source, position, quarantined } = batch;
    this.alone(() => {
      checkFrom(batch, this.position(source));
      const { savePosition, saveParcel, saveQuarantined, deleteQuarantined, deleteAllQuarantined } = this.#statements;
      if (position !== undefined) savePosition.run(source, position.fingerprint, position.offset, position.state);
      for (const { day, entries } of parts) saveParcel.run(source, day, entries);
      for (const { atMs, reason, sample } of quarantined.slice(-MAX_QUARANTINED)) {
        saveQuarantined.run(source, atMs, reason, sample.subarray(0, MAX_SAMPLE_OCTETS));
      }
      if (quarantined.length === 0) return;
      deleteQuarantined.run(source, source, MAX_QUARANTINED);
      deleteAllQuarantined.run(MAX_ALL_QUARANTINED);
    });
  }

  /** The first parcel that has to be delivered and is behind another. */
  parcelBehind(number: number): Parcel | undefined {
    return this.#statements.parcelBehind.get(number);
  }

  /** The number of the last parcel there is now. */
  lastParcelNumber(): number | undefined {
    return this.#statements.lastParcelNumber.get() ?? undefined;
  }

  /** The number of the first parcel that has to be delivered; Infinity: there is none. */
  firstParcelNumber(): number {
    return this.#statements.firstParcelNumber.get() ?? Number.POSITIVE_INFINITY;
  }

  isWaiting(parcelNumber: number): boolean {
    return this.#statements.isWaiting.get(parcelNumber) !== undefined;
  }

  /** The parcel has been delivered. */
  remove(parcelNumber: number): void {
    this.#statements.deleteParcel.run(parcelNumber);
  }

  /**
   * Gives parcels numbers behind this one only: a day knows it already. After a power cut a day may have more than the ledger,
   * and would take what is new for what it has.
   */
  giveNumbersBehind(parcelNumber: number): void {
    const { lastGivenNumber, saveLastGivenNumber } = this.#statements;
    // No larger one has been given; a damaged day may have any.
    if (parcelNumber > MAX_PARCEL_NUMBER || parcelNumber <= (lastGivenNumber.get() ?? 0)) return;
    saveLastGivenNumber.run(parcelNumber);
  }

  position(source: string): SourcePosition | undefined {
    return this.#statements.position.get(source);
  }

  quarantined(source: string | undefined): (QuarantinedRecord & { readonly source: string })[] {
    const { allQuarantined, quarantinedOf } = this.#statements;
    return source === undefined ? allQuarantined.all() : quarantinedOf.all(source);
  }

  /** Lets go of records that could not be read; `dayMs` is how long a day is. */
  trim(retention: Retention, nowMs: number, dayMs: number): void {
    const { quarantinedSources, deleteOldQuarantined } = this.#statements;
    for (const source of quarantinedSources.all()) {
      deleteOldQuarantined.run(source, dayMs, dayMs, retentionStartMs(retention, source, nowMs));
    }
  }

  /** Safe twice. */
  close(): void {
    this.#connection.close();
  }
}

function prepareStatements(connection: Database) {
  const run = (sql: string) => connection.prepare<unknown[]>(sql);
  const rows = <T>(sql: string) => connection.prepare<unknown[], T>(sql);
  const quarantined = 'SELECT source, at_ms AS atMs, reason, sample FROM quarantined';
  return {
    savePosition: run(
      'INSERT OR REPLACE INTO position (source, fingerprint, offset_octets, state) VALUES (?, ?, ?, ?)',
    ),
    saveParcel: run('INSERT INTO outbox (source, day, entries) VALUES (?, ?, ?)'),
    saveQuarantined: run('INSERT INTO quarantined (source, at_ms, reason, sample) VALUES (?, ?, ?, ?)'),
    deleteQuarantined: run(`
      DELETE FROM quarantined WHERE source = ? AND number <= (
        SELECT number FROM quarantined WHERE source = ? ORDER BY number DESC LIMIT 1 OFFSET ?)`),
    deleteAllQuarantined: run(`
      DELETE FROM quarantined WHERE number <= (
        SELECT number FROM quarantined ORDER BY number DESC LIMIT 1 OFFSET ?)`),
    lastGivenNumber: rows<number>("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck(),
    saveLastGivenNumber: run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'"),
    parcelBehind: rows<Parcel>(
      'SELECT number, source, day, entries FROM outbox WHERE number > ? ORDER BY number LIMIT 1',
    ),
    firstParcelNumber: rows<number | null>('SELECT min(number) FROM outbox').pluck(),
    lastParcelNumber: rows<number | null>('SELECT max(number) FROM outbox').pluck(),
    isWaiting: rows<number>('SELECT 1 FROM outbox WHERE number = ?').pluck(),
    deleteParcel: run('DELETE FROM outbox WHERE number = ?'),
    position: rows<SourcePosition>('SELECT fingerprint, offset_octets AS offset, state FROM position WHERE source = ?'),
    allQuarantined: rows<QuarantinedRecord & { readonly source: string }>(`${quarantined} ORDER BY number DESC`),
    quarantinedOf: rows<QuarantinedRecord & { readonly source: string }>(
      `${quarantined} WHERE source = ? ORDER BY number DESC`,
    ),
    quarantinedSources: rows<string>('SELECT DISTINCT source FROM quarantined').pluck(),
    deleteOldQuarantined: run('DELETE FROM quarantined WHERE source = ? AND (floor(at_ms / ?) + 1) * ? < ?'),
  };
}
