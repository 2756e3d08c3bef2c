/** Entries of the query log for tests: plain ones, and any at all. */
import fc from 'fast-check';
import { type Address, addressFromOctets, parseAddress } from '../../src/core/address.ts';
import type { Name } from '../../src/dns/name.ts';
import { EntryBatchWriter } from '../../src/querylog/entry-batch.ts';
import { type LogEntry, MARKS, MAX_ANSWERS, ROLES } from '../../src/querylog/log-entry.ts';
import type { SourceBatch } from '../../src/querylog/query-log-store.ts';
import { HOSTILE_NAMES, nameOf } from './store-rows.ts';

/** Noon of a day (UTC). */
export const NOON_MS = Date.UTC(2026, 0, 15, 12);

/** A plain entry, `number` seconds after noon. */
export function entryOf(number: number, more: Partial<LogEntry> = {}): LogEntry {
  return {
    atMs: NOON_MS + number * 1000,
    name: nameOf('www.example.com'),
    type: 1,
    class: 1,
    client: parseAddress('192.0.2.10')!,
    clientPort: 50_000,
    server: parseAddress('198.51.100.53')!,
    role: 'recursive',
    responseCode: 0,
    answers: [],
    mark: undefined,
    ...more,
  };
}

/** An entry of which only the least is known. */
export function bareEntry(atMs: number, name: Name): LogEntry {
  const unknown = { client: undefined, clientPort: undefined, server: undefined, responseCode: undefined };
  return entryOf(0, { atMs, name, ...unknown, role: undefined });
}

export function packEntries(entries: readonly LogEntry[]): Uint8Array {
  const writer = new EntryBatchWriter();
  for (const entry of entries) writer.add(entry);
  return writer.take();
}

/** What the source `bind` brought, without a place in a file. */
export function batchOf(entries: readonly LogEntry[], more: Partial<SourceBatch> = {}): SourceBatch {
  return { source: 'bind', entries: packEntries(entries), position: undefined, quarantined: [], ...more };
}

/** Few, so that questions find some. */
export const NAMES: readonly Name[] = [
  ...['.', 'com', 'example.com', 'EXAMPLE.com', 'www.example.com', 'wWw.Example.COM'].map(nameOf),
  ...['xexample.com', 'a.b.example.net', 'example.net', 'b-.example.net'].map(nameOf),
  ...HOSTILE_NAMES.slice(1, 5),
];
export const ADDRESSES: readonly Address[] = ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'].map(
  (text) => parseAddress(text)!,
);

const orUnknown = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const anyAddress = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((octets) => addressFromOctets(Buffer.from(octets))!);
const any16 = (most: number, least = 0) => fc.integer({ min: least, max: most });

function anyEntryWith(
  atMs: fc.Arbitrary<number>,
  name: fc.Arbitrary<Name>,
  address: fc.Arbitrary<Address>,
  maxAnswers: number,
): fc.Arbitrary<LogEntry> {
  return fc
    .record({
      atMs,
      name,
      type: any16(0xffff),
      class: any16(0xffff),
      client: orUnknown(address),
      clientPort: orUnknown(any16(0xffff, 1)),
      server: orUnknown(address),
      role: orUnknown(fc.constantFrom(...ROLES)),
      responseCode: orUnknown(any16(0xfff)),
      answers: fc.array(address, { maxLength: maxAnswers }),
      mark: orUnknown(fc.constantFrom(...MARKS)),
    })
    .map((fields) => ({ ...fields }));
}

/** Any entry of some years around today. */
export const anyEntry: fc.Arbitrary<LogEntry> = anyEntryWith(
  fc.double({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0), noNaN: true }),
  fc.constantFrom(...HOSTILE_NAMES, ...NAMES),
  anyAddress,
  MAX_ANSWERS,
);

/** The moments of `anyLikelyEntry`: of four days, few of each, with the first and the last. */
export const MOMENTS: readonly number[] = [0, 1, 2, 5].flatMap((day) =>
  [0, 0.5, 1, 1000, 300_000, 43_200_000, 86_399_999, 86_399_999.5].map((ofDay) => Date.UTC(2026, 0, 15 + day) + ofDay),
);

/** An entry whose time, name and addresses are among few. */
export const anyLikelyEntry: fc.Arbitrary<LogEntry> = anyEntryWith(
  fc.constantFrom(...MOMENTS),
  fc.constantFrom(...NAMES),
  fc.constantFrom(...ADDRESSES),
  3,
);
