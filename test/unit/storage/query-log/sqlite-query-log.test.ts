import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { DAY_MS } from '../../../../src/core/clock.ts';
import {
  MAX_DAYS,
  MAX_QUARANTINED,
  MAX_SAMPLE_OCTETS,
  type QueryLogStore,
} from '../../../../src/querylog/query-log-store.ts';
import { splitByDay } from '../../../../src/storage/query-log/day-entries.ts';
import { LogDay } from '../../../../src/storage/query-log/log-day.ts';
import { LogDays } from '../../../../src/storage/query-log/log-days.ts';
import { openLogFile } from '../../../../src/storage/query-log/log-file.ts';
import { LEDGER_SCHEMA, LogLedger } from '../../../../src/storage/query-log/log-ledger.ts';
import { SEGMENT_ENTRIES } from '../../../../src/storage/query-log/segment.ts';
import { openSqliteQueryLog } from '../../../../src/storage/query-log/sqlite-query-log.ts';
import { describeIf } from '../../../support/describe-if.ts';
import { ADDRESSES, batchOf, entryOf, NAMES, NOON_MS } from '../../../support/log-entries.ts';
import { type Asked, QueryLogModel } from '../../../support/query-log-model.ts';
import { describeQueryLog, searchAll } from './query-log-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'gluewall-query-log-'));
let logs = 0;
const newFolder = () => join(root, String(logs++));
const stores: QueryLogStore[] = [];
const asides: string[] = [];

function open(folder: string): QueryLogStore {
  const store = openSqliteQueryLog(folder, (aside) => asides.push(aside));
  stores.push(store);
  return store;
}

const position = (offset: number) => ({ fingerprint: 'f', offset, state: '' });
const secondsOf = async (store: QueryLogStore, asked: Asked = {}) =>
  (await searchAll(store, asked)).map(({ atMs }) => (atMs - NOON_MS) / 1000);
const DAY_FILE = '2026-01-15.db';
const DAY_SECONDS = DAY_MS / 1000;

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  asides.length = 0;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeQueryLog('the query log in SQLite', async () => openSqliteQueryLog(newFolder()), 25);

describe('a query log in SQLite that is opened again', () => {
  it('has what was kept, in files that only their owner may read', async () => {
    const folder = join(newFolder(), 'a', 'b');
    const store = open(folder);
    await store.append(batchOf([entryOf(1), entryOf(DAY_SECONDS)], { position: position(7) }));
    const files = [DAY_FILE, '2026-01-16.db', 'log.db'];
    expect(readdirSync(folder).filter((name) => name.endsWith('.db'))).toEqual(files);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await store.close();
    expect(readdirSync(folder)).toEqual(files);
    const again = open(folder);
    expect(await secondsOf(again)).toEqual([DAY_SECONDS, 1]);
    expect(await again.position('bind')).toEqual(position(7));
    expect(asides).toEqual([]);
  });

  it('begins at once where other files lie in its folder', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    for (const name of ['2026-02-30.db', '2026-1-15.db', 'x2026-01-15.db', 'notes.txt', '2026-01-15.db.bak']) {
      writeFileSync(join(folder, name), 'mine');
    }
    const store = open(folder);
    await store.append(batchOf([entryOf(1)]));
    expect(await secondsOf(store)).toEqual([1]);
    await store.trim({ keepMs: 0, keepMsOf: new Map(), sizeBytes: 0 }, NOON_MS + 100 * DAY_MS);
    expect(await secondsOf(store)).toEqual([]);
    expect(readdirSync(folder).filter((name) => readFileSync(join(folder, name), 'latin1') === 'mine')).toHaveLength(5);
  });

  it('can be looked into with the words of its tables', async () => {
    const folder = newFolder();
    const store = open(folder);
    await store.append(batchOf([entryOf(1, { answers: [ADDRESSES[0]!] })]));
    const day = new Sqlite(join(folder, DAY_FILE), { readonly: true });
    const row = day
      .prepare('SELECT hex(client) AS client, source.name AS source FROM entry JOIN source ON source.number = source')
      .get();
    day.close();
    expect(row).toEqual({ client: 'C000020A', source: 'bind' });
  });
});

