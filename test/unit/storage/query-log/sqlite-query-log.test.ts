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
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, type QueryLogStore } from '../../../../src/querylog/query-log-store.ts';
import { splitByDay } from '../../../../src/storage/query-log/day-entries.ts';
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

describe('what a dead process has left on its way to the days', () => {
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
      await other.append(batchOf([entryOf(4)], { position: position(10) }));
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
        await writing.append(batchOf([entryOf(number)], { position: position(number) }));
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
      await store.append(batchOf([entryOf(9000)], { position: position(4) }));
      expect(await searchAll(store)).toHaveLength(6001);
      expect(await store.position('bind')).toEqual(position(4));
    });
  }
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
