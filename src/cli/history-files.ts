/** A history as a file: JSON lines with one TripleView each, or CSV with the columns below. */
import { createReadStream, createWriteStream, type ReadStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse as parseCsv } from 'csv-parse';
import { stringify as composeCsv } from 'csv-stringify/sync';
import { resultOf } from '../control/answer.ts';
import { MAX_IMPORT_ROWS } from '../control/protocol.ts';
import { GluewallError } from '../core/errors.ts';
import type { ImportView } from '../services/services.ts';
import { type TripleRow, type TripleView, tripleRow } from '../services/triple-view.ts';
import { type AskOptions, openDoor } from './ask.ts';
import { boundedLines } from './bounded-lines.ts';
import { EXIT } from './exit-codes.ts';
import { printJson, printLines } from './output.ts';
import { complain } from './stderr-log.ts';

export type HistoryFormat = 'jsonl' | 'csv';

/** A row of 255-octet names, each octet written as \DDD, is shorter. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** Bad rows that are told; all are counted. */
const MAX_COMPLAINTS = 10;

const COLUMNS = [
  'zone',
  'nameServer',
  'address',
  'trust',
  'firstSeen',
  'lastSeen',
  'expires',
  'taughtBy',
  'queryName',
  'queryId',
  'queryTime',
  'responseTime',
  'nsTtlSeconds',
  'glueTtlSeconds',
] as const;

type CsvRow = Record<(typeof COLUMNS)[number], string>;

/** Writes what was learned (the rest is configured) to a file, which appears only when it is whole, or to standard output. */
export async function exportHistory(
  triples: AsyncIterable<unknown>,
  { format, output }: { readonly format: HistoryFormat; readonly output?: string },
): Promise<void> {
  const counted = { rows: 0 };
  const text = Readable.from(composeRows(triples as AsyncIterable<TripleView>, format, counted));
  if (output === undefined) {
    await pipeline(text, process.stdout as Writable, { end: false });
    return;
  }
  // Only a file is put in the place of another: a device or a pipe is written to.
  const isReplaceable = statSync(output, { throwIfNoEntry: false })?.isFile() ?? true;
  const part = isReplaceable ? `${output}.${process.pid}.part` : output;
  try {
    await pipeline(text, createWriteStream(part, { mode: 0o600, flags: isReplaceable ? 'wx' : 'w' }));
    if (isReplaceable) await rename(part, output);
  } catch (cause) {
    if (isReplaceable) await rm(part, { force: true });
    if (cause instanceof GluewallError) throw cause;
    throw new GluewallError('history-file', `${output}: cannot be written (${(cause as Error).message})`, { cause });
  }
  complain(`${counted.rows} triples written to ${output}`);
}

async function* composeRows(triples: AsyncIterable<TripleView>, format: HistoryFormat, counted: { rows: number }) {
  if (format === 'csv') yield composeCsv([[...COLUMNS]]);
  for await (const triple of triples) {
    if (triple.origin !== 'learned') continue;
    counted.rows++;
    yield format === 'csv' ? composeCsvRow(triple) : `${JSON.stringify(triple)}\n`;
  }
}

function composeCsvRow({ taughtBy, ...triple }: TripleView): string {
  const exchange = { ...taughtBy, taughtBy: taughtBy?.server };
  const row: Readonly<Record<string, unknown>> = { ...triple, ...exchange };
  return composeCsv([COLUMNS.map((column) => asText(String(row[column] ?? '')))]);
}