/** How often other work of the thread had its turn while `action` went on. */
async function turnsDuring(action: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await action();
  isOver = true;
  return turns;
}

describe('a query log in SQLite of many days', () => {
  it('lets its thread do other work while a batch of many days is kept', async () => {
    const store = open(newFolder());
    const days = Array.from({ length: 64 }, (_, day) => entryOf(day * DAY_SECONDS));
    const turns = await turnsDuring(() => store.append(batchOf(days, { position: position(1) })));
    expect(turns).toBeGreaterThanOrEqual(120);
    expect(await searchAll(store)).toHaveLength(64);
  });

  it('lets the oldest go for new ones once it is full, and refuses what is older', async () => {
    const folder = newFolder();
    const store = open(folder);
    const dayAt = (day: number) => new Date(NOON_MS - day * DAY_MS).toISOString().slice(0, 10);
    for (let day = 1; day <= MAX_DAYS; day++) writeFileSync(join(folder, `${dayAt(day)}.db`), '');
    const next = batchOf([entryOf(0), entryOf(DAY_SECONDS)], { position: position(1) });
    await store.append(next);
    const count = () => readdirSync(folder).filter((name) => /^[\d-]+\.db$/.test(name)).length;
    expect(count()).toBe(MAX_DAYS);
    for (const day of [MAX_DAYS, MAX_DAYS - 1]) expect(existsSync(join(folder, `${dayAt(day)}.db`))).toBe(false);
    expect(existsSync(join(folder, `${dayAt(MAX_DAYS - 2)}.db`))).toBe(true);
    const old = batchOf([entryOf(5), entryOf(-DAY_SECONDS * MAX_DAYS)]);
    await expect(store.append(old)).rejects.toMatchObject({ code: 'store-batch' });
    expect(count()).toBe(MAX_DAYS);
    expect(await secondsOf(store, { sinceMs: NOON_MS })).toEqual([DAY_SECONDS, 0]);
  });

  it('lets no day go for what could not be read', async () => {
    const store = open(newFolder());
    await store.append(batchOf([entryOf(0), entryOf(DAY_SECONDS)]));
    const sizeBytes = (await store.sizeBytes())!;
    const sample = Buffer.alloc(MAX_SAMPLE_OCTETS);
    for (let source = 0; source < 40; source++) {
      const quarantined = Array.from({ length: MAX_QUARANTINED }, () => ({ atMs: NOON_MS, reason: 'none', sample }));
      await store.append(batchOf([], { source: `host ${source}`, quarantined }));
    }
    expect(await store.sizeBytes()).toBeGreaterThan(2 * sizeBytes);
    const retention = { keepMs: Number.POSITIVE_INFINITY, keepMsOf: new Map(), sizeBytes };
    expect(await store.trim(retention, NOON_MS + 5 * DAY_MS)).toEqual({ days: 0, entries: 0 });
  });
});

