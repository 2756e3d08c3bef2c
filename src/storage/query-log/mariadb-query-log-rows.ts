import { type Address, addressFromOctets } from '../../core/address.ts';
import type { EntryBatchReader } from '../../querylog/entry-batch.ts';
import { MARKS, ROLES } from '../../querylog/log-entry.ts';
import type { FoundEntry } from '../../querylog/query-log-store.ts';
import { nameOfKey, nameOfOctets } from './name-octets.ts';

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
const FIRST_CAPITAL = 0x41;
const LAST_CAPITAL = 0x5a;
const TO_LOWER_CASE = 0x20;

/** The values of VALUE_COLUMNS. They are parts of the batch, as far as they can be. */
export function entryValues(entry: EntryBatchReader, number: number): unknown[] {
  const wire = entry.nameOctets;
  const key = Buffer.allocUnsafe(wire.length - 1);
  const hasCapitals = writeNameKey(wire, key);
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
    entry.hasAnswers ? packAnswers(entry) : EMPTY,
  ];
}

/** Each address behind its length. */
function packAnswers(entry: EntryBatchReader): Buffer {
  const parts: Buffer[] = [];
  for (const octets of entry.answerOctets()) parts.push(Buffer.of(octets.length), octets);
  return Buffer.concat(parts);
}

/** Writes the key (name-key.ts) of a name in wire form; says whether the name has letters in upper case. */
function writeNameKey(wire: Buffer, key: Buffer): boolean {
  let hasCapitals = false;
  let start = key.length;
  for (let at = 0; wire[at] !== 0; ) {
    const length = wire[at]! + 1;
    start -= length;
    for (let octet = 0; octet < length; octet++) {
      const spelled = wire[at + octet]!;
      const isCapital = spelled >= FIRST_CAPITAL && spelled <= LAST_CAPITAL;
      hasCapitals ||= isCapital;
      key[start + octet] = isCapital ? spelled + TO_LOWER_CASE : spelled;
    }
    at += length;
  }
  return hasCapitals;
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

function readAnswers(octets: Buffer): Address[] {
  const answers: Address[] = [];
  for (let at = 0; at < octets.length; at += 1 + octets[at]!) {
    const address = addressFromOctets(octets.subarray(at + 1, at + 1 + octets[at]!));
    if (address !== undefined) answers.push(address);
  }
  return answers;
}
