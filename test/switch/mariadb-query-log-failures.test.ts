/** The query log in MariaDB where servers and processes die, several write at once, or something is not allowed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import type { QueryLogStore, SourceBatch } from '../../src/querylog/query-log-store.ts';
import type { MariadbAccess } from '../../src/storage/mariadb-connection.ts';
import { MariadbLane } from '../../src/storage/query-log/mariadb-lane.ts';
import { openMariadbQueryLog } from '../../src/storage/query-log/mariadb-query-log.ts';
import { describeIf } from '../support/describe-if.ts';
import { batchOf, entryOf, NOON_MS } from '../support/log-entries.ts';
import { MariadbServer } from '../support/mariadb-server.ts';
import { searchAll } from '../unit/storage/query-log/query-log-contract.ts';

const built = fileURLToPath(new URL('../../dist/src', import.meta.url));
const child = fileURLToPath(new URL('../support/mariadb-log-child.mjs', import.meta.url));
const KEEP_ALL = { keepMs: Number.POSITIVE_INFINITY, keepMsOf: new Map(), sizeBytes: Number.POSITIVE_INFINITY };
const QUICK = ['--innodb-flush-method=nosync', '--sync-frm=OFF'];

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(more: readonly string[] = [], home?: string) {
  const server = await MariadbServer.start(more, home);
  cleanups.push(() => server.remove());
  const access = await server.newDatabase();
  return { server, access };
}

function open(access: MariadbAccess): QueryLogStore {
  const store = openMariadbQueryLog(access);
  cleanups.push(() => store.close());
  return store;
}

/** Entries `first` to `first + count` of a source, a second apart, from the place before them to the one behind. */
function part(source: string, first: number, count: number): SourceBatch {
  const entries = Array.from({ length: count }, (_, index) => entryOf(first + index));
  const from = first === 0 ? undefined : { fingerprint: source, offset: first };
  return batchOf(entries, { source, from, position: { fingerprint: source, offset: first + count, state: '' } });
}

/** Each second of the source has an entry, and one, up to the place that is kept. */
async function expectOnce(store: QueryLogStore, source: string): Promise<number> {
  const count = (await store.position(source))?.offset ?? 0;
  const seconds = (await searchAll(store, { source }, 10_000)).map(({ atMs }) => (atMs - NOON_MS) / 1000);
  expect(seconds.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, second) => second));
  return count;
}

