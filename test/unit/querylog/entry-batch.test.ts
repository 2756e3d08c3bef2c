import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOctets, parseAddress } from '../../../src/core/address.ts';
import type { Name } from '../../../src/dns/name.ts';
import { EntryBatchReader, EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { type LogEntry, MAX_ANSWERS } from '../../../src/querylog/log-entry.ts';
import { anyEntry, bareEntry, entryOf, NAMES, packEntries } from '../../support/log-entries.ts';
import { HOSTILE_NAMES } from '../../support/store-rows.ts';

const IPV6 = parseAddress('2001:db8::53')!;
const ANSWERS = [parseAddress('203.0.113.80')!, IPV6, parseAddress('255.255.255.255')!];
const FULL = entryOf(7, { client: IPV6, answers: ANSWERS, mark: 'would block', responseCode: 0xfff });
const ENTRIES: readonly LogEntry[] = [
  entryOf(1),
  FULL,
  bareEntry(Date.UTC(1990, 0), NAMES[0]!),
  entryOf(2, { server: IPV6, role: 'authoritative', mark: 'blocked' }),
];
const BATCH = packEntries(ENTRIES);
/** Behind which octets an entry ends. */
const ENDS = ENTRIES.map((_, index) => packEntries(ENTRIES.slice(0, index + 1)).length);

interface Walk {
  readonly entries: LogEntry[];
  readonly end: 'end' | 'damaged';
}

/** Reads all there is, every field in every way, out of memory whose neighbourhood would be seen. */
function walk(batch: Uint8Array): Walk {
  const memory = Buffer.alloc(batch.length + 64, 0xee);
  memory.set(batch, 32);
  const reader = new EntryBatchReader(new Uint8Array(memory.buffer, memory.byteOffset + 32, batch.length));
  const entries: LogEntry[] = [];
  for (;;) {
    const found = reader.next();
    if (found !== 'entry') return { entries, end: found };
    const entry = reader.entry();
    entries.push(entry);
    const answers = [...reader.answerOctets()];
    const parts = [reader.clientOctets, reader.serverOctets, reader.nameOctets, ...answers];
    const [start, end] = [memory.byteOffset + 32, memory.byteOffset + 32 + batch.length];
    const isInside = parts.every((part) => part.byteOffset >= start && part.byteOffset + part.length <= end);
    const isSound =
      isInside &&
      [reader.clientOctets, reader.serverOctets].every(({ length }) => length === 0 || length === 4 || length === 16) &&
      answers.every(({ length }) => length === 4 || length === 16) &&
      reader.hasAnswers === answers.length > 0 &&
      entry.answers.length === answers.length &&
      !Number.isNaN(new Date(entry.atMs).getTime()) &&
      isWireName(entry.name) &&
      entries.length <= batch.length / 24;
    // Not by expect for each: it is asked more than a million times.
    if (!isSound) expect.fail(`unsound: ${Buffer.from(batch).toString('hex')}`);
  }
}

function isWireName(name: Name): boolean {
  let at = 0;
  while (at < name.length && name.charCodeAt(at) !== 0) {
    if (name.charCodeAt(at) > 63) return false;
    at += 1 + name.charCodeAt(at);
  }
  return at === name.length - 1 && name.length <= 255;
}

describe('a batch of entries', () => {
  it('gives back what was written', () => {
    expect(walk(BATCH)).toEqual({ entries: ENTRIES, end: 'end' });
    expect([...readEntries(BATCH)]).toEqual(ENTRIES);
    expect(walk(new Uint8Array(0))).toEqual({ entries: [], end: 'end' });
  });

  it('gives back any entries', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        expect(walk(packEntries(entries))).toEqual({ entries, end: 'end' });
      }),
    );
  });

  it('shows the octets of name and addresses', () => {
    const reader = new EntryBatchReader(packEntries([FULL]));
    reader.next();
    expect(reader.nameOctets.toString('latin1')).toBe(FULL.name);
    expect([reader.clientOctets, reader.serverOctets]).toEqual([IPV6, FULL.server!].map(addressOctets));
    expect([...reader.answerOctets()]).toEqual(ANSWERS.map(addressOctets));
    expect([reader.type, reader.class, reader.clientPort, reader.role]).toEqual([1, 1, 50_000, 'recursive']);
  });

  it('takes a name that stands among other octets', () => {
    const octets = Buffer.from(`xx${HOSTILE_NAMES[8]}yy`, 'latin1');
    const { name, ...fields } = entryOf(1, { name: HOSTILE_NAMES[8]! });
    const writer = new EntryBatchWriter();
    writer.addNamed(fields, octets, 2, 2 + name.length);
    writer.add(FULL);
    expect([...readEntries(writer.take())]).toEqual([{ ...fields, name }, FULL]);
  });

  it('leaves out answers that find no room, and a port of 0', () => {
    const answers = Array.from({ length: MAX_ANSWERS + 3 }, (_, index) => parseAddress(`192.0.2.${index}`)!);
    const [entry] = readEntries(packEntries([entryOf(1, { answers, clientPort: 0 })]));
    expect(entry).toEqual(entryOf(1, { answers: answers.slice(0, MAX_ANSWERS), clientPort: undefined }));
  });

  it('gives each batch memory of its own, and begins anew', () => {
    const writer = new EntryBatchWriter();
    writer.add(ENTRIES[0]!);
    expect(writer.count).toBe(1);
    const first = writer.take();
    expect(writer.count).toBe(0);
    writer.add(FULL);
    expect([...readEntries(first)]).toEqual([ENTRIES[0]]);
    expect([...readEntries(writer.take())]).toEqual([FULL]);
    expect(writer.take()).toHaveLength(0);
  });

  it('grows', () => {
    const answers = Array.from({ length: MAX_ANSWERS }, () => IPV6);
    const entries = Array.from({ length: 3000 }, (_, index) => entryOf(index, { name: HOSTILE_NAMES[8]!, answers }));
    const batch = packEntries(entries);
    expect(batch.length).toBeGreaterThan(3_000_000);
    expect([...readEntries(batch)]).toEqual(entries);
  });

  it('is full after 16,384 entries, or 1 MiB, and keeps no more memory than at first when it was taken', () => {
    const writer = new EntryBatchWriter();
    expect([writer.isFull, writer.heldOctets]).toEqual([false, 0]);
    const small = entryOf(1);
    for (let count = 1; count < 16_384; count++) writer.add(small);
    expect(writer.isFull).toBe(false);
    writer.add(small);
    expect(writer.isFull).toBe(true);
    writer.take();
    const large = entryOf(1, { answers: Array.from({ length: MAX_ANSWERS }, () => IPV6) });
    let octets = 0;
    while (!writer.isFull) {
      writer.add(large);
      octets += MAX_ANSWERS * 17;
    }
    expect(octets).toBeGreaterThan(900_000);
    expect(octets).toBeLessThan(1_100_000);
    expect(writer.heldOctets).toBeGreaterThan(1_000_000);
    expect(writer.take().length).toBeGreaterThan(1_000_000);
    expect([writer.isFull, writer.heldOctets]).toEqual([false, 0]);
    writer.add(small);
    expect(writer.heldOctets).toBeLessThan(65_536);
  });

  it('gives the query that was asked last its response code, while it is among the newest', () => {
    const open = (more: Partial<LogEntry> = {}) => entryOf(1, { responseCode: undefined, ...more });
    const writer = new EntryBatchWriter();
    const refused = open({ responseCode: 5 });
    expect(writer.amendRecent(refused)).toBe(false);
    writer.add(open());
    writer.add(open({ atMs: 2e12 }));
    writer.add(open({ type: 28 }));
    expect(writer.amendRecent({ ...refused, clientPort: 1 })).toBe(false);
    expect(writer.amendRecent({ ...refused, name: 'WWW'.concat('x') as Name })).toBe(false);
    expect([1, 2, 3].map(() => writer.amendRecent(refused))).toEqual([true, true, false]);
    const codes = [...readEntries(writer.take())].map(({ responseCode }) => responseCode);
    expect(codes).toEqual([5, 5, undefined]);
    writer.add(open());
    for (let more = 0; more < 64; more++) writer.add(open({ type: 28 }));
    expect(writer.amendRecent(refused)).toBe(false);
  });
});

