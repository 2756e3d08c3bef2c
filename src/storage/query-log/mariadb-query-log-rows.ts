import { addressFromOctets } from '../../core/address.ts';
import type { EntryBatchReader } from '../../querylog/entry-batch.ts';
import { MARKS, ROLES } from '../../querylog/log-entry.ts';
import type { FoundEntry } from '../../querylog/query-log-store.ts';
import { nameOfKey, nameOfOctets, writeNameKey } from './name-octets.ts';
import { readAnswers } from './read-answers.ts';

export type Row = readonly unknown[];

/** The columns of an entry that differ from row to row, in the order of `entryValues`. */
export const VALUE_COLUMNS = [
  'number',
  'at_ms',
  'name',
  'spelled',
  'type',
  'class',
  'client',
  'client_port',
  'server',
  'role',
  'response_code',
  'mark',
  'answers',
] as const;

/** Those that `readFoundEntry` takes, of the table `e`. */
export const FOUND_COLUMNS = [...VALUE_COLUMNS, 'source'].map((column) => `e.${column}`).join(', ');

const NO_RESPONSE = -1;
const EMPTY = Buffer.alloc(0);

/** The values of VALUE_COLUMNS. They are parts of the batch, as far as they can be. */
export function entryValues(entry: EntryBatchReader, number: number): unknown[] {
  const wire = entry.nameOctets;
  const key = Buffer.allocUnsafe(wire.length - 1);
  const hasCapitals = writeNameKey(wire, 0, key);
  return [
    number,
    entry.atMs,
    key,
    hasCapitals ? wire : EMPTY,
    entry.type,
    entry.class,
    entry.clientOctets,
    entry.clientPort ?? 0,
    entry.serverOctets,
    entry.role === undefined ? 0 : ROLES.indexOf(entry.role) + 1,
    entry.responseCode ?? NO_RESPONSE,
    entry.mark === undefined ? 0 : MARKS.indexOf(entry.mark) + 1,
    entry.answersOctets,
  ];
}

/** The entry in a row of FOUND_COLUMNS; undefined when it is none. */
export function readFoundEntry(row: Row, sources: ReadonlyMap<number, string>): FoundEntry | undefined {
  const [number, atMs, key, spelled, type, dnsClass, client, port, server, role, code, mark, answers, source] =
    row as readonly [
      number,
      number,
      Buffer,
      Buffer,
      number,
      number,
      Buffer,
      number,
      Buffer,
      number,
      number,
      number,
      Buffer,
      number,
    ];
  const name = spelled.length > 0 ? nameOfOctets(spelled) : nameOfKey(key);
  if (name === undefined) return undefined;
  return {
    atMs,
    name,
    type,
    class: dnsClass,
    client: addressFromOctets(client),
    clientPort: port === 0 ? undefined : port,
    server: addressFromOctets(server),
    role: ROLES[role - 1],
    responseCode: code === NO_RESPONSE ? undefined : code,
    answers: readAnswers(answers),
    mark: MARKS[mark - 1],
    source: sources.get(source) ?? '',
    place: { atMs, number },
  };
}