/** A name may begin with what a spreadsheet takes for a formula: an apostrophe makes it text, also where one stands already. */
function asText(cell: string): string {
  return /^['=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}

/** Takes a file's rows in; those that cannot be read are told and counted, and the others taken. */
export async function importHistory(
  file: string,
  options: AskOptions & { readonly format?: HistoryFormat },
): Promise<void> {
  const format = options.format ?? (/\.csv$/i.test(file) ? 'csv' : 'jsonl');
  const input = file === '-' ? process.stdin : createReadStream(file);
  const door = await openDoor(options);
  const total = { taken: 0, expired: 0, refused: 0, unreadable: 0 };
  const send = async (rows: readonly TripleRow[], endsWarmup = false) => {
    const answer = door.ask({ operation: 'history import', rows: [...rows], endsWarmup });
    const view = (await resultOf(answer)) as ImportView;
    total.taken += view.taken;
    total.expired += view.expired;
    total.refused += view.refused;
  };
  try {
    let rows: TripleRow[] = [];
    for await (const { line, row } of rowsOf(input, format, file)) {
      const problem = problemWith(row);
      if (problem !== undefined) {
        if (++total.unreadable <= MAX_COMPLAINTS) complain(`${file}:${line}: ${problem}`);
        continue;
      }
      rows.push(row as TripleRow);
      if (rows.length === MAX_IMPORT_ROWS) {
        await send(rows);
        rows = [];
      }
    }
    if (rows.length > 0) await send(rows);
    // When all is in, and not before: until then queries to the rest would be blocked.
    if (total.taken > 0) await send([], true);
  } finally {
    await door.close();
  }
  if (options.json === true) await printJson(total);
  else await printLines(describeImport(file, total));
  process.exitCode = total.unreadable + total.refused === 0 ? EXIT.done : EXIT.refused;
}

function describeImport(file: string, total: ImportView & { readonly unreadable: number }): string[] {
  const lines = [`${total.taken} triples taken from ${file}; ${total.expired} had expired`];
  if (total.refused > 0)
    lines.push(`${total.refused} refused: the history is full, or the address can be no name server`);
  if (total.unreadable > 0) lines.push(`${total.unreadable} rows could not be read`);
  if (total.taken > 0) lines.push('warm-up is over');
  return lines;
}

interface NumberedRow {
  readonly line: number;
  readonly row: unknown;
}

async function* rowsOf(
  input: ReadStream | typeof process.stdin,
  format: HistoryFormat,
  file: string,
): AsyncGenerator<NumberedRow, void> {
  try {
    yield* format === 'csv' ? csvRows(input) : jsonRows(input);
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    const remedy = 'what came before is taken in';
    throw new GluewallError('history-file', `${file}: ${(cause as Error).message}; ${remedy}`, { cause });
  }
}

async function* jsonRows(input: AsyncIterable<Buffer>): AsyncGenerator<NumberedRow, void> {
  let line = 0;
  for await (const text of boundedLines(input, MAX_LINE_CHARACTERS)) {
    line++;
    // Trimming takes a byte order mark, too.
    const json = text.trim();
    if (json !== '') yield { line, row: parseJson(json) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* csvRows(input: NodeJS.ReadableStream): AsyncGenerator<NumberedRow, void> {
  const parser = parseCsv({ columns: true, bom: true, max_record_size: MAX_LINE_CHARACTERS, relax_column_count: true });
  input.on('error', (error) => parser.destroy(error));
  let line = 1;
  for await (const row of input.pipe(parser)) {
    line++;
    yield { line, row: tripleOfCsv(row as CsvRow) };
  }
}

function tripleOfCsv(row: CsvRow): unknown {
  const text = (column: keyof CsvRow) => row[column]?.replace(/^'(?=['=+\-@\t\r])/, '');
  const number = (column: keyof CsvRow) => Number(row[column]);
  const { address, trust, firstSeen, lastSeen, expires } = row;
  const taughtBy = !row.taughtBy
    ? null
    : {
        server: row.taughtBy,
        queryName: text('queryName'),
        queryId: number('queryId'),
        queryTime: row.queryTime === '' ? null : row.queryTime,
        responseTime: row.responseTime,
        nsTtlSeconds: number('nsTtlSeconds'),
        glueTtlSeconds: number('glueTtlSeconds'),
      };
  return { zone: text('zone'), nameServer: text('nameServer'), address, trust, firstSeen, lastSeen, expires, taughtBy };
}

function problemWith(row: unknown): string | undefined {
  if (row === undefined) return 'no JSON';
  const result = tripleRow.safeParse(row);
  if (result.success) return undefined;
  const { path, message } = result.error.issues[0]!;
  return `${path.join('.') || 'the row'}: ${message}`;
}
