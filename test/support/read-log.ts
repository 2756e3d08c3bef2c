/** Reads logs with one reader, as an intake does, and shows what came of them. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../src/core/address.ts';
import { formatName } from '../../src/dns/name.ts';
import { createSplitter } from '../../src/querylog/create-splitter.ts';
import { EntryBatchReader, EntryBatchWriter } from '../../src/querylog/entry-batch.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import type { LogFormat, LogReader, ReaderParts } from '../../src/querylog/log-reader.ts';
import { SourceTime, type SourceTimeOptions } from '../../src/querylog/source-time.ts';

export interface ReadingOptions {
  readonly time?: Partial<SourceTimeOptions>;
  /** In text form. */
  readonly server?: string;
  readonly client?: (address: Address) => Address;
}

/** One source that is read; a restart goes on with another reader from what the first one said of its state. */
export class Reading {
  readonly format: LogFormat;
  readonly #options: ReadingOptions;
  readonly #writer = new EntryBatchWriter();
  #reader: LogReader;
  #time: SourceTime;
  taken = 0;
  other = 0;
  /** By reason. */
  readonly refused: Record<string, number> = {};

  constructor(format: LogFormat, options: ReadingOptions = {}) {
    this.format = format;
    this.#options = options;
    this.#time = this.#clock();
    this.#reader = format.create(this.#parts());
  }

  /** All octets of a file, records one after the other. */
  push(octets: Buffer | string, isEnd = true): this {
    const splitter = createSplitter(this.format);
    const sink = {
      record: (chunk: Buffer, start: number, end: number) => this.record(chunk, start, end),
      refused: (reason: string) => this.#refuse(reason),
    };
    splitter.push(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets, sink);
    if (isEnd) splitter.end(sink);
    return this;
  }

  record(octets: Buffer, start = 0, end = octets.length): void {
    const outcome = this.#reader.read(octets, start, end);
    if (outcome === 'taken') this.taken++;
    else if (outcome === 'other') this.other++;
    else this.#refuse(outcome.refused);
  }

  restart(): void {
    const state = this.#reader.state();
    const { lastMs } = this.#time;
    this.#time = this.#clock();
    this.#time.resume(lastMs);
    this.#reader = this.format.create(this.#parts());
    this.#reader.resume(state);
  }

  get state(): string {
    return this.#reader.state();
  }

  resume(state: string): void {
    this.#reader.resume(state);
  }

  get assumptions(): readonly string[] {
    return this.#time.assumptions;
  }

  /** What has gone into the log since the last call; the batch is sound. */
  taking(): LogEntry[] {
    const reader = new EntryBatchReader(this.#writer.take());
    const entries: LogEntry[] = [];
    for (let found = reader.next(); found !== 'end'; found = reader.next()) {
      expect(found).toBe('entry');
      entries.push(reader.entry());
    }
    return entries;
  }

  /** Nothing more comes. */
  entries(): LogEntry[] {
    this.#reader.settle();
    return this.taking();
  }

  #refuse(reason: string): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }

  #clock(): SourceTime {
    const nowMs = () => Date.UTC(2026, 10, 21, 18);
    return new SourceTime({ zone: 'UTC', nowMs, ...this.#options.time });
  }

  #parts(): ReaderParts {
    const { server, client = (address: Address) => address } = this.#options;
    return {
      entries: this.#writer,
      time: this.#time,
      server: server === undefined ? undefined : parseAddress(server),
      client,
    };
  }
}

/** An entry on one line: `TIME CLIENT#PORT > SERVER ROLE NAME CLASS TYPE CODE ANSWERS`, `-` for what is not known. */
export function showEntry(entry: LogEntry): string {
  const { atMs, client, clientPort, server, role, name, class: dnsClass, type, responseCode, answers } = entry;
  const at = new Date(atMs).toISOString();
  const show = (address: Address | undefined) => (address === undefined ? '-' : formatAddress(address));
  const ends = `${show(client)}#${clientPort ?? '-'} > ${show(server)}`;
  const told = [responseCode ?? '-', answers.map(show).join(',') || '-'].join(' ');
  return `${at} ${ends} ${role ?? '-'} ${formatName(name)} ${dnsClass} ${type} ${told}`;
}

export function showEntries(entries: readonly LogEntry[]): string[] {
  return entries.map(showEntry);
}

/**
 * What bad input must not do to a reader: records cut at every octet, with every octet changed, and garbage. Nothing throws, each
 * record has one outcome, and what goes into the log can be read again. `records`: good ones, without their ends.
 */
export function expectHardy(format: LogFormat, records: readonly Buffer[], options: ReadingOptions = {}): void {
  const reading = new Reading(format, options);
  let count = 0;
  const read = (record: Buffer) => {
    reading.record(record);
    count++;
  };
  for (const record of records) {
    for (let cut = 0; cut < record.length; cut++) read(record.subarray(0, cut));
    for (let at = 0; at < record.length; at++) {
      for (const value of CHANGES) {
        const changed = Buffer.from(record);
        changed[at] = value < 0 ? changed[at]! ^ 1 : value;
        read(changed);
      }
    }
  }
  const anyRecord = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
    fc.tuple(fc.constantFrom(...records), fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 20 })).map(spliced),
  );
  fc.assert(fc.property(anyRecord, (record) => read(record)));
  const outcomes = reading.taken + reading.other + Object.values(reading.refused).reduce((sum, one) => sum + one, 0);
  expect(outcomes).toBe(count);
  expect(reading.state.length).toBeLessThan(32 * 1024 * 1024);
  reading.restart();
  expect(reading.entries().length).toBeLessThanOrEqual(count);
}

/** A bit of it, or another octet: ends of texts, brackets, digits, and what is no ASCII. */
const CHANGES = [-1, 0, 0x20, 0x22, 0x28, 0x29, 0x31, 0x5b, 0x7f, 0x80, 0xff];

function spliced([record, from, to, octets]: [Buffer, number, number, Uint8Array]): Buffer {
  const [start = 0, end = 0] = [from % (record.length + 1), to % (record.length + 1)].sort((a, b) => a - b);
  return Buffer.concat([record.subarray(0, start), octets, record.subarray(end)]);
}

/** Wherever the reading of these records stops and goes on, the entries are the same. */
export function expectResumable(format: LogFormat, records: readonly Buffer[], options: ReadingOptions = {}): void {
  const whole = new Reading(format, options);
  for (const record of records) whole.record(record);
  const expected = whole.entries();
  expect(expected.length).toBeGreaterThan(0);
  for (let stop = 0; stop <= records.length; stop++) {
    const reading = new Reading(format, options);
    for (const [index, record] of records.entries()) {
      if (index === stop) reading.restart();
      reading.record(record);
    }
    if (stop === records.length) reading.restart();
    expect(reading.entries(), `stopped before record ${stop}`).toEqual(expected);
  }
}
