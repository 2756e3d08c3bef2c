/**
 * How a batch goes into MariaDB: first, outside of the transaction, what it needs of partitions and of numbers for its source;
 * then all rows that are locked, in the same order by whoever writes (mark, place of the source, days); then the entries.
 */
import type { Connection } from 'mariadb';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import {
  MAX_ALL_QUARANTINED,
  MAX_QUARANTINED,
  MAX_SAMPLE_OCTETS,
  type QuarantinedRecord,
  type SourceBatch,
} from '../../querylog/query-log-store.ts';
import { checkFrom } from './check-from.ts';
import type { DayEntries } from './day-entries.ts';
import { entryValues, type Row, VALUE_COLUMNS } from './mariadb-query-log-rows.ts';
import { SEGMENT_ENTRIES, segmentOf } from './segment.ts';
import { slotOf } from './source-coverage.ts';

/** Names one batch of a source: one that is brought again, because it is not known whether it was kept, is kept once. */
export interface BatchMark {
  /** The store object, 16 octets. */
  readonly writer: Buffer;
  /** Rises with each batch that it brings. */
  readonly sequence: number;
  readonly nowMs: number;
}

/** Rows and octets that go in one packet at most; the server takes 16 MiB, where it is not told otherwise. */
const PORTION_ROWS = 4096;
const PORTION_OCTETS = 4 << 20;
/** Octets of a row beside those of its strings, about. */
const ROW_OCTETS = 64;
/** Packets that the server has not answered yet. */
const MAX_ON_THE_WAY = 4;

const SQL = {
  mark: `INSERT INTO log_marks (writer, source, sequence, saved_at_ms) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE
    saved_at_ms = IF(sequence < VALUES(sequence), VALUES(saved_at_ms), saved_at_ms),
    sequence = GREATEST(sequence, VALUES(sequence))`,
  position: 'SELECT fingerprint, read_octets FROM log_positions WHERE source = ? FOR UPDATE',
  // Fails where another adds the first one at the same time.
  addPosition: 'INSERT INTO log_positions (fingerprint, read_octets, state, source) VALUES (?, ?, ?, ?)',
  movePosition: 'UPDATE log_positions SET fingerprint = ?, read_octets = ?, state = ? WHERE source = ?',
  // The row stays locked, so nobody else gives out the numbers behind.
  numbers: `INSERT INTO log_days (day, next_number) VALUES (?, ?)
    ON DUPLICATE KEY UPDATE next_number = next_number + VALUES(next_number)`,
  nextNumber: 'SELECT next_number FROM log_days WHERE day = ?',
  segment: `INSERT INTO log_segments (day, segment, first_at_ms, last_at_ms, entries) VALUES (?, ?, ?, ?, ?)
    ON DUPLICATE KEY UPDATE first_at_ms = LEAST(first_at_ms, VALUES(first_at_ms)),
      last_at_ms = GREATEST(last_at_ms, VALUES(last_at_ms)), entries = entries + VALUES(entries)`,
  coverage: `INSERT INTO log_coverage (source, slot, entries, first_at_ms, last_at_ms) VALUES (?, ?, ?, ?, ?)
    ON DUPLICATE KEY UPDATE entries = entries + VALUES(entries),
      first_at_ms = LEAST(first_at_ms, VALUES(first_at_ms)), last_at_ms = GREATEST(last_at_ms, VALUES(last_at_ms))`,
  quarantine: 'INSERT INTO log_quarantined (source, at_ms, reason, sample) VALUES (?, ?, ?, ?)',
  lastQuarantined: `SELECT id FROM log_quarantined WHERE source = ? ORDER BY id DESC LIMIT 1 OFFSET ${MAX_QUARANTINED}`,
  deleteQuarantined: 'DELETE FROM log_quarantined WHERE source = ? AND id <= ?',
  lastQuarantinedOfAll: `SELECT id FROM log_quarantined ORDER BY id DESC LIMIT 1 OFFSET ${MAX_ALL_QUARANTINED}`,
  deleteQuarantinedOfAll: 'DELETE FROM log_quarantined WHERE id <= ?',
} as const;

