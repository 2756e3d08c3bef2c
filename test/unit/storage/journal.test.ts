import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventRow } from '../../../src/storage/event-rows.ts';
import { Journal, type JournalEntry } from '../../../src/storage/journal.ts';
import { journalEntry, readJournalEntry, type SavedRows } from '../../../src/storage/pending-save.ts';
import { eventOf, HOSTILE_NAMES, packed, tripleOf } from '../../support/store-rows.ts';

const WRITER = '0123456789abcdef'.repeat(2);
const ROOM = 1 << 20;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-journal-'));
  path = join(folder, 'deep', 'journal');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function entryOf(sequence: number, octets = 50): JournalEntry {
  const kind = sequence % 2 === 0 ? 'triples' : 'events';
  return { kind, mark: { writer: WRITER, sequence }, payload: Buffer.alloc(octets, sequence) };
}

/** Takes all entries out. */
async function drain(journal: Journal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let entry = await journal.first(); entry !== undefined; entry = await journal.first()) {
    entries.push(entry);
    await journal.drop();
  }
  return entries;
}

async function filled(count: number): Promise<void> {
  const journal = await Journal.open(path, ROOM);
  for (let sequence = 0; sequence < count; sequence++) await journal.append(entryOf(sequence));
  await journal.close();
}

describe('the journal', () => {
  it('gives entries in their order, and is empty again then', async () => {
    const journal = await Journal.open(path, ROOM);
    expect(await journal.first()).toBeUndefined();
    await journal.drop();
    for (let sequence = 0; sequence < 5; sequence++) expect(await journal.append(entryOf(sequence))).toBe(true);
    expect(journal.count).toBe(5);
    expect(await journal.first()).toStrictEqual(entryOf(0));
    expect(await journal.first()).toStrictEqual(entryOf(0));
    await journal.drop();
    await journal.append(entryOf(5));
    expect((await drain(journal)).map(({ mark }) => mark.sequence)).toEqual([1, 2, 3, 4, 5]);
    expect([journal.count, journal.sizeBytes, statSync(path).size]).toEqual([0, 0, 0]);
    await journal.close();
  });

  it('is for its user alone', async () => {
    await filled(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gives what an earlier process left', async () => {
    await filled(4);
    const journal = await Journal.open(path, ROOM);
    expect(journal.count).toBe(4);
    await journal.append(entryOf(4));
    expect(await drain(journal)).toStrictEqual([0, 1, 2, 3, 4].map((sequence) => entryOf(sequence)));
    await journal.close();
  });

  it('takes no more than its bound', async () => {
    const journal = await Journal.open(path, 200);
    expect(await journal.append(entryOf(0))).toBe(true);
    expect(await journal.append(entryOf(1))).toBe(true);
    expect(await journal.append(entryOf(2))).toBe(false);
    expect(statSync(path).size).toBeLessThanOrEqual(200);
    expect(await drain(journal)).toHaveLength(2);
    expect(await journal.append(entryOf(3))).toBe(true);
    await journal.close();
  });

  it('lets go of what a crash cut off, at every octet, and of nothing before it', async () => {
    await filled(3);
    const octets = readFileSync(path);
    const length = octets.length / 3;
    for (let cut = 0; cut <= octets.length; cut += 1) {
      writeFileSync(path, octets.subarray(0, cut));
      const journal = await Journal.open(path, ROOM);
      expect(journal.count, `cut at ${cut}`).toBe(Math.floor(cut / length));
      await journal.append(entryOf(9));
      expect((await drain(journal)).at(-1)).toStrictEqual(entryOf(9));
      await journal.close();
    }
  });

  it('ends before an entry in which an octet was changed', async () => {
    await filled(3);
    const octets = readFileSync(path);
    const length = octets.length / 3;
    for (let at = 0; at < octets.length; at++) {
      const changed = Buffer.from(octets);
      changed[at]! ^= 0x41;
      writeFileSync(path, changed);
      const journal = await Journal.open(path, ROOM);
      expect(journal.count, `octet ${at}`).toBe(Math.floor(at / length));
      await journal.close();
    }
  });

  it('ends where somebody else wrote while it was open', async () => {
    const journal = await Journal.open(path, ROOM);
    for (let sequence = 0; sequence < 3; sequence++) await journal.append(entryOf(sequence));
    const octets = readFileSync(path);
    octets.fill(0, octets.length / 3 + 1);
    writeFileSync(path, octets);
    expect(await drain(journal)).toStrictEqual([entryOf(0)]);
    expect(await journal.append(entryOf(7))).toBe(true);
    expect(await drain(journal)).toStrictEqual([entryOf(7)]);
    await journal.close();
  });
});

describe('rows in the journal', () => {
  const mark = { writer: WRITER, sequence: 1 };

  it('are what they were', () => {
    const all: SavedRows[] = [
      { kind: 'triples', batch: packed([tripleOf(1), tripleOf(2)]) },
      { kind: 'events', events: [eventOf(1), ...HOSTILE_NAMES.map((queryName) => eventOf(2, { queryName }))] },
      { kind: 'events', events: [] },
    ];
    for (const rows of all) expect(readJournalEntry(journalEntry(rows, mark))).toStrictEqual(rows);
  });

  it('are read as an older gluewall left them', () => {
    // Without the columns that came since.
    const older = (reason: string) => [
      ...eventRow(eventOf(1)).slice(0, 10),
      reason,
      ...eventRow(eventOf(1)).slice(11, 19),
    ];
    const unseen = { recursionDesired: undefined, packet: undefined };
    const payload = Buffer.from(JSON.stringify([older('unknown'), older('allowList')]));
    expect(readJournalEntry({ kind: 'events', mark, payload })).toStrictEqual({
      kind: 'events',
      events: [eventOf(1, unseen), eventOf(1, { ...unseen, reason: 'allowRule' })],
    });
  });

  it.each(['', '{', '{}', '[1, null, [], ["x"]]', '\xff'])('are none where there is only %j', (text) => {
    const rows = readJournalEntry({ kind: 'events', mark, payload: Buffer.from(text, 'latin1') });
    expect(rows).toStrictEqual({ kind: 'events', events: [] });
  });
});
