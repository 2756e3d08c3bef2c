/** A history as CSV: a row for each triple, with the columns below; to be read it needs the first three. */
import { parse as parseCsv } from 'csv-parse';
import { stringify as composeCsv } from 'csv-stringify/sync';
import type { TripleView } from '../services/triple-view.ts';
import type { NumberedRow, RowDefaults } from './history-rows.ts';

const COLUMNS = [
  'zone',
  'nameServer',
  'address',
  'trust',
  'glue',
  'sightings',
  'teachers',
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
type Column = (typeof COLUMNS)[number];
type CsvRow = Partial<Record<Column, string>>;

export function composeCsvHeader(): string {
  return composeCsv([[...COLUMNS]]);
}

export function composeCsvRow({ taughtBy, ...triple }: TripleView): string {
  const exchange = { ...taughtBy, taughtBy: taughtBy?.server };
  const row: Readonly<Record<string, unknown>> = { ...triple, ...exchange, teachers: triple.teachers.join(' ') };
  return composeCsv([COLUMNS.map((column) => asText(String(row[column] ?? '')))]);
}

/** A name may begin with what a spreadsheet takes for a formula: an apostrophe makes it text, also where one stands already. */
function asText(cell: string): string {
  return /^['=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}

/** The rows of a CSV stream in the form of `tripleRow`. Throws what the parser throws. */
export async function* csvRows(
  input: NodeJS.ReadableStream,
  maxRowCharacters: number,
  defaults: RowDefaults,
): AsyncGenerator<NumberedRow, void> {
  const parser = parseCsv({ columns: true, bom: true, max_record_size: maxRowCharacters, relax_column_count: true });
  input.on('error', (error) => parser.destroy(error));
  let line = 1;
  for await (const row of input.pipe(parser)) {
    line++;
    yield { line, row: tripleOfCsv(row as CsvRow, defaults) };
  }
}

/** What a row leaves out is undefined or as `defaults` say. */
function tripleOfCsv(row: CsvRow, defaults: RowDefaults): unknown {
  const text = (column: Column) => row[column]?.replace(/^'(?=['=+\-@\t\r])/, '') || undefined;
  const number = (column: Column) => (text(column) === undefined ? undefined : Number(row[column]));
  const lastSeen = text('lastSeen') ?? defaults.seen;
  const taughtBy =
    text('taughtBy') === undefined
      ? null
      : {
          server: row.taughtBy,
          queryName: text('queryName'),
          queryId: number('queryId'),
          queryTime: text('queryTime') ?? null,
          responseTime: row.responseTime,
          nsTtlSeconds: number('nsTtlSeconds'),
          glueTtlSeconds: number('glueTtlSeconds'),
        };
  return {
    zone: text('zone'),
    nameServer: text('nameServer'),
    address: text('address'),
    trust: text('trust') ?? defaults.trust,
    glue: text('glue'),
    sightings: number('sightings'),
    teachers: text('teachers')?.split(' '),
    firstSeen: text('firstSeen') ?? lastSeen,
    lastSeen,
    expires: text('expires') ?? defaults.expires(lastSeen),
    taughtBy,
  };
}
