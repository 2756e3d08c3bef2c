/** Entries of the query log as people and programs have them. */
import { formatAddress } from '../core/address.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType, RCODE, RECORD_CLASS } from '../dns/registry.ts';
import type { FoundEntry, LogPlace } from '../querylog/query-log-store.ts';
import { formatInstant } from './instant.ts';

/** One query that somebody asked. What is not known is null. */
export interface EntryView {
  /** ISO 8601 with zone and milliseconds. */
  readonly time: string;
  readonly client: string | null;
  readonly clientPort: number | null;
  readonly name: string;
  readonly type: string;
  readonly class: string;
  /** A mnemonic, or `RCODE` with its number. */
  readonly responseCode: string | null;
  /** Addresses of the answer. */
  readonly answers: readonly string[];
  readonly server: string | null;
  /** What the server was to who asked it. */
  readonly role: string | null;
  readonly source: string;
  /** What the gate did with it. */
  readonly mark: string | null;
}

export function viewEntry(entry: FoundEntry): EntryView {
  const { client, clientPort, server, role, responseCode, mark } = entry;
  return {
    time: formatInstant(entry.atMs)!,
    client: client === undefined ? null : formatAddress(client),
    clientPort: clientPort ?? null,
    name: formatName(entry.name),
    type: formatRecordType(entry.type),
    class: mnemonic(RECORD_CLASS, entry.class, 'CLASS'),
    responseCode: responseCode === undefined ? null : mnemonic(RCODE, responseCode, 'RCODE'),
    answers: entry.answers.map(formatAddress),
    server: server === undefined ? null : formatAddress(server),
    role: role ?? null,
    source: entry.source,
    mark: mark ?? null,
  };
}

/** The name of a number, or the number behind a word. */
function mnemonic(names: Readonly<Record<string, number>>, number: number, word: string): string {
  return Object.entries(names).find(([, value]) => value === number)?.[0] ?? `${word}${number}`;
}

/** Where a page ended, for whoever asks for the next one. */
export function formatLogPlace({ atMs, number }: LogPlace): string {
  return `${number}@${atMs}`;
}

/** Undefined when it is no place that `formatLogPlace` wrote. */
export function parseLogPlace(text: string): LogPlace | undefined {
  const match = /^(\d{1,15})@(\d{1,15}(?:\.\d{1,20})?)$/.exec(text);
  return match === null ? undefined : { number: Number(match[1]), atMs: Number(match[2]) };
}
