import type { Database, Statement } from 'better-sqlite3';
import { type Address, formatAddress } from '../core/address.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import type { AllowEntry } from '../policy/allow-list.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import {
  boundedColumns,
  endlessMilliseconds,
  readAddress,
  readEndlessMilliseconds,
  readMilliseconds,
  readText,
} from './column-values.ts';
import { EVENT_COLUMNS, eventRow, readEvent } from './event-rows.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { PORTION_ROWS, type StoreOptions } from './store.ts';
import { type StoreAction, storeClosed, storeError } from './store-errors.ts';
import type { EventPlace, Portion, StoreOperations } from './store-operations.ts';
import { readTriple, TRIPLE_COLUMNS, tripleRow } from './triple-rows.ts';

/** Rows deleted in one go. */
const DELETED_AT_ONCE = 10_000;
const TRIPLE_KEY: readonly string[] = ['zone', 'name_server', 'address'];
const ALLOW_COLUMNS = ['address', 'reason', 'owner', 'created_at_ms', 'expires_at_ms'];

type Row = readonly unknown[];
type Rows = Statement<unknown[], Row>;

/** Opens the store in `file`. Throws what `openSqliteFile` throws; `setAside` says where a damaged file went. */
export function openSqliteDatabase(
  file: string,
  options: StoreOptions,
): { readonly database: SqliteDatabase; readonly setAside: string | undefined } {
  const build = (connection: Database) => new SqliteDatabase(connection, file, options);
  const { opened, setAside } = openSqliteFile(file, build);
  return { database: opened, setAside };
}

/** The store in SQLite, one operation at a time; each blocks its thread. Throws GluewallErrors `store-…`. */
export class SqliteDatabase implements StoreOperations {
  readonly #connection: Database;
  readonly #file: string;
  readonly #maxEvents: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #eventCount: number;
  #unreadableRows = 0;

  /** The tables are those of the newest migration, and the connection is this object's from now on. */
  constructor(connection: Database, file: string, { events }: StoreOptions) {
    this.#connection = connection;
    this.#file = file;
    this.#maxEvents = events;
    this.#statements = prepareStatements(connection);
    this.#eventCount = Number(connection.prepare('SELECT count(*) FROM events').pluck().get());
  }

  /** Rows that could not be read and were left out, since the start. */
  get unreadableRows(): number {
    return this.#unreadableRows;
  }

  triplesAfter(id: number, nowMs: number): Portion<NsTriple, number> {
    return this.#do('read', () => {
      const rows = this.#statements.triplesAfter.all(id, nowMs, PORTION_ROWS);
      const items = this.#readRows(rows, (row) => readTriple(row.slice(1)));
      return { items, next: rows.length < PORTION_ROWS ? undefined : Number(rows.at(-1)![0]) };
    });
  }

  saveTriples(triples: readonly NsTriple[]): void {
    this.#inTransaction(() => {
      for (const triple of triples) {
        if (triple.origin === 'learned') this.#statements.saveTriple.run(tripleRow(triple));
      }
    });
  }

  deleteExpiredTriples(nowMs: number): number {
    return this.#do('write', () => this.#statements.deleteExpiredTriples.run(nowMs, DELETED_AT_ONCE).changes);
  }

  allowEntries(nowMs: number): readonly AllowEntry[] {
    return this.#do('read', () => this.#readRows(this.#statements.allowEntries.all(nowMs), readAllowEntry));
  }

  saveAllowEntry(entry: AllowEntry): void {
    if (entry.origin !== 'command') return;
    const { address, reason, owner, createdAtMs, expiresAtMs } = entry;
    const row = [formatAddress(address), reason, owner, createdAtMs, endlessMilliseconds(expiresAtMs)];
    this.#do('write', () => this.#statements.saveAllowEntry.run(row));
  }

  deleteAllowEntry(address: Address): void {
    this.#do('write', () => this.#statements.deleteAllowEntry.run(formatAddress(address)));
  }

  warmup(): WarmupProgress | undefined {
    return this.#do('read', () => this.#readRows(this.#statements.warmup.all(), readWarmup)[0]);
  }

  saveWarmup({ learnedForMs, lastLearnedAtMs }: WarmupProgress): void {
    this.#do('write', () => this.#statements.saveWarmup.run(endlessMilliseconds(learnedForMs), lastLearnedAtMs));
  }

  saveEvents(events: readonly VerdictEvent[]): void {
    const count = this.#inTransaction(() => {
      for (const event of events) this.#statements.saveEvent.run(eventRow(event));
      const held = this.#eventCount + events.length;
      const excess = held - this.#maxEvents;
      return excess > 0 ? held - this.#statements.deleteOldestEvents.run(excess).changes : held;
    });
    this.#eventCount = count;
  }

  eventsAfter(place: EventPlace | undefined, query: EventQuery): Portion<VerdictEvent, EventPlace> {
    return this.#do('read', () => {
      const start = place ?? this.#oldestEvent(query);
      const limit = Math.min(start.left, PORTION_ROWS);
      if (!(limit > 0)) return { items: [], next: undefined };
      const { where, values } = conditions(query);
      const sql = `
        SELECT id, ${boundedColumns(EVENT_COLUMNS)} FROM events
        WHERE (at_ms, id) > (?, ?) ${where} ORDER BY at_ms, id LIMIT ?`;
      const rows = this.#rows(sql).all(start.atMs, start.id, ...values, limit);
      const items = this.#readRows(rows, (row) => readEvent(row.slice(1)));
      const last = rows.at(-1);
      const left = start.left - rows.length;
      if (last === undefined || rows.length < limit || left === 0) return { items, next: undefined };
      return { items, next: { id: Number(last[0]), atMs: Number(last[1]), left } };
    });
  }

  /** Closes the file. Safe twice. */
  close(): void {
    this.#connection.close();
  }

  /** The place before the oldest of the newest `limit` events. */
  #oldestEvent(query: EventQuery): EventPlace {
    const left = Number.isNaN(query.limit) ? 0 : Math.floor(query.limit);
    const first = { atMs: Number.NEGATIVE_INFINITY, id: 0, left };
    if (left <= 0 || left >= this.#eventCount) return first;
    const { where, values } = conditions(query);
    const sql = `SELECT at_ms, id FROM events WHERE true ${where} ORDER BY at_ms DESC, id DESC LIMIT 1 OFFSET ?`;
    const before = this.#rows(sql).get(...values, left);
    return before === undefined ? first : { atMs: Number(before[0]), id: Number(before[1]), left };
  }

  #rows(sql: string): Rows {
    return this.#connection.prepare<unknown[], Row>(sql).raw();
  }

  #readRows<T>(rows: readonly Row[], read: (row: Row) => T | undefined): T[] {
    const items: T[] = [];
    for (const row of rows) {
      const item = read(row);
      if (item === undefined) this.#unreadableRows++;
      else items.push(item);
    }
    return items;
  }

  #inTransaction<T>(action: () => T): T {
    return this.#do('write', () => this.#connection.transaction(action).immediate());
  }

  #do<T>(action: StoreAction, operation: () => T): T {
    if (!this.#connection.open) throw storeClosed(this.#file, 'it was closed before');
    try {
      return operation();
    } catch (cause) {
      throw storeError(cause, this.#file, action);
    }
  }
}

