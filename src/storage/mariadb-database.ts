import type { Connection } from 'mariadb';
import type { SaveMark } from '../core/save-mark.ts';
import type { EventQuery } from '../events/event-store.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import { PORTION_FINDINGS } from '../findings/finding-store.ts';
import { type PackedTriple, readTriple, TripleBatchWriter } from '../nsdb/triple-batch.ts';
import type { WarmupProgress } from '../policy/mode.ts';
import type { Rule } from '../policy/rule.ts';
import { inTableOrder } from './batch-order.ts';
import { endlessMilliseconds } from './column-values.ts';
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
import { connectMariadb, type MariadbAccess } from './mariadb-connection.ts';
import { mariadbError } from './mariadb-errors.ts';
import { MARIADB_MIGRATIONS } from './mariadb-migrations.ts';
import { formatMariadbPlace } from './mariadb-place.ts';
import { runSteps, textOf } from './mariadb-steps.ts';
import { RULE_COLUMNS, readRule, readWarmup, ruleRow } from './policy-rows.ts';
import { type StepArguments, type StepName, type StepResult, stepsOf } from './step-operations.ts';
import { finite, places, type Row, type StepContext } from './steps.ts';
import { PORTION_ROWS, type StoreContents, type StoreOptions } from './store.ts';
import { type StoreAction, storeClosed } from './store-errors.ts';
import type { AsyncStoreOperations, EventPlace, Portion, TriplePlace } from './store-operations.ts';
import { placeOfRow, readPackedRow } from './triple-columns.ts';

const TRIPLE_COLUMNS = 'zone, name_server, address, expires_at_ms, facts';
const DELETED_AT_ONCE = 10_000;
/** Marks of writers that have not written for so long are forgotten, milliseconds. */
const MARK_LIFE_MS = 90 * 86_400_000;

const DIALECT: EventDialect = {
  columns: `id, ${EVENT_COLUMNS.join(', ')}`,
  // Told which, the server does not sort all there is for a few.
  tableBy: (index) => `events FORCE INDEX (${index})`,
  // Written out: the server finds no place in an index by comparing rows of values.
  compare: (operator, { atMs, id }) => ({
    sql: `(at_ms ${operator[0]} ? OR (at_ms = ? AND id ${operator} ?))`,
    values: [atMs, atMs, id],
  }),
};

const SQL = {
  firstTriples: `SELECT ${TRIPLE_COLUMNS} FROM triples WHERE expires_at_ms IS NULL OR expires_at_ms > ?
    ORDER BY zone, name_server, address LIMIT ?`,
  // Written out: the server finds no place in an index by comparing rows of values.
  triplesAfter: `SELECT ${TRIPLE_COLUMNS} FROM triples
    WHERE (zone > ? OR (zone = ? AND (name_server > ? OR (name_server = ? AND address > ?))))
      AND (expires_at_ms IS NULL OR expires_at_ms > ?)
    ORDER BY zone, name_server, address LIMIT ?`,
  saveTriple: `INSERT INTO triples (${TRIPLE_COLUMNS}) VALUES (?, ?, ?, ?, ?)
    ON DUPLICATE KEY UPDATE expires_at_ms = VALUES(expires_at_ms), facts = VALUES(facts)`,
  deleteExpiredTriples: `DELETE FROM triples WHERE expires_at_ms <= ? LIMIT ${DELETED_AT_ONCE}`,
  // The row keeps whoever would do the same save waiting; one that was done before changes nothing.
  setMark: `INSERT INTO saves (writer, sequence, saved_at_ms) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE
    saved_at_ms = IF(sequence < VALUES(sequence), VALUES(saved_at_ms), saved_at_ms),
    sequence = GREATEST(sequence, VALUES(sequence))`,
  deleteMarks: 'DELETE FROM saves WHERE saved_at_ms < ?',
  rules: `SELECT ${RULE_COLUMNS.join(', ')} FROM rules
    WHERE expires_at_ms IS NULL OR expires_at_ms > ? ORDER BY created_at_ms, id`,
  saveRule: `REPLACE INTO rules (${RULE_COLUMNS.join(', ')}) VALUES (${places(RULE_COLUMNS)})`,
  deleteExpiredRules: 'DELETE FROM rules WHERE expires_at_ms <= ?',
  deleteRule: 'DELETE FROM rules WHERE id = ?',
  warmup: 'SELECT learned_for_ms, last_learned_at_ms FROM warmup',
  saveWarmup: 'REPLACE INTO warmup (id, learned_for_ms, last_learned_at_ms) VALUES (1, ?, ?)',
  countEvents: 'SELECT COUNT(*) FROM events',
  saveFinding: `REPLACE INTO findings (${FINDING_COLUMNS.join(', ')}) VALUES (${places(FINDING_COLUMNS)})`,
  deleteFinding: 'DELETE FROM findings WHERE id = ?',
  firstFindings: `SELECT ${FINDING_QUERY_COLUMNS} FROM findings ORDER BY updated_at_ms DESC, id DESC LIMIT ?`,
  findingsAfter: `SELECT ${FINDING_QUERY_COLUMNS} FROM findings
    WHERE updated_at_ms < ? OR (updated_at_ms = ? AND id < ?) ORDER BY updated_at_ms DESC, id DESC LIMIT ?`,
  contents: `SELECT (SELECT COUNT(*) FROM triples), (SELECT COUNT(*) FROM events), (SELECT COUNT(*) FROM rules),
    (SELECT COUNT(*) FROM findings), (SELECT COUNT(*) FROM entries),
    (SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE()),
    (SELECT MIN(at_ms) FROM events), (SELECT MAX(at_ms) FROM events)`,
} as const;