describe('a query log in SQLite of many entries', () => {
  const count = SEGMENT_ENTRIES + 20_000;
  // Far out of order: the times of the segments overlap.
  const entries = Array.from({ length: count }, (_, number) => {
    const rare = number % 20_011 === 0 ? { name: NAMES[6]! } : {};
    const told = number % 5003 === 0 ? { answers: [ADDRESSES[number % 2]!] } : {};
    const client = ADDRESSES[number % 7 === 0 ? 1 : 0]!;
    return entryOf(((number * 7919) % count) / 8, { client, ...rare, ...told });
  });
  const questions: readonly Asked[] = [
    { name: NAMES[6]! },
    { zone: NAMES[1]!, client: ADDRESSES[1]!, sinceMs: NOON_MS + 1000, untilMs: NOON_MS + 20_000 },
    { name: entryOf(0).name, client: ADDRESSES[1]!, untilMs: NOON_MS + 50_000 },
    { answer: ADDRESSES[1]! },
    { source: 'other' },
    { sinceMs: NOON_MS + 500_000, untilMs: NOON_MS + 501_000 },
  ];

  it('is searched exactly, and trimmed of one source', { timeout: 90_000 }, async () => {
    const store = open(newFolder());
    const model = new QueryLogModel();
    for (let start = 0; start < count; start += 16_384) {
      const batch = entries.slice(start, start + 16_384);
      const source = start === 3 * 16_384 ? 'other' : 'bind';
      model.add(source, batch);
      await store.append(batchOf(batch, { source }));
    }
    for (const asked of questions) {
      expect(await searchAll(store, asked, 7000)).toStrictEqual(model.search(asked));
    }
    // Before it begins, when it has held the thread for a while, and in the end.
    const never = { limit: 5000, sinceMs: NOON_MS + 500_001, untilMs: NOON_MS + 500_002 };
    expect(await turnsDuring(() => store.search(never))).toBeGreaterThanOrEqual(3);
    const gone = new AbortController();
    const search = store.search({ limit: 5000 }, gone.signal);
    setImmediate(() => gone.abort());
    expect(await search).toEqual({ entries: [], last: undefined });
    const page = await store.search({ limit: 5000 });
    expect(page.entries).toStrictEqual(model.search({}).slice(0, 5000));
    expect(await store.coverage(0)).toStrictEqual(model.coverage(0));
    const retention = {
      keepMs: Number.POSITIVE_INFINITY,
      keepMsOf: new Map([['bind', 0]]),
      sizeBytes: Number.POSITIVE_INFINITY,
    };
    expect(await store.trim(retention, NOON_MS + 2 * DAY_MS)).toEqual({ days: 0, entries: count - 16_384 });
    for (const asked of questions) {
      expect(await searchAll(store, asked, 7000)).toStrictEqual(model.search({ ...asked, source: 'other' }));
    }
    await store.append(batchOf([entryOf(1)], { source: 'other' }));
    const [found] = await searchAll(store, { sinceMs: NOON_MS + 1000, untilMs: NOON_MS + 1001, source: 'other' });
    expect(found!.place.number).toBe(count);
    retention.keepMsOf.set('other', 0);
    expect(await store.trim(retention, NOON_MS + 2 * DAY_MS)).toEqual({ days: 1, entries: 16_385 });
  });

  it('of more days than it has open', async () => {
    const folder = newFolder();
    const store = open(folder);
    const days = Array.from({ length: 40 }, (_, day) => entryOf(day * DAY_SECONDS));
    await store.append(batchOf(days, { position: position(1) }));
    expect(readdirSync(folder).filter((name) => name.endsWith('-wal')).length).toBeLessThanOrEqual(17);
    expect(await searchAll(store, {}, 7)).toHaveLength(40);
    expect(await store.coverage(0)).toMatchObject([{ entries: 40, gaps: { length: 39 } }]);
  });
});

describe('two that have one query log in SQLite', () => {
  it('see what the other keeps', async () => {
    const folder = newFolder();
    const [one, other] = [open(folder), open(folder)];
    await one.append(batchOf([entryOf(1)], { position: position(1) }));
    await other.append(batchOf([entryOf(2)]));
    await one.append(batchOf([entryOf(3), entryOf(DAY_SECONDS)], { source: 'unbound' }));
    for (const store of [one, other]) expect(await secondsOf(store)).toEqual([DAY_SECONDS, 3, 2, 1]);
    expect(await other.position('bind')).toEqual(position(1));
  });

  it('do not keep the same part of a source twice', async () => {
    const folder = newFolder();
    const [one, other] = [open(folder), open(folder)];
    await one.append(batchOf([entryOf(1)], { position: position(1) }));
    const again = () => batchOf([entryOf(2)], { position: position(2), from: position(1) });
    await other.append(again());
    await expect(one.append(again())).rejects.toMatchObject({ code: 'store-position' });
    expect(await secondsOf(one)).toEqual([2, 1]);
  });

  it('lose nothing when one of them removes a day that the other has open', async () => {
    const folder = newFolder();
    const [one, other] = [open(folder), open(folder)];
    await one.append(batchOf([entryOf(1)]));
    expect(await secondsOf(other)).toEqual([1]);
    const forget = { keepMs: 0, keepMsOf: new Map(), sizeBytes: 0 };
    expect(await other.trim(forget, NOON_MS + 9 * DAY_MS)).toEqual({ days: 1, entries: 1 });
    expect(await secondsOf(one)).toEqual([]);
    await one.append(batchOf([entryOf(2)]));
    await other.append(batchOf([entryOf(3)]));
    await one.append(batchOf([entryOf(4)]));
    for (const store of [one, other]) expect(await secondsOf(store)).toEqual([4, 3, 2]);
    await one.close();
    expect(await secondsOf(other)).toEqual([4, 3, 2]);
    expect(await secondsOf(open(folder))).toEqual([4, 3, 2]);
  });
});