/** Preparing these also finds out whether the tables are as the migrations make them. */
function prepareStatements(connection: Database) {
  const rows = (sql: string): Rows => connection.prepare<unknown[], Row>(sql).raw();
  const places = (columns: readonly unknown[]) => columns.map(() => '?').join(', ');
  const updates = TRIPLE_COLUMNS.filter((column) => !TRIPLE_KEY.includes(column));
  return {
    triplesAfter: rows(`
      SELECT id, ${boundedColumns(TRIPLE_COLUMNS)} FROM triples
      WHERE id > ? AND (expires_at_ms IS NULL OR expires_at_ms > ?) ORDER BY id LIMIT ?`),
    saveTriple: connection.prepare(`
      INSERT INTO triples (${TRIPLE_COLUMNS.join(', ')}) VALUES (${places(TRIPLE_COLUMNS)})
      ON CONFLICT (address, zone, name_server)
      DO UPDATE SET ${updates.map((column) => `${column} = excluded.${column}`).join(', ')}`),
    deleteExpiredTriples: connection.prepare(`
      DELETE FROM triples WHERE id IN (SELECT id FROM triples WHERE expires_at_ms <= ? LIMIT ?)`),
    allowEntries: rows(`
      SELECT ${boundedColumns(ALLOW_COLUMNS)} FROM allow_entries
      WHERE expires_at_ms IS NULL OR expires_at_ms > ? ORDER BY created_at_ms, address`),
    saveAllowEntry: connection.prepare(`
      INSERT OR REPLACE INTO allow_entries (${ALLOW_COLUMNS.join(', ')}) VALUES (${places(ALLOW_COLUMNS)})`),
    deleteAllowEntry: connection.prepare('DELETE FROM allow_entries WHERE address = ?'),
    warmup: rows('SELECT learned_for_ms, last_learned_at_ms FROM warmup'),
    saveWarmup: connection.prepare(`
      INSERT OR REPLACE INTO warmup (id, learned_for_ms, last_learned_at_ms) VALUES (1, ?, ?)`),
    saveEvent: connection.prepare(`
      INSERT INTO events (${EVENT_COLUMNS.join(', ')}) VALUES (${places(EVENT_COLUMNS)})`),
    deleteOldestEvents: connection.prepare(`
      DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY at_ms, id LIMIT ?)`),
  };
}

/** What an event must be to be wanted, as SQL. */
function conditions({ sinceMs, client, destination }: EventQuery): { readonly where: string; readonly values: Row } {
  const terms: [string, unknown][] = [];
  if (sinceMs !== undefined) terms.push(['at_ms >= ?', sinceMs]);
  if (client !== undefined) terms.push(['client = ?', formatAddress(client)]);
  if (destination !== undefined) terms.push(['destination = ?', formatAddress(destination)]);
  return { where: terms.map(([term]) => `AND ${term}`).join(' '), values: terms.map(([, value]) => value) };
}

function readAllowEntry(row: Row): AllowEntry | undefined {
  const address = readAddress(row[0]);
  const reason = readText(row[1]);
  const owner = readText(row[2]);
  const createdAtMs = readMilliseconds(row[3]);
  const expiresAtMs = readEndlessMilliseconds(row[4]);
  if (address === undefined || reason === undefined || owner === undefined) return undefined;
  if (createdAtMs === undefined || expiresAtMs === undefined) return undefined;
  return { address, origin: 'command', reason, owner, createdAtMs, expiresAtMs };
}

function readWarmup(row: Row): WarmupProgress | undefined {
  const learnedForMs = readEndlessMilliseconds(row[0]);
  const lastLearnedAtMs = readMilliseconds(row[1]);
  if (learnedForMs === undefined || learnedForMs < 0 || lastLearnedAtMs === undefined) return undefined;
  return { learnedForMs, lastLearnedAtMs };
}
