import { type Address, addressFromOctets } from '../../core/address.ts';
import { type LogEntry, MARKS, ROLES } from '../../querylog/log-entry.ts';
import { nameOfKey, nameOfOctets } from './name-octets.ts';
import { readAnswers } from './read-answers.ts';

/** The columns of an EntryRow. */
export const ENTRY_COLUMNS = [
  'at_ms',
  'number',
  'source',
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

/** The place of an entry, the number of its source, and what else is in its row. */
export type EntryRow = readonly [atMs: number, number: number, source: number, ...rest: unknown[]];

/** The entry of a row; undefined when it is none. */
export function readEntryRow(row: EntryRow): LogEntry | undefined {
  const [atMs, , , key, spelled, type, dnsClass, client, clientPort, server, role, responseCode, mark, answers] = row;
  const name = spelled instanceof Buffer ? nameOfOctets(spelled) : key instanceof Buffer ? nameOfKey(key) : undefined;
  if (name === undefined) return undefined;
  return {
    atMs,
    name,
    type: Number(type),
    class: Number(dnsClass),
    client: addressOf(client),
    clientPort: numberOf(clientPort),
    server: addressOf(server),
    role: ROLES[Number(role) - 1],
    responseCode: numberOf(responseCode),
    answers: answers instanceof Buffer ? readAnswers(answers) : [],
    mark: MARKS[Number(mark) - 1],
  };
}

function addressOf(value: unknown): Address | undefined {
  return value instanceof Buffer ? addressFromOctets(value) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
