/** A history as a file: JSON lines with one TripleView each, CSV (history-csv.ts), or passive DNS (passive-dns.ts). */
import { createReadStream, createWriteStream, type ReadStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { resultOf } from '../control/answer.ts';
import { MAX_IMPORT_ROWS } from '../control/protocol.ts';
import { systemClock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { ImportView } from '../services/services.ts';
import type { TripleRow, TripleView } from '../services/triple-view.ts';
import { type AskOptions, openDoor } from './ask.ts';
import { boundedLines } from './bounded-lines.ts';
import { EXIT } from './exit-codes.ts';
import { type NumberedRow, problemOf, type RowDefaults, rowDefaults } from './history-rows.ts';
import { printJson, printLines } from './output.ts';
import { type CofCounts, cofRows, composeCof, MAX_COF_RECORDS } from './passive-dns.ts';
import { complain } from './stderr-log.ts';

/** `jsonl` is the earlier name of `json`. */
export const HISTORY_FORMATS = ['json', 'jsonl', 'cof', 'csv'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];

/** A row of 255-octet names, each octet written as \DDD, is shorter. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** Of a file of the Common Output Format, where a line may have many records. */
const MAX_COF_LINE_CHARACTERS = 256 * 1024;
/** Bad rows that are told; all are counted. */
const MAX_COMPLAINTS = 10;

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
  const learned = learnedOnly(triples, counted);
  if (format === 'cof') {
    yield* composeCof(learned);
    return;
  }
  if (format === 'csv') {
    const { composeCsvHeader, composeCsvRow } = await import('./history-csv.ts');
    yield composeCsvHeader();
    for await (const triple of learned) yield composeCsvRow(triple);
    return;
  }
  for await (const triple of learned) yield `${JSON.stringify(triple)}\n`;
}

async function* learnedOnly(triples: AsyncIterable<TripleView>, counted: { rows: number }) {
  for await (const triple of triples) {
    if (triple.origin !== 'learned') continue;
    counted.rows++;
    yield triple;
  }
}

/** Takes a file's rows in; those that cannot be read are told and counted, and the others taken. */
export async function importHistory(
  file: string,
  options: AskOptions & { readonly format?: HistoryFormat; readonly lifeMs: number },
): Promise<void> {
  const nowMs = systemClock.nowMs();
  const source = { file, format: options.format ?? formatByName(file), defaults: rowDefaults(nowMs, options.lifeMs) };
  const counts: CofCounts = { others: 0, noRoom: 0, noAddress: 0 };
  const door = await openDoor(options);
  // Opened last: nobody would hear of its error while he waits for something else.
  const input = file === '-' ? process.stdin : createReadStream(file);
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
    for await (const { line, row, problem: known } of rowsOf(input, source, counts)) {
      const problem = known ?? problemOf(row, nowMs);
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
  if (options.json === true) await printJson({ ...total, ...(source.format === 'cof' ? counts : {}) });
  else await printLines([...describeImport(file, total), ...describeCof(counts)]);
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

function describeCof({ others, noRoom, noAddress }: CofCounts): string[] {
  const lines: string[] = [];
  if (others > 0) lines.push(`${others} records passed over: neither NS nor A nor AAAA`);
  if (noRoom > 0) lines.push(`${noRoom} records left out: more than ${MAX_COF_RECORDS}; split the file by zone`);
  if (noAddress > 0) lines.push(`${noAddress} NS records left out: no address of their server is in the file`);
  return lines;
}

function formatByName(file: string): HistoryFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  return /\.cof(?:\.jsonl?)?$/i.test(file) ? 'cof' : 'json';
}

interface RowSource {
  readonly file: string;
  readonly format: HistoryFormat;
  readonly defaults: RowDefaults;
}

async function* rowsOf(
  input: ReadStream | typeof process.stdin,
  { file, format, defaults }: RowSource,
  counts: CofCounts,
): AsyncGenerator<NumberedRow, void> {
  try {
    if (format === 'csv') {
      const { csvRows } = await import('./history-csv.ts');
      yield* csvRows(input, MAX_LINE_CHARACTERS, defaults);
    } else if (format === 'cof') yield* cofRows(jsonRows(input, MAX_COF_LINE_CHARACTERS), defaults, counts);
    else yield* jsonRows(input, MAX_LINE_CHARACTERS);
  } catch (cause) {
    if (cause instanceof GluewallError) throw cause;
    const remedy = 'what came before is taken in';
    throw new GluewallError('history-file', `${file}: ${(cause as Error).message}; ${remedy}`, { cause });
  }
}

async function* jsonRows(input: AsyncIterable<Buffer>, maxCharacters: number): AsyncGenerator<NumberedRow, void> {
  let line = 0;
  for await (const text of boundedLines(input, maxCharacters, 'history-file')) {
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
