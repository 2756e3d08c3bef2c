/** Values of columns, in both directions. What is read may have been tampered with: undefined when it cannot be right. */
import { type Address, parseAddress } from '../core/address.ts';
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name, parseName } from '../dns/name.ts';

export type ColumnValue = string | number | Uint8Array | null;

/** Octets of a column beyond which a row counts as unreadable and the value is not fetched. */
const MAX_COLUMN_OCTETS = 65_536;

/** The list of columns for a SELECT, each bounded in length. */
export function boundedColumns(columns: readonly string[]): string {
  // Numbers sort before every text; to ask for the length of one would print it first.
  const isTooLong = (column: string) => `${column} >= '' AND octet_length(${column}) > ${MAX_COLUMN_OCTETS}`;
  return columns.map((column) => `CASE WHEN ${isTooLong(column)} THEN x'' ELSE ${column} END`).join(', ');
}

/** Reads a name in presentation form. */
export function readName(value: unknown): Name | undefined {
  return typeof value === 'string' ? (plainName(value) ?? parseName(value)) : undefined;
}

/** The short way for names without escapes, as nearly all of a large history are; undefined for the others. */
function plainName(text: string): Name | undefined {
  if (text.length > MAX_NAME_OCTETS - 2 || !/^[\w-]+(?:\.[\w-]+)*$/.test(text)) return undefined;
  let wire = '';
  for (const label of text.split('.')) {
    if (label.length > MAX_LABEL_OCTETS) return undefined;
    wire += String.fromCharCode(label.length) + label;
  }
  return `${wire}\0` as Name;
}

export function readAddress(value: unknown): Address | undefined {
  return typeof value === 'string' ? parseAddress(value) : undefined;
}

export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An instant or a length of time, milliseconds. */
export function readMilliseconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** As `readMilliseconds`, where NULL is Infinity: an instant that never comes, a time without end. */
export function readEndlessMilliseconds(value: unknown): number | undefined {
  return value === null ? Number.POSITIVE_INFINITY : readMilliseconds(value);
}

export function endlessMilliseconds(value: number): number | null {
  return value === Number.POSITIVE_INFINITY ? null : value;
}

/** A whole number from 0 to `max`. */
export function readCount(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
}

/** One of the words that are the keys of `words`. */
export function readWord<W extends string>(value: unknown, words: Readonly<Record<W, true>>): W | undefined {
  return typeof value === 'string' && Object.hasOwn(words, value) ? (value as W) : undefined;
}