/** A process that dies when it has kept a batch, and has brought `delivered` of its days where they belong. */
function leave(folder: string, seconds: readonly number[], delivered: number): void {
  const ledger = new LogLedger(openLogFile(join(folder, 'log.db'), LEDGER_SCHEMA));
  const days = new LogDays(folder, ledger, () => {});
  const batch = batchOf(
    seconds.map((second) => entryOf(second)),
    { position: position(9) },
  );
  ledger.keep(batch, splitByDay(batch));
  let parcel = ledger.parcelBehind(0);
  for (let left = delivered; left > 0 && parcel !== undefined; left--) {
    const { number, source, day, entries } = parcel;
    const delivery = {
      parcel: number,
      isWaiting: (parcelNumber: number) => ledger.isWaiting(parcelNumber),
      firstParcelNumber: () => ledger.firstParcelNumber(),
    };
    days.write(day, (file) => file.add(source, entries, delivery));
    parcel = ledger.parcelBehind(number);
  }
  days.close();
  ledger.close();
}

describe('what a dead process has left on its way to the days', () => {
  it('is brought there once, when the log is opened', async () => {
    for (const delivered of [0, 1, 2]) {
      const folder = newFolder();
      await open(folder).close();
      leave(folder, [1, DAY_SECONDS, 2], delivered);
      const store = open(folder);
      expect(await secondsOf(store)).toEqual([DAY_SECONDS, 2, 1]);
      expect(await store.position('bind')).toEqual(position(9));
      expect(await secondsOf(open(folder))).toEqual([DAY_SECONDS, 2, 1]);
    }
  });

  it('is brought there once, when something else is kept', async () => {
    for (const delivered of [0, 1, 2]) {
      const folder = newFolder();
      const [one, other] = [open(folder), open(folder)];
      leave(folder, [1, DAY_SECONDS, 2], delivered);
      await one.append(batchOf([entryOf(3)]));
      await other.append(batchOf([entryOf(4)], { position: position(10), from: position(9) }));
      expect(await secondsOf(one)).toEqual([DAY_SECONDS, 4, 3, 2, 1]);
    }
  });

  it('stays where the file of its day is not ours, and is in nobody’s way', async () => {
    const folder = newFolder();
    const store = open(folder);
    leave(folder, [1, DAY_SECONDS], 0);
    const day = join(folder, DAY_FILE);
    const foreign = new Sqlite(day);
    foreign.exec('CREATE TABLE mine (a)');
    foreign.close();
    await store.append(batchOf([entryOf(2 * DAY_SECONDS)]));
    const rest = { sinceMs: NOON_MS + DAY_MS / 2 };
    expect(await secondsOf(store, rest)).toEqual([2 * DAY_SECONDS, DAY_SECONDS]);
    const foreignDay = { code: 'store-foreign', message: expect.stringContaining(day) };
    await expect(store.append(batchOf([entryOf(2)], { position: position(10) }))).rejects.toMatchObject(foreignDay);
    await expect(store.search({ limit: 1000 })).rejects.toMatchObject(foreignDay);
    expect(await store.position('bind')).toEqual(position(9));
    rmSync(day);
    await store.append(batchOf([entryOf(2)]));
    expect(await secondsOf(store)).toEqual([2 * DAY_SECONDS, DAY_SECONDS, 2, 1]);
  });
});

