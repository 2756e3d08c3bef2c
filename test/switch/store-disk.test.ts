/** The store on disks that are full or may not be written: small file systems in memory, which need a private world. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { GluewallError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { StoreWriter } from '../../src/storage/store-writer.ts';
import { describeIf } from '../support/describe-if.ts';
import { eventOf, NOW_MS, packed, tripleOf } from '../support/store-rows.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { findAll, loadAll } from '../unit/storage/store-contract.ts';

const BUILT = fileURLToPath(new URL('../../dist/src', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/store-child.mjs', import.meta.url));
const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const NOBODY = 65_534;
const ROWS = 100;

describeIf(['root', 'namespaces'], 'the store', () => {
  let folder: string;
  let disk: string;
  let file: string;
  let ballast: string;
  const stores: Store[] = [];

  const open = async (path = file) => {
    const { store, setAside } = await openSqliteStore(path, { events: 100_000, threadScript });
    stores.push(store);
    expect(setAside).toBeUndefined();
    return store;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gluewall-disk-'));
    disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'tmpfs', disk]);
    file = join(disk, 'store.db');
    ballast = join(disk, 'ballast');
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    execFileSync('umount', [disk]);
    rmSync(folder, { recursive: true, force: true });
  });

  const batch = (number: number) => Array.from({ length: ROWS }, (_, row) => tripleOf(number * ROWS + row));

  /** Saves batches until one is refused; how many were saved, and the refusal. */
  async function fill(store: Store): Promise<{ readonly saved: number; readonly error: GluewallError | undefined }> {
    for (let saved = 0; saved < 1000; saved++) {
      try {
        await store.saveTriples(packed(batch(saved)));
      } catch (error) {
        return { saved, error: error as GluewallError };
      }
    }
    return { saved: 1000, error: undefined };
  }

  /** Takes all room that is left. */
  function fillDisk(): void {
    const descriptor = openSync(join(disk, 'rest'), 'w');
    try {
      for (let written = 0; written < 1000; written++) writeSync(descriptor, Buffer.alloc(4096));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    } finally {
      closeSync(descriptor);
    }
  }

  it('refuses what a full disk has no room for, keeps the rest, and works again when there is room', async () => {
    writeFileSync(ballast, Buffer.alloc(300_000));
    const store = await open();
    const { saved, error } = await fill(store);
    expect(error).toMatchObject({ name: 'GluewallError', code: 'store-write' });
    expect(error!.message).toMatch(/store\.db cannot be written: .*full.*; make room on its disk/);
    expect(saved).toBeGreaterThan(2);
    expect(await loadAll(store)).toHaveLength(saved * ROWS);
    await expect(store.saveTriples(packed(batch(900)))).rejects.toMatchObject({ code: 'store-write' });
    rmSync(ballast);
    await store.saveTriples(packed(batch(900)));
    await store.saveEvents([eventOf(1)]);
    await store.close();
    const again = await open();
    expect(await loadAll(again)).toHaveLength((saved + 1) * ROWS);
    expect(await findAll(again)).toHaveLength(1);
  });

  it('is written by the writer once there is room, with nothing lost', async () => {
    writeFileSync(ballast, Buffer.alloc(600_000));
    const store = await open();
    const lines: string[] = [];
    const log = {
      ...silentLog,
      error: (fields: object) => lines.push(JSON.stringify(fields)),
      info: () => lines.push('works'),
    };
    const rows = Array.from({ length: 2500 }, (_, row) => tripleOf(row, { expiresAtMs: NOW_MS * 2 }));
    const changed = {
      get waiting() {
        return rows.length;
      },
      takeChanged: (most: number) => (rows.length === 0 ? undefined : packed(rows.splice(0, most))),
    };
    const writer = new StoreWriter(new VirtualClock(), log, store, changed, { flushMs: 1000, keepMs: 0 });
    await writer.flush();
    await writer.flush();
    expect(writer.figures()).toMatchObject({ failing: 'store-write', lostTriples: 0 });
    rmSync(ballast);
    await writer.flush();
    expect(writer.figures()).toMatchObject({ failing: undefined, waitingTriples: 0, writtenTriples: 2500 });
    expect(lines).toEqual(['{"code":"store-write"}', 'works']);
    expect(await loadAll(store)).toHaveLength(2500);
    await writer.stop();
  });

  it('can be opened and read on a full disk, and not made on one', async () => {
    const store = await open();
    await store.saveTriples(packed(batch(0)));
    await store.close();
    fillDisk();
    const again = await open();
    expect(await loadAll(again)).toHaveLength(ROWS);
    await expect(again.saveTriples(packed(batch(1)))).rejects.toMatchObject({ code: 'store-write' });
    await expect(open(join(disk, 'another.db'))).rejects.toMatchObject({ code: 'store-write' });
  });

  it('is refused on a disk that may only be read, and left as it is', async () => {
    const store = await open();
    await store.saveTriples(packed(batch(0)));
    await store.close();
    const before = readFileSync(file);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const path of [file, join(disk, 'new.db'), join(disk, 'a', 'b', 'new.db')]) {
      const readonly = { code: 'store-readonly', message: expect.stringContaining(path) };
      await expect(open(path)).rejects.toMatchObject(readonly);
    }
    expect(readFileSync(file)).toEqual(before);
  });

  it('refuses to write when its disk becomes one that may only be read', async () => {
    const store = await open();
    await store.saveTriples(packed(batch(0)));
    const { status } = spawnSync('mount', ['-o', 'remount,ro', disk]);
    // The kernel does not allow it while a file is open for writing, unless forced; then there is nothing to test.
    if (status === 0)
      await expect(store.saveTriples(packed(batch(1)))).rejects.toMatchObject({ name: 'GluewallError' });
    expect(await loadAll(store)).toHaveLength(ROWS);
  });

  it('is refused to a user without the right to write it', async () => {
    const store = await open();
    await store.saveTriples(packed(batch(0)));
    await store.close();
    chmodSync(folder, 0o755);
    const asNobody = () => {
      const options = { uid: NOBODY, gid: NOBODY, encoding: 'utf8', timeout: 20_000 } as const;
      const { stdout, stderr } = spawnSync(process.execPath, [CHILD, BUILT, file, '0', 'leave'], options);
      return stdout.trim() || stderr;
    };
    expect(asNobody()).toBe('store-readonly');
    chmodSync(file, 0o444);
    expect(asNobody()).toBe('store-readonly');
    chownSync(file, NOBODY, NOBODY);
    chmodSync(file, 0o600);
    expect(asNobody(), 'its folder').toBe('store-readonly');
    chownSync(disk, NOBODY, NOBODY);
    expect(asNobody()).toBe('open');
  });
});
