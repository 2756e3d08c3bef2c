import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import type { SaveMark } from '../core/save-mark.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import { PORTION_FINDINGS } from '../findings/finding-store.ts';
import { readTriple, TripleBatchWriter } from '../nsdb/triple-batch.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule } from '../policy/rule.ts';
import { inTableOrder } from './batch-order.ts';
import { boundedColumns, endlessMilliseconds } from './column-values.ts';
import { EVENT_COLUMNS, readEvent } from './event-rows.ts';
import { type EventDialect, eventSteps } from './event-steps.ts';
import {
  FINDING_COLUMNS,
  FINDING_QUERY_COLUMNS,
  type FindingPlace,
  findingRow,
  placeOfFinding,
  readFindingRow,
} from './finding-rows.ts';
import { saveEvents } from './inbox/save-events.ts';
import { MIGRATIONS, migrate, schemaVersion } from './migrations.ts';
import { RULE_COLUMNS, readRule, readWarmup, ruleRow } from './policy-rows.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { SqliteSteps } from './sqlite-steps.ts';
import { type StepArguments, type StepName, type StepResult, stepsOf } from './step-operations.ts';
import { places, type Row, type StepContext } from './steps.ts';
import { PORTION_ROWS, type StoreContents, type StoreOptions } from './store.ts';
import { type StoreAction, storeClosed, storeError } from './store-errors.ts';
import type { EventPlace, Portion, StoreOperations, TriplePlace } from './store-operations.ts';
import { placeOfRow, readPackedRow } from './triple-columns.ts';

/** What SQLite calls a database that has no file. */
const MEMORY = ':memory:';

/** Marks of writers that have not written for so long are forgotten, milliseconds. */
const MARK_LIFE_MS = 90 * 86_400_000;

/** Longer facts are cut, and so are unreadable. */
const MAX_FACTS_OCTETS = 1024;

const DIALECT: EventDialect = {
  columns: `id, ${boundedColumns(EVENT_COLUMNS)}`,
  tableBy: (index) => `events INDEXED BY ${index}`,
  compare: (operator, { atMs, id }) => ({ sql: `(at_ms, id) ${operator} (?, ?)`, values: [atMs, id] }),
};

type Rows = Statement<unknown[], Row>;

/** Opens the store in `file`; `moving` is called again and again while rows of an older version are moved. Throws what `openSqliteFile` throws; `setAside` says where a damaged file went. */
export function openSqliteDatabase(
  file: string,
  options: StoreOptions,
  moving?: () => void,
): { readonly database: SqliteDatabase; readonly setAside: string | undefined } {
  const build = (connection: Database) => new SqliteDatabase(connection, file, options);
  const { opened, setAside } = openSqliteFile(file, build, options.isStrict, moving);
  return { database: opened, setAside };
}

/** A store that ends with the process. */
export function openSqliteMemory(options: StoreOptions): SqliteDatabase {
  const connection = new Sqlite(MEMORY);
  migrate(connection, MIGRATIONS, Date.now());
  return new SqliteDatabase(connection, MEMORY, options);
}

/** The store in SQLite, one operation at a time; each blocks its thread. Throws GluewallErrors `store-…`. */
export class SqliteDatabase implements StoreOperations {
  readonly #connection: Database;
  readonly #file: string;
  readonly #maxEvents: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #steps: SqliteSteps;
  readonly #context: StepContext;
  #eventCount: number;
  #unreadableRows = 0;

  /** The tables are those of the newest migration, and the connection is this object's from now on. */
  constructor(connection: Database, file: string, { events }: StoreOptions) {
    this.#connection = connection;
    this.#file = file;
    this.#maxEvents = events;
    this.#statements = prepareStatements(connection);
    this.#steps = new SqliteSteps(connection);
    this.#context = { dialect: 'sqlite', unreadable: () => this.#unreadableRows++ };
    this.#eventCount = Number(connection.prepare('SELECT count(*) FROM events').pluck().get());
  }

  /** Rows that could not be read and were left out, since the start. */
  get unreadableRows(): number {
    return this.#unreadableRows;
  }

