import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from 'mariadb';
import {
  COVERAGE_SLOT_MS,
  type LogPage,
  type LogQuestion,
  MAX_GAPS,
  type QuarantinedRecord,
  type QueryLogStore,
  type Retention,
  type SourceBatch,
  type SourceCoverage,
  type SourcePosition,
  type TrimReport,
} from '../../querylog/query-log-store.ts';
import type { MariadbAccess } from '../mariadb-connection.ts';
import { type DayEntries, splitByDay } from './day-entries.ts';
import { MariadbLane } from './mariadb-lane.ts';
import { appendBatch, type BatchMark } from './mariadb-query-log-append.ts';
import { MAX_PARTITIONS, makeDays } from './mariadb-query-log-days.ts';
import type { Row } from './mariadb-query-log-rows.ts';
import { searchPage } from './mariadb-query-log-search.ts';
import { SourceNumbers } from './mariadb-query-log-sources.ts';
import { logSize, trimLog } from './mariadb-query-log-trim.ts';

/** A request that the server takes longer for is given up, before the connection would be. */
const STATEMENT_LIMIT_SECONDS = 15;
/** A lock on a table is waited for so long. */
const LOCK_WAIT_SECONDS = 10;
/** Without autocommit, what is sent behind a statement that failed is undone with it. */
const WRITE_SESSION = `SET autocommit = 0, lock_wait_timeout = ${LOCK_WAIT_SECONDS}`;
const READ_SESSION = `SET autocommit = 1, max_statement_time = ${STATEMENT_LIMIT_SECONDS}`;
/** Marks of those who have not written for so long are forgotten. */
const MARK_LIFE_MS = 90 * 86_400_000;

const SQL = {
  packet: 'SELECT @@max_allowed_packet',
  deleteMarks: 'DELETE FROM log_marks WHERE saved_at_ms < ?',
  // Waits for whoever is keeping a batch of the source: also for a process that has died and whose commit is on the way.
  position: 'SELECT fingerprint, read_octets, state FROM log_positions WHERE source = ? LOCK IN SHARE MODE',
  coverage: 'SELECT source, SUM(entries), MIN(first_at_ms), MAX(last_at_ms) FROM log_coverage GROUP BY source',
  gaps: `SELECT source, past, slot FROM (
      SELECT source, past, slot, ROW_NUMBER() OVER (PARTITION BY source ORDER BY slot - past DESC, slot) AS place FROM (
        SELECT source, slot, 1 + LAG(slot) OVER (PARTITION BY source ORDER BY slot) AS past FROM log_coverage
      ) AS slots WHERE slot > past AND (slot - past) * ${COVERAGE_SLOT_MS} >= ?
    ) AS gaps WHERE place <= ${MAX_GAPS} ORDER BY source, slot`,
  quarantined: 'SELECT source, at_ms, reason, sample FROM log_quarantined ORDER BY id DESC',
  quarantinedOf: 'SELECT source, at_ms, reason, sample FROM log_quarantined WHERE source = ? ORDER BY id DESC',
} as const;

/**
 * The query log in a MariaDB database, in the same one as the store. Connects when it is first asked, and again after each
 * failure: a request then rejects as those of the store do (openMariadbStore). A batch whose append was rejected may be brought
 * again, before another of its source: it is kept once, even where the first one was kept and only the answer was lost. Of more
 * than `mostDays` the oldest go, and what is older yet does not come in.
 */
export function openMariadbQueryLog(access: MariadbAccess, mostDays: number = MAX_PARTITIONS): QueryLogStore {
  return new MariadbQueryLog(access, mostDays);
}

class MariadbQueryLog implements QueryLogStore {
  readonly #sources = new SourceNumbers();
  readonly #days = new Set<number>();
  readonly #mostDays: number;
  readonly #writer: MariadbLane;
  readonly #reader: MariadbLane;
  /** Taking away takes longer than entries can wait. */
  readonly #trimmer: MariadbLane;
  readonly #writerId = randomBytes(16);
  #batches = 0;
  /** By source: the last batch, where it is not known whether it was kept. */
  readonly #doubts = new Map<string, { readonly digest: string; readonly sequence: number }>();
  /** Undefined until the server was asked. */
  #packetOctets: number | undefined;

  constructor(access: MariadbAccess, mostDays: number) {
    this.#mostDays = mostDays;
    const forget = () => this.#forget();
    this.#writer = new MariadbLane(access, WRITE_SESSION, forget);
    this.#reader = new MariadbLane(access, READ_SESSION, forget);
    this.#trimmer = new MariadbLane(access, WRITE_SESSION, forget);
  }