/** The day and the segment are written out, so that the server looks at one partition. */
function insertEntries(day: number, segment: number, source: number): string {
  return `INSERT INTO log_entries (day, segment, source, ${VALUE_COLUMNS.join(', ')})
    VALUES (${day}, ${segment}, ${source}, ${VALUE_COLUMNS.map(() => '?').join(', ')})`;
}

function insertAnswers(day: number, segment: number): string {
  return `INSERT INTO log_answers (day, segment, address, at_ms, number) VALUES (${day}, ${segment}, ?, ?, ?)`;
}

/**
 * Keeps a batch in the transaction that the connection is in, unless it was kept before. Throws GluewallError `store-position`,
 * and what the connector throws.
 */
export async function appendBatch(
  connection: Connection,
  source: number,
  mark: BatchMark,
  batch: SourceBatch,
  days: readonly DayEntries[],
  packetOctets: number,
): Promise<void> {
  const { affectedRows } = await connection.execute(SQL.mark, [mark.writer, source, mark.sequence, mark.nowMs]);
  if (affectedRows === 0) return;
  await savePosition(connection, source, batch);
  const ascending = [...days].sort((a, b) => a.day - b.day);
  const firstNumbers: number[] = [];
  for (const { day, entries } of ascending)
    firstNumbers.push(await takeNumbers(connection, day, countEntries(entries)));
  const inserts = new EntryInserts(connection, source, Math.min(PORTION_OCTETS, packetOctets / 2));
  for (const [index, { day, entries }] of ascending.entries()) await inserts.add(day, entries, firstNumbers[index]!);
  await inserts.end();
  if (batch.quarantined.length > 0) await quarantine(connection, source, batch.quarantined);
}

/** Keeps the place of a batch where the one is kept that it goes on from. */
async function savePosition(connection: Connection, source: number, batch: SourceBatch): Promise<void> {
  const { position } = batch;
  if (position === undefined) return;
  const rows: readonly Row[] = await connection.execute(SQL.position, [source]);
  const [kept] = rows.map(([fingerprint, offset]) => ({ fingerprint: String(fingerprint), offset: Number(offset) }));
  checkFrom(batch, kept);
  const save = kept === undefined ? SQL.addPosition : SQL.movePosition;
  await connection.execute(save, [position.fingerprint, position.offset, position.state, source]);
}

/** The first of so many numbers. */
async function takeNumbers(connection: Connection, day: number, count: number): Promise<number> {
  await connection.execute(SQL.numbers, [day, count]);
  const rows: readonly Row[] = await connection.execute(SQL.nextNumber, [day]);
  return Number(rows[0]![0]) - count;
}

function countEntries(entries: Uint8Array): number {
  const reader = new EntryBatchReader(entries);
  let count = 0;
  while (reader.next() === 'entry') count++;
  return count;
}

async function quarantine(
  connection: Connection,
  source: number,
  records: readonly QuarantinedRecord[],
): Promise<void> {
  const rows = records
    .slice(-MAX_QUARANTINED)
    .map(({ atMs, reason, sample }) => [source, atMs, reason, Buffer.from(sample.subarray(0, MAX_SAMPLE_OCTETS))]);
  await connection.batch(SQL.quarantine, rows);
  const excess: readonly Row[] = await connection.execute(SQL.lastQuarantined, [source]);
  if (excess.length > 0) await connection.execute(SQL.deleteQuarantined, [source, excess[0]![0]]);
  const excessOfAll: readonly Row[] = await connection.query(SQL.lastQuarantinedOfAll);
  if (excessOfAll.length > 0) await connection.execute(SQL.deleteQuarantinedOfAll, [excessOfAll[0]![0]]);
}

interface TimeSpan {
  firstAtMs: number;
  lastAtMs: number;
  entries: number;
}

/** Sends entries in portions of one segment each, a few of them ahead of what the server has taken. */
class EntryInserts {
  readonly #connection: Connection;
  readonly #source: number;
  readonly #portionOctets: number;
  readonly #slots = new Map<number, TimeSpan>();
  readonly #segments: unknown[][] = [];
  readonly #onTheWay: Promise<void>[] = [];
  #failure: { readonly cause: unknown } | undefined;
  #rows: unknown[][] = [];
  #answerRows: unknown[][] = [];
  #octets = 0;

