/** The store in MariaDB, in a real server of its own: the contract of all stores, and a server that fails. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MariadbAccess } from '../../src/storage/mariadb-connection.ts';
import { openMariadbStore } from '../../src/storage/mariadb-store.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { describeIf } from '../support/describe-if.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { MariadbServer } from '../support/mariadb-server.ts';
import { eventOf, packed, tripleOf } from '../support/store-rows.ts';
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
