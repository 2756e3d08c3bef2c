/** The store in MariaDB, in a real server of its own: the contract of all stores, and a server that fails. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from '../../src/core/address.ts';
import type { EventQuery } from '../../src/events/event-store.ts';
import { EVERYTHING } from '../../src/inbox/search.ts';
import type { MariadbAccess } from '../../src/storage/mariadb-connection.ts';
import { MARIADB_MIGRATIONS, migrateMariadb } from '../../src/storage/mariadb-migrations.ts';
import { openMariadbStore } from '../../src/storage/mariadb-store.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { describeIf } from '../support/describe-if.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { MariadbServer, PASSWORD } from '../support/mariadb-server.ts';
import { addressOf, eventOf, NOW_MS, nameOf, packed, tripleOf } from '../support/store-rows.ts';
import { describeSearches } from '../unit/storage/inbox/search-contract.ts';
import { describeStore, findAll, loadAll } from '../unit/storage/store-contract.ts';

const sqliteScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const threadScript = new URL('../../dist/src/storage/mariadb-worker.js', import.meta.url);

describeIf(['root', 'mariadb'], 'the MariaDB store', () => {
  let server: MariadbServer;
  const stores: Store[] = [];

  beforeAll(async () => {
    server = await MariadbServer.start();
  });

  afterAll(async () => {
    for (const store of stores) await store.close();
    await server?.remove();
  });

  const open = async (access: MariadbAccess, events = 100_000) => {
    const store = await openMariadbStore(access, { events, threadScript });
    stores.push(store);
    return store;
  };

  describeStore('as any store', async ({ events }) => open(await server.newDatabase(), events));

  describeSearches('with searches', async ({ events }) => open(await server.newDatabase(), events), 200);

  it('is moved to from SQLite and back, by the command', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gluewall-copy-'));
    const [first, back] = ['first.db', 'back.db'].map((name) => join(folder, name)) as [string, string];
    const { store } = await openSqliteStore(first, { events: 100_000, threadScript: sqliteScript });
    const triples = Array.from({ length: 3000 }, (_, number) => tripleOf(number));
    const events = Array.from({ length: 3000 }, (_, number) => eventOf(number));
    await store.saveTriples(packed(triples));
    await store.saveEvents(events);
    await store.close();
    const { place, password } = await server.newDatabase();
    const url = `mysql://${place.user}@${place.host}:${place.port}/${place.database}`;
    const env = { ...process.env, GLUEWALL_STORE_PASSWORD: password };
    for (const [from, to] of [
      [first, url],
      [first, url],
      [url, back],
    ] as const) {
      const { status: code, stdout, stderr } = await gluewall(env, 'store', 'copy', from, to, '--json');
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ triples: 3000 });
    }
    const status = await gluewall(env, 'store', 'status', '--store', url, '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ kind: 'mariadb', contents: { triples: 3000, events: 3000 } });
    const { store: again } = await openSqliteStore(back, { events: 100_000, threadScript: sqliteScript });
    expect(await findAll(again)).toStrictEqual(events);
    expect(await loadAll(again)).toHaveLength(3000);
    await again.close();
    rmSync(folder, { recursive: true });
  });

  describe('of an older version', () => {
    const columns = 'at_ms, datapath_id, in_port, client, client_port, destination, transport, query_name, query_type';
    const judged = 'verdict, reason, scope, packets_at_least, enforced, held_ms, message';
    const old = [
      `INSERT INTO allow_entries VALUES ('192.0.2.7', 'update server', 'root', 1000, NULL),
        ('2001:db8::7', 'it''s IPv6', '', 1001.5, 9e12), ('any', 'no address', '', 1002, NULL)`,
      `INSERT INTO events (${columns}, ${judged}) VALUES
        (3000.5, 'ff', 1, '192.0.2.10', 40000, '198.51.100.53', 'udp', 'www.Example.org', 1,
          'block', 'unknown', 'destination', 1, 1, 50.5, 'unknown'),
        (3001.5, 'ff', 1, '192.0.2.10', 40001, '192.0.2.7', 'tcp', NULL, NULL,
          'allow', 'allowList', 'destination', 1, 1, 0, 'allowed')`,
    ];
    const step = MARIADB_MIGRATIONS[1]!;

    // Ended after so many statements of the step, as by a crash, and then begun again.
    it.each([undefined, 1, 3, 4, 5, step.statements.length])('is brought to the newest, ended at %s', async (ended) => {
      const access = await server.newDatabase();
      const { host, port, user, database } = access.place;
      const options = { host, port, user, database, password: PASSWORD, rowsAsArray: true };
      const connection = await createConnection(options);
      await migrateMariadb(connection, database, MARIADB_MIGRATIONS.slice(0, 1));
      for (const sql of [...old, ...step.statements.slice(0, ended ?? 0)]) await connection.query(sql);
      await connection.end();
      const store = await open(access);
      const common = { action: 'allow', origin: 'command' } as const;
      expect(await store.loadRules(0)).toStrictEqual([
        {
          id: 'allow-192.0.2.7',
          match: { to: { kind: 'address', address: addressOf('192.0.2.7') } },
          ...common,
          ...{ reason: 'update server', owner: 'root', createdAtMs: 1000, expiresAtMs: Number.POSITIVE_INFINITY },
        },
        {
          id: 'allow-2001-db8--7',
          match: { to: { kind: 'address', address: addressOf('2001:db8::7') } },
          ...common,
          ...{ reason: "it's IPv6", owner: '', createdAtMs: 1001.5, expiresAtMs: 9e12 },
        },
      ]);
      expect(store.unreadableRows).toBe(1);
      const [blocked, allowed] = await findAll(store);
      expect(blocked).toMatchObject({ group: 'default', scope: ['destination'], clientMac: undefined });
      expect(allowed).toMatchObject({ verdict: 'allow', reason: 'allowRule', queryName: undefined });
      expect(await findAll(store, { queryName: nameOf('example.org') })).toStrictEqual([blocked]);
      expect(await store.contents()).toMatchObject({ schemaVersion: 6, rules: 3, events: 2, entries: 1 });
    });

    const inboxStep = MARIADB_MIGRATIONS[4]!;

    // The last one: also after all of its rows were moved, and nothing said so.
    it.each(Array.from({ length: inboxStep.statements.length + 2 }, (_, ended) => ended))(
      'has its events in the inbox once, ended at %s',
      async (ended) => {
        const access = await server.newDatabase();
        const { host, port, user, database } = access.place;
        const connection = await createConnection({
          host,
          port,
          user,
          database,
          password: PASSWORD,
          rowsAsArray: true,
        });
        await migrateMariadb(connection, database, MARIADB_MIGRATIONS.slice(0, 4));
        await connection.query(old[1]!);
        for (const sql of inboxStep.statements.slice(0, ended)) await connection.query(sql);
        if (ended > inboxStep.statements.length) await inboxStep.move?.(connection);
        await connection.end();
        const store = await open(access);
        const { rows } = await store.findEntries({ search: EVERYTHING, before: undefined, limit: 9 }, 5000);
        expect(rows).toMatchObject([
          { client: addressOf('192.0.2.10'), queryName: nameOf('www.example.org'), events: 1, hours: { 23: 1 } },
        ]);
        expect(rows[0]?.newest.eventId).toBe(1);
      },
    );
  });

  it('asks for events by an index, whatever is asked for', async () => {
    const access = await server.newDatabase();
    const store = await open(access, 100_000);
    const rare = nameOf('evil.example');
    for (let part = 0; part < 5; part++) {
      const events = Array.from({ length: 6000 }, (_, row) => {
        const number = part * 6000 + row;
        const queryName = number % 1000 === 0 ? rare : nameOf('good.example');
        return eventOf(number, { queryName, client: (number % 50) as Address, destination: (number % 70) as Address });
      });
      await store.saveEvents(events);
    }
    const root = await server.connectAsRoot();
    await root.query('SET GLOBAL log_output = "TABLE", GLOBAL general_log = 1');
    const queries: [Partial<EventQuery>, string][] = [
      [{}, 'events_by_time'],
      [{ group: 'office', verdict: 'would block', sinceMs: NOW_MS }, 'events_by_time'],
      [{ client: 7 as Address }, 'events_by_client'],
      [{ destination: 7 as Address, group: 'default' }, 'events_by_destination'],
      [{ queryName: rare }, 'events_by_name'],
      [{ queryName: nameOf('example') }, 'events_by_time'],
    ];
    for (const [query, index] of queries) {
      await root.query('TRUNCATE mysql.general_log');
      await findAll(store, { limit: 10, ...query });
      const logged = await root.query(
        `SELECT CONVERT(argument USING utf8mb4) AS sql_text FROM mysql.general_log
          WHERE command_type = 'Execute' AND argument LIKE 'SELECT%FROM events %ORDER BY%'`,
      );
      const asked = (logged as readonly { readonly sql_text: string }[]).map(({ sql_text }) => sql_text);
      expect(asked.length, JSON.stringify(query)).toBeGreaterThan(0);
      await root.query(`USE ${access.place.database}`);
      for (const sql of asked) {
        const plan = await root.query(`EXPLAIN ${sql}`);
        expect(plan, `${JSON.stringify(query)} ${sql}`).toMatchObject([{ key: index }]);
      }
    }
    await root.query('SET GLOBAL general_log = 0');
    await root.end();
  });

  describe('that cannot be had', () => {
    it.each([
      ['store-access', (access: MariadbAccess) => ({ ...access, password: 'wrong-password-123' })],
      ['store-away', (access: MariadbAccess) => ({ ...access, place: { ...access.place, port: 1 } })],
      ['store-missing', (access: MariadbAccess) => ({ ...access, place: { ...access.place, database: 'test_none' } })],
    ])('says %s, and neither password nor SQL', async (code, change) => {
      const access = change(await server.newDatabase());
      const store = await open(access);
      const error = await store.saveTriples(packed([tripleOf(1)])).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code, message: expect.stringContaining('MariaDB database test_') });
      expect(String(error)).not.toMatch(/INSERT|SELECT|password-123/);
      expect(String(error)).not.toContain(access.password);
    });

    it('refuses tables of a newer gluewall, and of another program', async () => {
      const newer = await server.newDatabase();
      const store = await open(newer);
      expect(await loadAll(store)).toEqual([]);
      const root = await server.connectAsRoot();
      await root.query(`INSERT INTO ${newer.place.database}.gluewall_schema VALUES (99, '')`);
      const foreign = await server.newDatabase();
      await root.query(`CREATE TABLE ${foreign.place.database}.other (id INT)`);
      await root.end();
      const again = await open(newer);
      await expect(again.loadWarmup()).rejects.toMatchObject({ code: 'store-newer' });
      const other = await open(foreign);
      await expect(other.loadWarmup()).rejects.toMatchObject({ code: 'store-foreign' });
    });
  });
});
