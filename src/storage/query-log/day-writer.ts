import type { Database } from 'better-sqlite3';
import { EntryBatchReader } from '../../querylog/entry-batch.ts';
import { MARKS, ROLES } from '../../querylog/log-entry.ts';
import { PassingOctets, writeNameKey } from './name-octets.ts';
import { blockOf, SEGMENT_ENTRIES, segmentOf } from './segment.ts';
import { slotOf } from './source-coverage.ts';

/** Entries that follow one another and share a segment, a block or a slot. */
interface Run {
  readonly number: number;
  entries: number;
  firstAtMs: number;
  lastAtMs: number;
}

/** Writes entries into the tables of a day, within a transaction of the caller. */
export class DayWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #key = new PassingOctets();
  readonly #spelled = new PassingOctets();
  readonly #client = new PassingOctets();
  readonly #server = new PassingOctets();

  constructor(connection: Database) {
    this.#statements = prepareStatements(connection);
  }

  /** Adds the entries of one source, as far as they can be read. */
  add(source: string, entries: Uint8Array): void {
    const { sourceNumber, addSource, saveSegment, saveBlock, saveSlot } = this.#statements;
    addSource.run(source);
    const of = sourceNumber.get(source)!;
    const segments = new RunSum((run) => saveSegment.run(run.number, run.entries, run.firstAtMs, run.lastAtMs));
    const blocks = new RunSum((run) => saveBlock.run(run.number, of, run.entries, run.firstAtMs, run.lastAtMs));
    const slots = new RunSum((run) => saveSlot.run(of, run.number, run.entries, run.firstAtMs, run.lastAtMs));
    const reader = new EntryBatchReader(entries);
    for (let number = this.#nextNumber(); reader.next() === 'entry'; number++) {
      const { atMs } = reader;
      const segment = segmentOf(number);
      this.#addEntry(number, segment, atMs, of, reader);
      segments.add(segment, atMs);
      blocks.add(blockOf(number), atMs);
      slots.add(slotOf(atMs), atMs);
    }
    for (const sum of [segments, blocks, slots]) sum.end();
  }

  #nextNumber(): number {
    const last = this.#statements.lastSegment.get();
    return last === undefined ? 0 : last.number * SEGMENT_ENTRIES + last.numbers;
  }

  #addEntry(number: number, segment: number, atMs: number, source: number, reader: EntryBatchReader): void {
    const { batch, clientAt, serverAt, nameAt, answersAt, role, mark } = reader;
    const key = this.#key.take(answersAt - nameAt - 1);
    const hasCapitals = writeNameKey(batch, nameAt, key);
    // SQLite copies what it is given, so nothing has to be made anew for each entry.
    this.#statements.addEntry.run(
      number,
      segment,
      atMs,
      key,
      hasCapitals ? this.#spelled.copy(batch, nameAt, answersAt) : null,
      reader.type,
      reader.class,
      serverAt === clientAt ? null : this.#client.copy(batch, clientAt, serverAt),
      reader.clientPort ?? null,
      nameAt === serverAt ? null : this.#server.copy(batch, serverAt, nameAt),
      role === undefined ? null : ROLES.indexOf(role) + 1,
      reader.responseCode ?? null,
      source,
      mark === undefined ? null : MARKS.indexOf(mark) + 1,
      reader.hasAnswers ? reader.answersOctets : null,
    );
    if (!reader.hasAnswers) return;
    for (const address of reader.answerOctets()) this.#statements.addAnswer.run(segment, address, atMs, number);
  }
}

/** Sums up runs of entries, and hands each on once another begins. */
class RunSum {
  readonly #save: (run: Run) => void;
  #run: Run | undefined;

  constructor(save: (run: Run) => void) {
    this.#save = save;
  }

  add(number: number, atMs: number): void {
    const run = this.#run;
    if (run?.number !== number) {
      this.end();
      this.#run = { number, entries: 1, firstAtMs: atMs, lastAtMs: atMs };
      return;
    }
    run.entries++;
    if (atMs < run.firstAtMs) run.firstAtMs = atMs;
    if (atMs > run.lastAtMs) run.lastAtMs = atMs;
  }

  end(): void {
    if (this.#run !== undefined) this.#save(this.#run);
    this.#run = undefined;
  }
}

function prepareStatements(connection: Database) {
  const run = (sql: string) => connection.prepare<unknown[]>(sql);
  const sum = (table: string, key: string, count: string) => `
    INSERT INTO ${table} (${key}, ${count}, first_at_ms, last_at_ms)
    VALUES (${key.replaceAll(/\w+/g, '?')}, ?, ?, ?)
    ON CONFLICT (${key}) DO UPDATE SET
      ${count} = ${count} + excluded.${count},
      first_at_ms = min(first_at_ms, excluded.first_at_ms),
      last_at_ms = max(last_at_ms, excluded.last_at_ms)`;
  return {
    addSource: run('INSERT OR IGNORE INTO source (name) VALUES (?)'),
    sourceNumber: connection.prepare<[string], number>('SELECT number FROM source WHERE name = ?').pluck(),
    lastSegment: connection.prepare<[], { readonly number: number; readonly numbers: number }>(
      'SELECT number, numbers FROM segment ORDER BY number DESC LIMIT 1',
    ),
    addEntry: run(`
      INSERT INTO entry (number, segment, at_ms, name, spelled, type, class, client, client_port, server, role,
        response_code, source, mark, answers)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    addAnswer: run('INSERT OR IGNORE INTO answer (segment, address, at_ms, number) VALUES (?, ?, ?, ?)'),
    saveSegment: run(sum('segment', 'number', 'numbers')),
    saveBlock: run(sum('block', 'number, source', 'entries')),
    saveSlot: run(sum('coverage', 'source, slot', 'entries')),
  };
}