  triplesAfter(place: TriplePlace | undefined, sinceMs: number): Portion<Uint8Array, TriplePlace> {
    return this.#do('read', () => {
      const { firstTriples, triplesAfter } = this.#statements;
      const after = place && [place.zone, place.nameServer, place.address].map((octets) => Buffer.from(octets));
      const rows =
        after === undefined
          ? firstTriples.all(sinceMs, PORTION_ROWS)
          : triplesAfter.all(...after, sinceMs, PORTION_ROWS);
      const writer = new TripleBatchWriter();
      for (const row of rows) this.#pack(row, writer);
      const next = rows.length < PORTION_ROWS ? undefined : placeOfRow(rows.at(-1));
      return { items: writer.take(), next };
    });
  }

  saveTriples(batch: Uint8Array, mark?: SaveMark): void {
    this.#inTransaction(mark, () => {
      const { saveTriple } = this.#statements;
      for (const { zone, nameServer, address, expiresAtMs, facts } of inTableOrder(batch)) {
        saveTriple.run(zone, nameServer, address, endlessMilliseconds(expiresAtMs), facts);
      }
    });
  }

  deleteExpiredTriples(beforeMs: number): number {
    return this.#do('write', () => this.#statements.deleteExpiredTriples.run(beforeMs).changes);
  }

  rules(nowMs: number): readonly Rule[] {
    return this.#do('read', () => this.#readRows(this.#statements.rules.all(nowMs), readRule));
  }

  saveRule(rule: Rule): void {
    if (rule.origin !== 'command') return;
    this.#inTransaction(undefined, () => {
      this.#statements.deleteExpiredRules.run(rule.createdAtMs);
      this.#statements.saveRule.run(ruleRow(rule));
    });
  }

  deleteRule(id: string): void {
    this.#do('write', () => this.#statements.deleteRule.run(id));
  }

  warmup(): WarmupProgress | undefined {
    return this.#do('read', () => this.#readRows(this.#statements.warmup.all(), readWarmup)[0]);
  }

  saveWarmup({ learnedForMs, lastLearnedAtMs }: WarmupProgress): void {
    this.#do('write', () => this.#statements.saveWarmup.run(endlessMilliseconds(learnedForMs), lastLearnedAtMs));
  }

  saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): void {
    let count = this.#eventCount;
    this.#inTransaction(mark, () => {
      if (events.length > 0) count = this.#steps.run(saveEvents(this.#context, events, count, this.#maxEvents));
    });
    this.#eventCount = count;
  }

  run<K extends StepName>(name: K, args: StepArguments<K>): StepResult<K> {
    const { steps, writes } = stepsOf(this.#context, name, args);
    if (!writes) return this.#do('read', () => this.#steps.run(steps));
    let result: StepResult<K>;
    this.#inTransaction(undefined, () => {
      result = this.#steps.run(steps);
    });
    return result!;
  }

  eventsAfter(place: EventPlace | undefined, query: EventQuery): Portion<readonly VerdictEvent[], EventPlace> {
    return this.#do('read', () => {
      const steps = eventSteps(DIALECT, place, query, this.#eventCount);
      let step = steps.next();
      while (step.done !== true) step = steps.next(this.#rows(step.value.sql).all(...step.value.values));
      const { rows, next } = step.value;
      return { items: this.#readRows(rows, (row) => readEvent(row.slice(1))), next };
    });
  }

  saveFindings(findings: readonly Finding[]): void {
    this.#inTransaction(undefined, () => {
      for (const finding of findings) this.#statements.saveFinding.run(findingRow(finding));
    });
  }

  deleteFindings(ids: readonly string[]): void {
    this.#inTransaction(undefined, () => {
      for (const id of ids) this.#statements.deleteFinding.run(id);
    });
  }

  findingsAfter(place: FindingPlace | undefined): Portion<readonly Finding[], FindingPlace> {
    return this.#do('read', () => {
      const { firstFindings, findingsAfter } = this.#statements;
      const rows =
        place === undefined
          ? firstFindings.all(PORTION_FINDINGS)
          : findingsAfter.all(place.updatedAtMs, place.id, PORTION_FINDINGS);
      const next = rows.length < PORTION_FINDINGS ? undefined : placeOfFinding(rows.at(-1));
      return { items: this.#readRows(rows, readFindingRow), next };
    });
  }

  contents(): StoreContents {
    return this.#do('read', () => {
      const one = (sql: string) => Number(this.#connection.prepare(sql).pluck().get() ?? Number.NaN);
      const instant = (which: string) => {
        const atMs = this.#connection.prepare(`SELECT ${which}(at_ms) FROM events`).pluck().get();
        return typeof atMs === 'number' ? atMs : undefined;
      };
      return {
        schemaVersion: schemaVersion(this.#connection),
        triples: one('SELECT count(*) FROM triples'),
        events: this.#eventCount,
        rules: one('SELECT count(*) FROM rules'),
        findings: one('SELECT count(*) FROM findings'),
        entries: one('SELECT count(*) FROM entries'),
        sizeBytes:
          this.#file === MEMORY
            ? undefined
            : one('SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()'),
        oldestEventAtMs: instant('min'),
        newestEventAtMs: instant('max'),
      };
    });
  }

  /** Closes the file. Safe twice. */
  close(): void {
    this.#connection.close();
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

  /** Puts a row into the batch, if it is a triple. */
  #pack(row: Row, writer: TripleBatchWriter): void {
    const packed = readPackedRow(row);
    if (packed === undefined || readTriple(packed) === undefined || !writer.addPacked(packed)) this.#unreadableRows++;
  }

  /** All of the action or nothing, and nothing when the mark says that it was done before. */
  #inTransaction(mark: SaveMark | undefined, action: () => void): void {
    this.#do('write', () => {
      const transaction = this.#connection.transaction(() => {
        if (mark === undefined || this.#setMark(mark)) action();
      });
      transaction.immediate();
    });
  }

  /** False when it was set before. */
  #setMark({ writer, sequence }: SaveMark): boolean {
    const { setMark, deleteMarks } = this.#statements;
    const nowMs = Date.now();
    if (setMark.run(writer, sequence, nowMs).changes === 0) return false;
    deleteMarks.run(nowMs - MARK_LIFE_MS);
    return true;
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
  const triples = (after: string) => `
    SELECT zone, name_server, address, expires_at_ms, substr(facts, 1, ${MAX_FACTS_OCTETS}) FROM triples
    WHERE ${after} (expires_at_ms IS NULL OR expires_at_ms > ?) ORDER BY zone, name_server, address LIMIT ?`;
  return {
    firstTriples: rows(triples('')),
    triplesAfter: rows(triples('(zone, name_server, address) > (?, ?, ?) AND')),
    saveTriple: connection.prepare(`
      INSERT OR REPLACE INTO triples (zone, name_server, address, expires_at_ms, facts) VALUES (?, ?, ?, ?, ?)`),
    // There is no index of instants, which would cost more than it saves: all rows are looked through once a minute.
    deleteExpiredTriples: connection.prepare('DELETE FROM triples WHERE expires_at_ms <= ?'),
    setMark: connection.prepare(`
      INSERT INTO saves (writer, sequence, saved_at_ms) VALUES (?, ?, ?)
      ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, saved_at_ms = excluded.saved_at_ms
      WHERE sequence < excluded.sequence`),
    deleteMarks: connection.prepare('DELETE FROM saves WHERE saved_at_ms < ?'),
    rules: rows(`
      SELECT ${boundedColumns(RULE_COLUMNS)} FROM rules
      WHERE expires_at_ms IS NULL OR expires_at_ms > ? ORDER BY created_at_ms, id`),
    saveRule: connection.prepare(`
      INSERT OR REPLACE INTO rules (${RULE_COLUMNS.join(', ')}) VALUES (${places(RULE_COLUMNS)})`),
    deleteExpiredRules: connection.prepare('DELETE FROM rules WHERE expires_at_ms <= ?'),
    deleteRule: connection.prepare('DELETE FROM rules WHERE id = ?'),
    warmup: rows('SELECT learned_for_ms, last_learned_at_ms FROM warmup'),
    saveWarmup: connection.prepare(`
      INSERT OR REPLACE INTO warmup (id, learned_for_ms, last_learned_at_ms) VALUES (1, ?, ?)`),
    saveFinding: connection.prepare(`
      INSERT OR REPLACE INTO findings (${FINDING_COLUMNS.join(', ')}) VALUES (${places(FINDING_COLUMNS)})`),
    deleteFinding: connection.prepare('DELETE FROM findings WHERE id = ?'),
    firstFindings: rows(`SELECT ${FINDING_QUERY_COLUMNS} FROM findings ORDER BY updated_at_ms DESC, id DESC LIMIT ?`),
    findingsAfter: rows(`
      SELECT ${FINDING_QUERY_COLUMNS} FROM findings WHERE (updated_at_ms, id) < (?, ?)
      ORDER BY updated_at_ms DESC, id DESC LIMIT ?`),
  };
}