  constructor(connection: Connection, source: number, portionOctets: number) {
    this.#connection = connection;
    this.#source = source;
    this.#portionOctets = portionOctets;
  }

  /** Adds the entries of a day, which get numbers from `firstNumber` on. */
  async add(day: number, entries: Uint8Array, firstNumber: number): Promise<void> {
    const reader = new EntryBatchReader(entries);
    let number = firstNumber;
    let span = newSpan();
    while (reader.next() === 'entry') {
      this.#addRow(reader, number);
      widen(span, reader.atMs);
      number++;
      const isSegmentFull = number % SEGMENT_ENTRIES === 0;
      if (isSegmentFull || this.#isPortionFull()) await this.#send(day, segmentOf(number - 1));
      if (!isSegmentFull) continue;
      this.#segments.push(spanValues(day, segmentOf(number - 1), span));
      span = newSpan();
    }
    await this.#send(day, segmentOf(number - 1));
    if (span.entries > 0) this.#segments.push(spanValues(day, segmentOf(number - 1), span));
  }

  /** Sends what is to be said of the entries, and waits for all. */
  async end(): Promise<void> {
    const slots = [...this.#slots].sort(([a], [b]) => a - b);
    const coverage = slots.map(([slot, { entries, firstAtMs, lastAtMs }]) => {
      return [this.#source, slot, entries, firstAtMs, lastAtMs];
    });
    if (this.#segments.length > 0) await this.#batch(SQL.segment, this.#segments);
    if (coverage.length > 0) await this.#batch(SQL.coverage, coverage);
    await Promise.all(this.#onTheWay);
    if (this.#failure !== undefined) throw this.#failure.cause;
  }

  #addRow(reader: EntryBatchReader, number: number): void {
    const { atMs } = reader;
    this.#rows.push(entryValues(reader, number));
    this.#octets += ROW_OCTETS + reader.octets.length;
    const slot = slotOf(atMs);
    const span = this.#slots.get(slot) ?? newSpan();
    if (span.entries === 0) this.#slots.set(slot, span);
    widen(span, atMs);
    if (reader.hasAnswers) this.#addAnswers(reader, atMs, number);
  }

  #addAnswers(reader: EntryBatchReader, atMs: number, number: number): void {
    const seen: Buffer[] = [];
    for (const octets of reader.answerOctets()) {
      if (seen.some((other) => other.equals(octets))) continue;
      seen.push(octets);
      this.#answerRows.push([octets, atMs, number]);
      this.#octets += ROW_OCTETS;
    }
  }

  #isPortionFull(): boolean {
    return this.#rows.length >= PORTION_ROWS || this.#octets >= this.#portionOctets;
  }

  async #send(day: number, segment: number): Promise<void> {
    const [rows, answerRows] = [this.#rows, this.#answerRows];
    this.#rows = [];
    this.#answerRows = [];
    this.#octets = 0;
    if (rows.length > 0) await this.#batch(insertEntries(day, segment, this.#source), rows);
    if (answerRows.length > 0) await this.#batch(insertAnswers(day, segment), answerRows);
  }

  /** Nothing of the batch is left unanswered when it throws: what came later would not be of its transaction. */
  async #batch(sql: string, rows: unknown[][]): Promise<void> {
    const sent = this.#connection.batch(sql, rows).then(
      () => {},
      (cause: unknown) => {
        this.#failure ??= { cause };
      },
    );
    this.#onTheWay.push(sent);
    if (this.#onTheWay.length >= MAX_ON_THE_WAY) await this.#onTheWay.shift();
    if (this.#failure === undefined) return;
    await Promise.all(this.#onTheWay);
    throw this.#failure.cause;
  }
}

function newSpan(): TimeSpan {
  return { firstAtMs: Number.POSITIVE_INFINITY, lastAtMs: Number.NEGATIVE_INFINITY, entries: 0 };
}

function widen(span: TimeSpan, atMs: number): void {
  if (atMs < span.firstAtMs) span.firstAtMs = atMs;
  if (atMs > span.lastAtMs) span.lastAtMs = atMs;
  span.entries++;
}

function spanValues(day: number, segment: number, { firstAtMs, lastAtMs, entries }: TimeSpan): unknown[] {
  return [day, segment, firstAtMs, lastAtMs, entries];
}