describe('a damaged batch of entries', () => {
  it('is read up to where it was cut', () => {
    for (let cut = 0; cut < BATCH.length; cut++) {
      const whole = ENDS.filter((end) => end <= cut).length;
      const isBetween = cut === 0 || ENDS.includes(cut);
      const expected: Walk = { entries: ENTRIES.slice(0, whole), end: isBetween ? 'end' : 'damaged' };
      expect(walk(BATCH.subarray(0, cut)), `cut at ${cut}`).toEqual(expected);
    }
  });

  it('is read without looking beyond its end, whatever octet is changed', () => {
    for (let at = 0; at < BATCH.length; at++) {
      for (let value = 0; value < 256; value++) {
        const changed = new Uint8Array(BATCH);
        changed[at] = value;
        walk(changed);
      }
    }
  });

  it.each<[string, number, number]>([
    ['a length that is too short', 1, 23],
    ['a length that is too long', 0, 1],
    ['a time that is no number', 8, 0x7f],
    ['a client of five octets', 20, 5],
    ['a server of three octets', 21, 3],
    ['a name that is longer', 22, 255],
    ['a name that is shorter', 22, 16],
    ['an empty name', 22, 0],
    ['a label of 64 octets', 32, 64],
    ['a label that ends beyond the name', 32, 63],
    ['an answer that is not there', 23, 1],
  ])('with %s is not read', (_, at, value) => {
    const changed = new Uint8Array(packEntries([entryOf(1), entryOf(2)]));
    expect(walk(changed).entries).toHaveLength(2);
    changed[at] = value;
    expect(walk(changed)).toEqual({ entries: [], end: 'damaged' });
  });

  it.each([1e300, -1e300, Number.NaN, Number.POSITIVE_INFINITY])('with the time %d is not read', (atMs) => {
    expect(walk(packEntries([entryOf(1), entryOf(2, { atMs })]))).toEqual({ entries: [entryOf(1)], end: 'damaged' });
  });

  it('shows what it does not know as unknown', () => {
    const changed = new Uint8Array(packEntries([entryOf(1)]));
    changed[18] = 4;
    changed[19] = 200;
    expect(walk(changed)).toEqual({ entries: [entryOf(1, { role: undefined, mark: undefined })], end: 'end' });
  });

  it('of any octets is read to its end', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => void walk(octets)));
    const change = fc.tuple(fc.nat(BATCH.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const changed = new Uint8Array(BATCH);
        for (const [at, value] of changes) changed[at] = value;
        walk(changed);
      }),
    );
  });
});
