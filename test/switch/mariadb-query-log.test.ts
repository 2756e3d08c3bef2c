/** The query log in MariaDB, in a real server of its own: the contract of all query logs, many entries, and the indexes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../src/core/address.ts';
import { canonicalName, isAtOrBelow, type Name } from '../../src/dns/name.ts';
import type { LogEntry } from '../../src/querylog/log-entry.ts';
import type { LogQuestion, QueryLogStore } from '../../src/querylog/query-log-store.ts';
import { openMariadbQueryLog } from '../../src/storage/query-log/mariadb-query-log.ts';
import { SEGMENT_ENTRIES } from '../../src/storage/query-log/segment.ts';
import { describeIf } from '../support/describe-if.ts';
import { batchOf, entryOf, NOON_MS } from '../support/log-entries.ts';
import { MariadbServer } from '../support/mariadb-server.ts';
import { nameOf } from '../support/store-rows.ts';
import { describeQueryLog, searchAll } from '../unit/storage/query-log/query-log-contract.ts';

/** Tables come and go by the hundred, and none is to last. */
const QUICK = ['--innodb-flush-method=nosync', '--sync-frm=OFF'];
const RUNS = 20;

describeIf(['root', 'mariadb'], 'the query log in MariaDB', () => {
  let server: MariadbServer;
  const stores: QueryLogStore[] = [];

  beforeAll(async () => {
    server = await MariadbServer.start(QUICK);
  });

  afterAll(async () => {
    for (const store of stores) await store.close();
    await server?.remove();
  });

  async function open() {
    const access = await server.newDatabase();
    const store = openMariadbQueryLog(access);
    stores.push(store);
    return { access, store };
  }

  describeQueryLog('as any query log', async () => openMariadbQueryLog(await server.newDatabase()), RUNS);

  /** The places of what is wanted, in the order of the log. */
  function placesOf(entries: readonly LogEntry[], isWanted: (entry: LogEntry) => boolean): string[] {
    return entries
      .map((entry, number) => ({ entry, number }))
      .filter(({ entry }) => isWanted(entry))
      .sort((a, b) => b.entry.atMs - a.entry.atMs || b.number - a.number)
      .map(({ entry: { atMs }, number }) => `${atMs} ${number}`);
  }

  async function expectFound(
    store: QueryLogStore,
    asked: Partial<LogQuestion>,
    limit: number,
    wanted: readonly string[],
  ): Promise<void> {
    const found = await searchAll(store, asked, limit);
    expect(found.map(({ place }) => `${place.atMs} ${place.number}`)).toEqual(wanted);
  }

  const below = (zone: Name) => (entry: LogEntry) => isAtOrBelow(canonicalName(entry.name), zone);
  const asks = (name: Name) => (entry: LogEntry) => entry.name === name;
  const is = (client: Address) => (entry: LogEntry) => entry.client === client;
  const rare = nameOf('rare.example.net');
  const popular = nameOf('www.example.com');
  const client = (number: number) => parseAddress(`198.18.0.${number}`)!;
  const told = parseAddress('203.0.113.7')!;

  it('finds all in segments whose times overlap', { timeout: 180_000 }, async () => {
    const { store } = await open();
    const count = 2 * SEGMENT_ENTRIES + 20_000;
    const entries = Array.from({ length: count }, (_, number) =>
      // Times go to and fro over the same hours; a tenth of a second is shared by many.
      entryOf(((number * 7919) % 100_003) / 10 - 5000, {
        name: number % 20_011 === 3 ? rare : number % 3 === 0 ? popular : nameOf(`host${number % 997}.example.com`),
        client: client(number % 97 === 5 && number > SEGMENT_ENTRIES ? 200 : number % 50),
        answers: number % 9973 === 0 ? [told] : [],
      }),
    );
    for (let first = 0; first < count; first += 50_000)
      await store.append(batchOf(entries.slice(first, first + 50_000)));
    const window = { sinceMs: NOON_MS - 60_000, untilMs: NOON_MS + 60_000 };
    const isIn = ({ atMs }: LogEntry) => atMs >= window.sinceMs && atMs < window.untilMs;
    const both = (...tests: ((entry: LogEntry) => boolean)[]) => {
      return placesOf(entries, (entry) => tests.every((test) => test(entry)));
    };
    await expectFound(store, { name: rare }, 4, both(asks(rare)));
    await expectFound(store, { name: popular, ...window }, 200, both(asks(popular), isIn));
    await expectFound(store, { client: client(200), ...window }, 7, both(is(client(200)), isIn));
    await expectFound(store, { client: client(3), name: rare }, 3, both(is(client(3)), asks(rare)));
    await expectFound(
      store,
      { answer: told },
      5,
      both(({ answers }) => answers.includes(told)),
    );
    await expectFound(
      store,
      { answer: told, client: client(0) },
      5,
      both(({ answers }) => answers.includes(told), is(client(0))),
    );
    await expectFound(store, { zone: nameOf('net') }, 5, both(below(nameOf('net'))));
    await expectFound(store, { zone: nameOf('com'), ...window }, 1000, both(below(nameOf('com')), isIn));
    await expectFound(store, { ...window, source: 'bind' }, 2000, both(isIn));
    expect(await store.coverage(0)).toMatchObject([{ entries: count }]);
  });

  it('finds what few of many days have', { timeout: 60_000 }, async () => {
    const { store } = await open();
    const entries = Array.from({ length: 90 }, (_, day) =>
      [0, 1, 2].map((number) =>
        entryOf(day * 86_400 + number, { name: day % 30 === 4 && number === 1 ? rare : popular }),
      ),
    );
    await store.append(batchOf(entries.flat()));
    const days = (await searchAll(store, { name: rare }, 2)).map(({ atMs, place }) => [
      (atMs - NOON_MS - 1000) / 864e5,
      place.number,
    ]);
    expect(days).toEqual([
      [64, 1],
      [34, 1],
      [4, 1],
    ]);
    expect(await searchAll(store, { name: popular }, 7)).toHaveLength(270 - 3);
    expect(
      await store.trim({ keepMs: 40 * 864e5, keepMsOf: new Map(), sizeBytes: 1e12 }, NOON_MS + 100 * 864e5),
    ).toEqual({
      days: 60,
      entries: 180,
    });
    expect(await searchAll(store, { name: rare })).toHaveLength(1);
  });

  it('asks an index and the partition of a day, and sorts nothing where there may be much', async () => {
    const { access, store } = await open();
    for (const day of [0, 1, 2]) {
      const entries = Array.from({ length: 3000 }, (_, number) =>
        entryOf(day * 86_400 + number, { client: client(number % 100), answers: number % 50 === 0 ? [told] : [] }),
      );
      await store.append(batchOf(entries));
    }
    const root = await server.connectAsRoot();
    await root.query(`USE ${access.place.database}`);
    const questions: [Partial<LogQuestion>, string, boolean][] = [
      [{ name: popular }, 'log_entries_by_name', false],
      [{ client: client(7) }, 'log_entries_by_client', false],
      [{ answer: told }, 'PRIMARY', false],
      [{ name: popular, client: client(7) }, 'log_entries_by_client', true],
      [{ zone: rare }, 'log_entries_by_name', true],
      [{}, 'PRIMARY', true],
    ];
    for (const [question, key, maySort] of questions) {
      await root.query('SET GLOBAL log_output = "TABLE", GLOBAL general_log = 1');
      await root.query('TRUNCATE mysql.general_log');
      await store.search({ limit: 10, sinceMs: NOON_MS, untilMs: NOON_MS + 86_400_000, ...question });
      await root.query('SET GLOBAL general_log = 0');
      const logged: readonly { readonly asked: string }[] = await root.query(
        `SELECT CONVERT(argument USING utf8mb4) AS asked FROM mysql.general_log
          WHERE command_type = 'Execute' AND argument LIKE 'SELECT e.number%'`,
      );
      expect(logged.length, JSON.stringify(question)).toBeGreaterThan(0);
      for (const { asked } of logged) {
        const [first, ...more] = await root.query(`EXPLAIN PARTITIONS ${asked}`);
        expect(first, asked).toMatchObject({ key, partitions: 'd2026_01_15' });
        for (const plan of more) expect(plan, asked).toMatchObject({ type: 'eq_ref', partitions: 'd2026_01_15' });
        if (!maySort) expect(first.Extra, asked).not.toContain('filesort');
      }
    }
    await root.end();
  });
});