describe('what stands in the way of one day', () => {
  it('is in the way of no other, and what is for it is kept until it can be written to', async () => {
    const folder = newFolder();
    const store = open(folder);
    leave(folder, [1, DAY_SECONDS], 0);
    const day = join(folder, DAY_FILE);
    mkdirSync(day);
    await store.append(batchOf([entryOf(2 * DAY_SECONDS)], { position: position(10), from: position(9) }));
    const rest = { sinceMs: NOON_MS + DAY_MS / 2 };
    expect(await secondsOf(store, rest)).toEqual([2 * DAY_SECONDS, DAY_SECONDS]);
    const refused = { code: 'store-write', message: expect.stringContaining(folder) };
    const more = () => batchOf([entryOf(2)], { position: position(11), from: position(10) });
    await expect(store.append(more())).rejects.toMatchObject(refused);
    expect(await store.position('bind')).toEqual(position(10));
    rmSync(day, { recursive: true });
    await store.append(more());
    expect(await secondsOf(store)).toEqual([2 * DAY_SECONDS, DAY_SECONDS, 2, 1]);
  });

  it('is said, also where its file is taken away each time', async () => {
    const store = open(newFolder());
    const change = vi.spyOn(LogDay.prototype, 'change').mockReturnValue(false);
    try {
      await expect(store.append(batchOf([entryOf(1)]))).rejects.toMatchObject({ code: 'store-write' });
    } finally {
      change.mockRestore();
    }
    await store.append(batchOf([entryOf(2)]));
    expect(await secondsOf(store)).toEqual([2]);
  });
});

describe('a ledger that a power cut has set back', () => {
  it('keeps what is new, though days know its numbers', async () => {
    const folder = newFolder();
    const ledger = join(folder, 'log.db');
    const step = async (first: number, last: number) => {
      const store = open(folder);
      for (let number = first; number <= last; number++) {
        const entries = [entryOf(number), entryOf(DAY_SECONDS + number)];
        const from = await store.position('bind');
        await store.append(batchOf(entries, { position: position(number), from }));
      }
      await store.close();
    };
    await step(1, 1);
    copyFileSync(ledger, `${ledger}.before`);
    await step(2, 3);
    copyFileSync(`${ledger}.before`, ledger);
    await step(4, 6);
    const store = open(folder);
    const days = [DAY_SECONDS, 0].flatMap((day) => [6, 5, 4, 3, 2, 1].map((number) => day + number));
    expect(await secondsOf(store)).toEqual(days);
  });
});

describe('a file of the query log that is damaged', () => {
  async function twoDays(folder: string): Promise<void> {
    const store = open(folder);
    for (const day of [0, DAY_SECONDS]) {
      const entries = Array.from({ length: 3000 }, (_, number) => entryOf(day + number));
      await store.append(batchOf(entries));
    }
    await store.append(batchOf([], { position: position(3) }));
    await store.close();
  }

  const damages: Readonly<Record<string, (file: string) => void>> = {
    'is no database': (file) => writeFileSync(file, 'x'.repeat(100_000)),
    'is cut': (file) => writeFileSync(file, readFileSync(file).subarray(0, 50_000)),
    'is written over': (file) => {
      const octets = readFileSync(file);
      for (let at = 8192; at < octets.length; at++) octets[at] = (octets[at]! * 7 + 13) & 255;
      writeFileSync(file, octets);
    },
    'has other tables': (file) => {
      const connection = new Sqlite(file);
      connection.exec('DROP TABLE segment');
      connection.close();
    },
  };

  for (const [title, damage] of Object.entries(damages)) {
    it(`and ${title} is set aside, and the rest goes on`, async () => {
      const folder = newFolder();
      await twoDays(folder);
      damage(join(folder, DAY_FILE));
      const reading = open(folder);
      expect(await secondsOf(reading, { name: entryOf(0).name })).toHaveLength(3000);
      expect(asides).toEqual([join(folder, `${DAY_FILE}.corrupt-1`)]);
      expect(existsSync(asides[0]!)).toBe(true);
      await reading.append(batchOf([entryOf(5)]));
      expect((await secondsOf(reading)).slice(-2)).toEqual([DAY_SECONDS, 5]);
    });

    it(`and ${title} is set aside when it is written to, too`, async () => {
      const folder = newFolder();
      await twoDays(folder);
      damage(join(folder, DAY_FILE));
      const writing = open(folder);
      for (let number = 0; number < 3; number++) {
        const from = position(number + 3);
        await writing.append(batchOf([entryOf(number)], { position: position(number + 4), from }));
      }
      expect((await secondsOf(writing)).slice(-4)).toEqual([DAY_SECONDS, 2, 1, 0]);
      expect(asides).toHaveLength(1);
    });

    it(`and ${title} may be the ledger`, async () => {
      const folder = newFolder();
      await twoDays(folder);
      const ledger = join(folder, 'log.db');
      if (title === 'has other tables') {
        const connection = new Sqlite(ledger);
        connection.exec('DROP TABLE position');
        connection.close();
      } else damage(ledger);
      const store = open(folder);
      const from = await store.position('bind');
      await store.append(batchOf([entryOf(9000)], { position: position(4), from }));
      expect(await searchAll(store)).toHaveLength(6001);
      expect(await store.position('bind')).toEqual(position(4));
    });
  }
});