  async append(batch: SourceBatch): Promise<void> {
    const days = splitByDay(batch);
    const sequence = this.#sequenceOf(batch);
    const mark = { writer: this.#writerId, sequence, nowMs: Date.now() };
    try {
      await this.#writer.do('write', (connection) => this.#append(connection, batch, days, mark));
      this.#doubts.delete(batch.source);
    } catch (error) {
      this.#doubts.set(batch.source, { digest: digestOf(batch), sequence });
      throw error;
    }
  }

  position(source: string): Promise<SourcePosition | undefined> {
    // Who writes asks for it, and is not to wait for whoever searches.
    return this.#writer.do('read', async (connection) => {
      const number = await this.#sources.find(connection, source);
      const rows: readonly Row[] = number === undefined ? [] : await connection.execute(SQL.position, [number]);
      await connection.commit();
      if (rows[0] === undefined) return undefined;
      const [fingerprint, offset, state] = rows[0];
      return { fingerprint: String(fingerprint), offset: Number(offset), state: String(state) };
    });
  }

  search(question: LogQuestion, signal?: AbortSignal): Promise<LogPage> {
    return this.#reader.do('read', (connection) => searchPage(connection, question, this.#sources, signal));
  }

  coverage(gapMs: number): Promise<readonly SourceCoverage[]> {
    return this.#reader.do('read', async (connection) => {
      const sums: readonly Row[] = await connection.query(SQL.coverage);
      const gapRows: readonly Row[] = await connection.execute(SQL.gaps, [Math.min(gapMs, Number.MAX_VALUE)]);
      const names = await this.#sources.names(
        connection,
        sums.map(([source]) => Number(source)),
      );
      return sums.map((row) => readCoverage(row, gapRows, names)).sort((a, b) => (a.source < b.source ? -1 : 1));
    });
  }

  quarantined(source: string | undefined): Promise<readonly (QuarantinedRecord & { readonly source: string })[]> {
    return this.#reader.do('read', async (connection) => {
      const number = source === undefined ? undefined : await this.#sources.find(connection, source);
      if (source !== undefined && number === undefined) return [];
      const rows: readonly Row[] =
        number === undefined
          ? await connection.query(SQL.quarantined)
          : await connection.execute(SQL.quarantinedOf, [number]);
      const names = await this.#sources.names(
        connection,
        rows.map(([of]) => Number(of)),
      );
      return rows.map(([of, atMs, reason, sample]) => {
        const octets = new Uint8Array(sample as Buffer);
        return { source: names.get(Number(of)) ?? '', atMs: Number(atMs), reason: String(reason), sample: octets };
      });
    });
  }

  async trim(retention: Retention, nowMs: number): Promise<TrimReport> {
    const taken = { days: 0, entries: 0 };
    await this.#trimmer.do('write', (connection) => trimLog(connection, retention, nowMs, taken));
    return taken;
  }

  sizeBytes(): Promise<number | undefined> {
    return this.#reader.do('read', logSize);
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#reader.close(), this.#trimmer.close()]);
  }

  async #append(
    connection: Connection,
    batch: SourceBatch,
    days: readonly DayEntries[],
    mark: BatchMark,
  ): Promise<void> {
    const packetOctets = await this.#packetLimit(connection);
    const source = await this.#sources.make(connection, batch.source);
    const numbers = days.map(({ day }) => day);
    const made = await makeDays(connection, batch.source, numbers, this.#days, this.#mostDays);
    const parts = days.filter(({ day }) => made.has(day));
    await appendBatch(connection, source, mark, batch, parts, packetOctets);
    await connection.commit();
  }

  /** A new number, or that of the batch that was in doubt when it is brought again. */
  #sequenceOf(batch: SourceBatch): number {
    const doubt = this.#doubts.get(batch.source);
    return doubt !== undefined && doubt.digest === digestOf(batch) ? doubt.sequence : this.#batches++;
  }

  /** What one packet to the server may have; asked once on each connection, where old marks are forgotten, too. */
  async #packetLimit(connection: Connection): Promise<number> {
    if (this.#packetOctets !== undefined) return this.#packetOctets;
    const rows: readonly Row[] = await connection.query(SQL.packet);
    await connection.execute(SQL.deleteMarks, [Date.now() - MARK_LIFE_MS]);
    await connection.commit();
    this.#packetOctets = Number(rows[0]![0]);
    return this.#packetOctets;
  }

  #forget(): void {
    this.#sources.forget();
    this.#days.clear();
    this.#packetOctets = undefined;
  }
}

/** Tells a batch from others of its source. */
function digestOf({ entries, position, quarantined }: SourceBatch): string {
  const rest = JSON.stringify([position, quarantined.map(({ atMs, reason }) => [atMs, reason])]);
  return createHash('sha256').update(entries).update(rest).digest('hex');
}

function readCoverage(row: Row, gapRows: readonly Row[], names: ReadonlyMap<number, string>): SourceCoverage {
  const [source, entries, firstAtMs, lastAtMs] = row.map(Number) as [number, number, number, number];
  const gaps = gapRows
    .filter(([of]) => Number(of) === source)
    .map(([, past, slot]) => ({ fromMs: Number(past) * COVERAGE_SLOT_MS, toMs: Number(slot) * COVERAGE_SLOT_MS }));
  return { source: names.get(source) ?? '', entries, firstAtMs, lastAtMs, gaps };
}