/** A way to the server on which the answer to a COMMIT can be lost; then nothing gets through until it is mended. */
async function lossyWay(port: number) {
  let isLosing = false;
  let isBroken = false;
  let lost = 0;
  const way = createServer((client) => {
    if (isBroken) return client.destroy();
    const server = connect(port, '127.0.0.1');
    client.on('error', () => server.destroy()).on('close', () => server.end());
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
    let isLost = false;
    client.on('data', (octets) => {
      server.write(octets);
      if (!isLosing || !octets.includes('COMMIT')) return;
      isLost = true;
      isBroken = true;
    });
    server.on('data', (octets) => {
      if (!isLost) return client.write(octets);
      lost++;
      return client.destroy();
    });
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(way, 'listening');
  cleanups.push(() => {
    way.close();
  });
  return {
    port: (way.address() as AddressInfo).port,
    get lost() {
      return lost;
    },
    loseCommit: () => {
      isLosing = true;
    },
    mend: () => {
      isLosing = false;
      isBroken = false;
    },
  };
}

describeIf(['root', 'mariadb'], 'the query log in MariaDB', () => {
  it('has all that several bring at once, each under a number of its own', { timeout: 120_000 }, async () => {
    const { access } = await start(QUICK);
    const stores = [open(access), open(access), open(access)];
    const write = async (store: QueryLogStore, source: string) => {
      // Over some days, most of which nobody has brought entries of yet.
      for (let first = 0; first < 40_000; first += 10_000) await store.append(part(source, first, 10_000));
    };
    const sources = ['bind', 'unbound', 'dnsmasq'];
    const searching = { isDone: false };
    const searcher = open(access);
    const search = async () => {
      while (!searching.isDone) await searcher.search({ client: entryOf(0).client, limit: 100 });
    };
    const searched = search();
    await Promise.all(stores.map((store, index) => write(store, sources[index]!)));
    searching.isDone = true;
    await searched;
    for (const source of sources) expect(await expectOnce(stores[0]!, source)).toBe(40_000);
    const byDay = new Map<number, number[]>();
    for (const { atMs, place } of await searchAll(stores[0]!, {}, 10_000)) {
      const day = Math.floor(atMs / 86_400_000);
      const numbers = byDay.get(day) ?? [];
      if (numbers.push(place.number) === 1) byDay.set(day, numbers);
    }
    for (const numbers of byDay.values()) {
      expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index));
    }
  });

  it('loses nothing and has nothing twice when the server is killed', { timeout: 120_000 }, async () => {
    const { server, access } = await start();
    const store = open(access);
    const load = { isDone: false, failures: 0 };
    const write = async () => {
      for (let first = 0; !load.isDone; first += 1000) {
        const batch = part('bind', first, 1000);
        for (let isKept = false; !isKept; ) {
          isKept = await store.append(batch).then(
            () => true,
            () => false,
          );
          if (isKept) continue;
          load.failures++;
          await pause(50);
        }
      }
    };
    const written = write();
    for (let kill = 0; kill < 4; kill++) {
      await pause(300 + Math.random() * 500);
      await server.kill();
      await pause(100);
      await server.resume();
    }
    await pause(300);
    load.isDone = true;
    await written;
    expect(load.failures).toBeGreaterThan(0);
    expect(await expectOnce(store, 'bind')).toBeGreaterThan(1000);
  });

  it('waits for no answer that a connection which has ended still owes', { timeout: 60_000 }, async () => {
    const { server, access } = await start(QUICK);
    const lane = new MariadbLane(access, 'SET autocommit = 0', () => {});
    cleanups.push(() => lane.close());
    const asked = lane.do('write', async (connection) => {
      await connection.query('SELECT 1');
      await server.kill();
      await new Promise(() => {});
    });
    await expect(asked).rejects.toMatchObject({ code: 'store-away' });
    await server.resume();
    const rows = await lane.do('write', (connection) => connection.query('SELECT 7'));
    expect(rows).toEqual([[7]]);
  });

  it('keeps a batch once that is brought again because the answer was lost', { timeout: 60_000 }, async () => {
    const { access } = await start(QUICK);
    const way = await lossyWay(access.place.port);
    const store = open({ ...access, place: { ...access.place, port: way.port } });
    // As from a socket: no place tells whether they were kept.
    const batch = (first: number, source = 'bind') => {
      return batchOf([entryOf(first), entryOf(first + 1)], { source, quarantined: [] });
    };
    await store.append(batch(0));
    way.loseCommit();
    await expect(store.append(batch(10))).rejects.toMatchObject({ code: 'store-away' });
    expect(way.lost).toBe(1);
    await expect(store.append(batch(10))).rejects.toMatchObject({ code: 'store-away' });
    way.mend();
    await store.append(batch(10, 'unbound'));
    await store.append(batch(10));
    await store.append(batch(20));
    const found = await searchAll(open(access));
    expect(found.map(({ source, atMs }) => `${source} ${(atMs - NOON_MS) / 1000}`)).toEqual([
      ...['bind 21', 'bind 20', 'unbound 11', 'bind 11', 'unbound 10', 'bind 10', 'bind 1', 'bind 0'],
    ]);
    // Not in doubt any more: it is another one that is the same.
    await store.append(batch(20));
    expect(await searchAll(open(access))).toHaveLength(10);
  });

  it('goes on exactly where a killed process was', { timeout: 120_000 }, async () => {
    const { access } = await start();
    let said = 0;
    for (let kill = 0; kill < 6; kill++) {
      const writer = spawn(process.execPath, [child, built, JSON.stringify(access), 'bind', String(NOON_MS)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      writer.stdout.on('data', (data) => {
        text += data;
      });
      while (text.split('\n').length < 5 && writer.exitCode === null) await pause(10);
      await pause(Math.random() * 200);
      const ended = once(writer, 'exit');
      writer.kill('SIGKILL');
      await ended;
      const offsets = text.split('\n').slice(0, -1).map(Number);
      expect(offsets[0]).toBeGreaterThanOrEqual(said);
      said = offsets.at(-1)!;
    }
    const store = open(access);
    expect(await expectOnce(store, 'bind')).toBeGreaterThanOrEqual(said);
    expect(said).toBeGreaterThan(5000);
  });

  it('keeps what comes for a day that is being taken away', { timeout: 120_000 }, async () => {
    const { access } = await start(QUICK);
    const [store, other] = [open(access), open(access)];
    const nowMs = NOON_MS + 10 * 86_400_000;
    let kept = 0;
    let taken = 0;
    const load = { isDone: false };
    const write = async () => {
      for (let batch = 0; batch < 150; batch++) {
        await store.append(batchOf(Array.from({ length: 20 }, (_, index) => entryOf(batch * 20 + index))));
        kept += 20;
      }
      load.isDone = true;
    };
    const trim = async () => {
      while (!load.isDone) {
        taken += (await other.trim({ ...KEEP_ALL, keepMs: 86_400_000 }, nowMs)).entries;
        await pause(20);
      }
    };
    await Promise.all([write(), trim()]);
    expect(taken).toBeGreaterThan(0);
    const found = await searchAll(store);
    expect(found.length).toBeLessThanOrEqual(kept);
    expect(new Set(found.map(({ place }) => place.number)).size).toBe(found.length);
    await other.trim({ ...KEEP_ALL, keepMs: 86_400_000 }, nowMs);
    expect(await searchAll(store)).toEqual([]);
    expect(await store.coverage(0)).toEqual([]);
    await store.append(batchOf([entryOf(1)]));
    expect(await searchAll(store)).toMatchObject([{ place: { number: 0 } }]);
  });

  it('keeps the place of one alone where several read a source at once', { timeout: 60_000 }, async () => {
    const { access } = await start(QUICK);
    const stores = [open(access), open(access), open(access)];
    for (let first = 0; first < 2000; first += 100) {
      const results = await Promise.allSettled(stores.map((store) => store.append(part('bind', first, 100))));
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused.map(({ reason }) => reason.code)).toEqual(['store-position', 'store-position']);
    }
    expect(await expectOnce(stores[0]!, 'bind')).toBe(2000);
    await stores[0]!.append(batchOf([entryOf(1)], { source: 'syslog' }));
    const other = { ...part('bind', 2000, 100), from: { fingerprint: 'of another file', offset: 2000 } };
    await expect(stores[0]!.append(other)).rejects.toMatchObject({ code: 'store-position' });
    await stores[0]!.append(part('bind', 2000, 100));
    expect(await expectOnce(stores[0]!, 'bind')).toBe(2100);
  });

  it('lets the oldest days go at its limit, and never refuses a new one', { timeout: 60_000 }, async () => {
    const { access } = await start(QUICK);
    const store = openMariadbQueryLog(access, 5);
    cleanups.push(() => store.close());
    const onDays = (...days: readonly number[]) => batchOf(days.map((day) => entryOf(day * 86_400)));
    const held = async () => (await searchAll(store)).map(({ atMs }) => (atMs - NOON_MS) / 86_400_000);
    await store.append(onDays(0, 2, 4, 6, 8));
    await store.append(onDays(-1, 1, 9, 9));
    expect(await held()).toEqual([9, 9, 8, 6, 4, 2]);
    await store.append(onDays(0, 2, 10));
    expect(await held()).toEqual([10, 9, 9, 8, 6, 4]);
    await store.append(onDays(4, 6));
    await store.append(onDays(3));
    expect(await held()).toEqual([10, 9, 9, 8, 6, 6, 4, 4]);
    await store.append(onDays(...Array.from({ length: 30 }, (_, day) => day + 11)));
    expect(await held()).toEqual([40, 39, 38, 37, 36]);
    expect(await store.coverage(0)).toMatchObject([{ entries: 5, firstAtMs: NOON_MS + 36 * 86_400_000 }]);
  });

  it('says how far a source was read while a search takes long, and ends that when nobody waits', async () => {
    const { access, server } = await start(QUICK);
    const store = open(access);
    const asking = new AbortController();
    await store.append(part('bind', 0, 10));
    await store.append(
      batchOf(
        [0, 1, 2, 3].map((day) => entryOf(day * 86_400)),
        { source: 'many days' },
      ),
    );
    expect((await store.search({ limit: 3 }, asking.signal)).entries).toHaveLength(3);
    const root = await server.connectAsRoot();
    await root.query(`USE ${access.place.database}; LOCK TABLES log_entries WRITE`);
    const searched = store.search({ limit: 3 }, asking.signal);
    const waiting = store.search({ limit: 3 }, asking.signal);
    expect((await store.position('bind'))?.offset).toBe(10);
    asking.abort();
    await root.query('UNLOCK TABLES');
    await root.end();
    for (const page of [await searched, await waiting]) expect(page).toEqual({ entries: [], last: undefined });
    expect((await store.search({ limit: 3 })).entries).toHaveLength(3);
  });

  it('makes no partitions for a batch of very many days', { timeout: 60_000 }, async () => {
    const { access, server } = await start(QUICK);
    const store = open(access);
    const days = Array.from({ length: 500 }, (_, day) => entryOf(0, { atMs: day * 86_400_000 }));
    await expect(store.append(batchOf(days))).rejects.toMatchObject({ code: 'store-batch' });
    expect(await searchAll(store)).toEqual([]);
    const root = await server.connectAsRoot();
    const [counted] = await root.query(
      `SELECT COUNT(*) AS partitions FROM information_schema.partitions WHERE table_name = 'log_entries'`,
    );
    expect(Number(counted.partitions)).toBe(1);
    // What a writer left that died before it kept anything.
    const left = 'ADD PARTITION (PARTITION d2026_01_15 VALUES IN (20468))';
    await root.query(`ALTER TABLE ${access.place.database}.log_entries ${left}`);
    await root.end();
    await store.append(batchOf([entryOf(1)]));
    expect(await searchAll(store)).toHaveLength(1);
    const trimmed = await store.trim({ ...KEEP_ALL, keepMs: 0 }, NOON_MS + 2 * 86_400_000);
    expect(trimmed).toEqual({ days: 1, entries: 1 });
  });

  it('says what is to be granted, and that a server takes no writes', { timeout: 60_000 }, async () => {
    const { access, server } = await start(QUICK);
    const root = await server.connectAsRoot();
    await root.query(`CREATE USER reader@'%' IDENTIFIED BY 'x'`);
    await root.query(`GRANT SELECT ON ${access.place.database}.* TO reader@'%'`);
    const asReader = { ...access, place: { ...access.place, user: 'reader' }, password: 'x' };
    const needs = {
      code: 'store-access',
      message: expect.stringMatching(/GRANT SELECT, .*CREATE, ALTER, INDEX, DROP/),
    };
    await expect(open(asReader).append(batchOf([entryOf(1)]))).rejects.toMatchObject(needs);
    await open(access).append(batchOf([entryOf(1)]));
    await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${access.place.database}.* TO reader@'%'`);
    const limited = open(asReader);
    await limited.append(batchOf([entryOf(2)]));
    expect(await searchAll(limited)).toHaveLength(2);
    await expect(limited.append(batchOf([entryOf(86_400)]))).rejects.toMatchObject(needs);
    await expect(limited.trim({ ...KEEP_ALL, keepMs: 0 }, NOON_MS + 1e10)).rejects.toMatchObject(needs);
    await root.query(`GRANT ALTER, DROP ON ${access.place.database}.* TO reader@'%'`);
    await open(asReader).append(batchOf([entryOf(86_400)]));
    await root.query('SET GLOBAL read_only = 1');
    await expect(open(asReader).append(batchOf([entryOf(3)]))).rejects.toMatchObject({ code: 'store-readonly' });
    expect(await searchAll(limited)).toHaveLength(3);
    await root.end();
  });
});

describeIf(['root', 'mariadb', 'namespaces'], 'a server of the query log', () => {
  it('that has no room says so, and takes the batch when there is some', { timeout: 120_000 }, async () => {
    const disk = mkdtempSync(join(tmpdir(), 'gluewall-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0755', 'tmpfs', disk]);
    cleanups.push(() => {
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });
    const { access } = await start(['--innodb-log-file-size=8M', '--skip-log-bin'], disk);
    const store = open(access);
    await store.append(part('bind', 0, 10));
    const ballast = join(disk, 'ballast');
    const descriptor = openSync(ballast, 'w');
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(65_536));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
    closeSync(descriptor);
    let refusal: unknown;
    let first = 10;
    for (; first < 2_000_000 && refusal === undefined; first += 10_000) {
      refusal = await store.append(part('bind', first, 10_000)).catch((cause: unknown) => cause);
    }
    expect(refusal).toMatchObject({ code: 'store-write', message: expect.stringContaining('has no room') });
    rmSync(ballast);
    await store.append(part('bind', first - 10_000, 10_000));
    await expectOnce(store, 'bind');
  });
});