describe('a ledger that turns out to be damaged while a day is written to', () => {
  it('takes no day with it', async () => {
    const store = open(newFolder());
    await store.append(batchOf([entryOf(1)], { position: position(1) }));
    const isWaiting = vi.spyOn(LogLedger.prototype, 'isWaiting').mockImplementation(() => {
      throw new Sqlite.SqliteError('malformed', 'SQLITE_CORRUPT');
    });
    try {
      await store.append(batchOf([entryOf(2)], { position: position(2), from: position(1) }));
    } finally {
      isWaiting.mockRestore();
    }
    expect(await secondsOf(store)).toEqual([2, 1]);
    expect(asides).toEqual([]);
  });
});

describe('a file of the query log that is not ours', () => {
  it('is refused, and left as it is', () => {
    const folder = newFolder();
    mkdirSync(folder);
    const foreign = new Sqlite(join(folder, 'log.db'));
    foreign.exec('CREATE TABLE mine (a)');
    foreign.close();
    const before = readFileSync(join(folder, 'log.db'));
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: 'store-foreign' }));
    expect(readFileSync(join(folder, 'log.db'))).toEqual(before);
  });

  it('is refused when a newer gluewall has written it, the ledger and a day', async () => {
    const folder = newFolder();
    const store = open(folder);
    await store.append(batchOf([entryOf(1)]));
    await store.close();
    const change = (name: string, version: number) => {
      const connection = new Sqlite(join(folder, name));
      connection.pragma(`user_version = ${version}`);
      connection.close();
    };
    change(DAY_FILE, 2);
    const newer = { code: 'store-newer' };
    await expect(open(folder).search({ limit: 1 })).rejects.toMatchObject(newer);
    await expect(open(folder).append(batchOf([entryOf(2)]))).rejects.toMatchObject(newer);
    change('log.db', 2);
    expect(() => open(folder)).toThrow(expect.objectContaining(newer));
    change('log.db', 1);
    change(DAY_FILE, 1);
    expect(await secondsOf(open(folder))).toEqual([1]);
    expect(asides).toEqual([]);
  });

  it('is refused where a day is of another kind', async () => {
    const folder = newFolder();
    const store = open(folder);
    await store.append(batchOf([], { position: position(1) }));
    await store.close();
    copyFileSync(join(folder, 'log.db'), join(folder, DAY_FILE));
    await expect(open(folder).search({ limit: 1 })).rejects.toMatchObject({ code: 'store-foreign' });
  });
});

describeIf(['root'], 'a query log in SQLite that root opens', () => {
  it('belongs to the owner of its folder', async () => {
    const owner = 65_534;
    const home = newFolder();
    mkdirSync(home);
    chownSync(home, owner, owner);
    const folder = join(home, 'state', 'querylog');
    const store = open(folder);
    await store.append(batchOf([entryOf(1), entryOf(DAY_SECONDS)], { position: position(1) }));
    const files = [folder, join(home, 'state'), ...readdirSync(folder).map((name) => join(folder, name))];
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) expect(statSync(file), file).toMatchObject({ uid: owner, gid: owner });
  });
});