/** The store in MariaDB, one operation at a time. Connects when it is asked and has no connection. Rejects with `store-…`. */
export class MariadbDatabase implements AsyncStoreOperations {
  readonly #access: MariadbAccess;
  readonly #place: string;
  readonly #maxEvents: number;
  readonly #context: StepContext;
  #connection: Connection | undefined;
  /** Undefined until it was counted on this connection. */
  #eventCount: number | undefined;
  #unreadableRows = 0;
  #isClosed = false;

  constructor(access: MariadbAccess, { events }: StoreOptions) {
    this.#access = access;
    this.#place = formatMariadbPlace(access.place);
    this.#maxEvents = events;
    this.#context = { dialect: 'mariadb', unreadable: () => this.#unreadableRows++ };
  }

  /** Rows that could not be read and were left out, since the start. */
  get unreadableRows(): number {
    return this.#unreadableRows;
  }

  triplesAfter(place: TriplePlace | undefined, sinceMs: number): Promise<Portion<Uint8Array, TriplePlace>> {
    return this.#do('read', async (connection) => {
      const since = finite(sinceMs);
      const rows: Row[] =
        place === undefined
          ? await connection.execute(SQL.firstTriples, [since, PORTION_ROWS])
          : await connection.execute(SQL.triplesAfter, [...afterValues(place), since, PORTION_ROWS]);
      const writer = new TripleBatchWriter();
      for (const row of rows) this.#pack(row, writer);
      const next = rows.length < PORTION_ROWS ? undefined : placeOfRow(rows.at(-1));
      return { items: writer.take(), next };
    });
  }

  saveTriples(batch: Uint8Array, mark?: SaveMark): Promise<void> {
    return this.#inTransaction(mark, async (connection) => {
      const rows = inTableOrder(batch).map(tripleValues);
      if (rows.length > 0) await connection.batch(SQL.saveTriple, rows);
    });
  }

  deleteExpiredTriples(beforeMs: number): Promise<number> {
    return this.#do('write', async (connection) =>
      changes(await connection.execute(SQL.deleteExpiredTriples, [finite(beforeMs)])),
    );
  }

  rules(nowMs: number): Promise<readonly Rule[]> {
    return this.#do('read', async (connection) =>
      this.#readRows(await connection.execute(SQL.rules, [finite(nowMs)]), readRule),
    );
  }

  async saveRule(rule: Rule): Promise<void> {
    if (rule.origin !== 'command') return;
    await this.#inTransaction(undefined, async (connection) => {
      await connection.execute(SQL.deleteExpiredRules, [rule.createdAtMs]);
      await connection.execute(SQL.saveRule, ruleRow(rule));
    });
  }

  async deleteRule(id: string): Promise<void> {
    await this.#do('write', (connection) => connection.execute(SQL.deleteRule, [id]));
  }

  warmup(): Promise<WarmupProgress | undefined> {
    return this.#do('read', async (connection) => this.#readRows(await connection.execute(SQL.warmup), readWarmup)[0]);
  }

  async saveWarmup({ learnedForMs, lastLearnedAtMs }: WarmupProgress): Promise<void> {
    const values = [endlessMilliseconds(learnedForMs), lastLearnedAtMs];
    await this.#do('write', (connection) => connection.execute(SQL.saveWarmup, values));
  }

  async saveEvents(events: readonly VerdictEvent[], mark?: SaveMark): Promise<void> {
    if (events.length === 0) return;
    let count: number | undefined;
    await this.#inTransaction(mark, async (connection) => {
      const held = this.#eventCount ?? (await countEvents(connection));
      count = await runSteps(connection, saveEvents(this.#context, events, held, this.#maxEvents));
    });
    this.#eventCount = count ?? this.#eventCount;
  }

  async run<K extends StepName>(name: K, args: StepArguments<K>): Promise<StepResult<K>> {
    const { steps, writes } = stepsOf(this.#context, name, args);
    if (!writes) return this.#do('read', (connection) => runSteps(connection, steps));
    let result: StepResult<K>;
    await this.#inTransaction(undefined, async (connection) => {
      result = await runSteps(connection, steps);
    });
    return result!;
  }

  eventsAfter(place: EventPlace | undefined, query: EventQuery): Promise<Portion<readonly VerdictEvent[], EventPlace>> {
    return this.#do('read', async (connection) => {
      const steps = eventSteps(DIALECT, place, query, Number.MAX_SAFE_INTEGER);
      let step = steps.next();
      while (step.done !== true) step = steps.next(await connection.execute(step.value.sql, [...step.value.values]));
      const { rows, next } = step.value;
      return { items: this.#readRows(rows, (row) => readEvent(row.slice(1))), next };
    });
  }

  async saveFindings(findings: readonly Finding[]): Promise<void> {
    if (findings.length === 0) return;
    const rows = findings.map((finding) => findingRow(finding).map(textOf));
    await this.#inTransaction(undefined, (connection) => connection.batch(SQL.saveFinding, rows));
  }

  async deleteFindings(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const rows = ids.map((id) => [id]);
    await this.#inTransaction(undefined, (connection) => connection.batch(SQL.deleteFinding, rows));
  }

  findingsAfter(place: FindingPlace | undefined): Promise<Portion<readonly Finding[], FindingPlace>> {
    return this.#do('read', async (connection) => {
      const rows: Row[] =
        place === undefined
          ? await connection.execute(SQL.firstFindings, [PORTION_FINDINGS])
          : await connection.execute(SQL.findingsAfter, [
              place.updatedAtMs,
              place.updatedAtMs,
              place.id,
              PORTION_FINDINGS,
            ]);
      const next = rows.length < PORTION_FINDINGS ? undefined : placeOfFinding(rows.at(-1));
      return { items: this.#readRows(rows, readFindingRow), next };
    });
  }

  contents(): Promise<StoreContents> {
    return this.#do('read', async (connection) => {
      const rows: Row[] = await connection.query(SQL.contents);
      const [triples, events, rules, findings, entries, size, oldest, newest] = rows[0] ?? [];
      return {
        // Connecting brought the tables to it.
        schemaVersion: MARIADB_MIGRATIONS.length,
        triples: Number(triples),
        events: Number(events),
        rules: Number(rules),
        findings: Number(findings),
        entries: Number(entries),
        sizeBytes: Number(size),
        oldestEventAtMs: typeof oldest === 'number' ? oldest : undefined,
        newestEventAtMs: typeof newest === 'number' ? newest : undefined,
      };
    });
  }

  /** Ends the connection. Safe twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.end().catch(() => connection.destroy());
  }

  /** Puts a row into the batch, if it is a triple. */
  #pack(row: Row, writer: TripleBatchWriter): void {
    const packed = readPackedRow(row);
    if (packed === undefined || readTriple(packed) === undefined || !writer.addPacked(packed)) this.#unreadableRows++;
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

  /** All of the action or nothing, and nothing when the mark says that it was done before. */
  #inTransaction(mark: SaveMark | undefined, action: (connection: Connection) => Promise<void>): Promise<void> {
    return this.#do('write', async (connection) => {
      await connection.beginTransaction();
      if (mark === undefined || (await setMark(connection, mark))) await action(connection);
      await connection.commit();
    });
  }

  /** A connection on which something failed is not used again: what was begun on it is undone by the server. */
  async #do<T>(action: StoreAction, operation: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw storeClosed(this.#place, 'it was closed before');
    try {
      this.#connection ??= await connectMariadb(this.#access);
      return await operation(this.#connection);
    } catch (cause) {
      this.#connection?.destroy();
      this.#connection = undefined;
      this.#eventCount = undefined;
      throw mariadbError(cause, this.#place, action);
    }
  }
}

/** False when it was set before. */
async function setMark(connection: Connection, { writer, sequence }: SaveMark): Promise<boolean> {
  const nowMs = Date.now();
  if (changes(await connection.execute(SQL.setMark, [writer, sequence, nowMs])) === 0) return false;
  await connection.execute(SQL.deleteMarks, [nowMs - MARK_LIFE_MS]);
  return true;
}

async function countEvents(connection: Connection): Promise<number> {
  const rows: Row[] = await connection.query(SQL.countEvents);
  return Number(rows[0]?.[0]);
}

function afterValues({ zone, nameServer, address }: TriplePlace): Buffer[] {
  return [zone, zone, nameServer, nameServer, address].map((octets) => Buffer.from(octets));
}

function tripleValues({ zone, nameServer, address, expiresAtMs, facts }: PackedTriple): unknown[] {
  return [zone, nameServer, address, textOf(endlessMilliseconds(expiresAtMs)), facts];
}

function changes(result: { readonly affectedRows: number }): number {
  return result.affectedRows;
}
