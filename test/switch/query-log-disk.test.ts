/** The query log in SQLite on disks that are full or may not be written: small file systems, which need a private world. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { QueryLogStore } from '../../src/querylog/query-log-store.ts';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';
import { describeIf } from '../support/describe-if.ts';
import { batchOf, entryOf } from '../support/log-entries.ts';
import { searchAll } from '../unit/storage/query-log/query-log-contract.ts';

const ROWS = 200;
const DAY_SECONDS = 86_400;

describeIf(['root', 'namespaces'], 'the query log', () => {
  let root: string;
  let disk: string;
  let folder: string;
  const stores: QueryLogStore[] = [];

  const open = () => {
    const store = openSqliteQueryLog(folder, (aside) => expect.fail(`${aside} was set aside`));
    stores.push(store);
    return store;
  };
  /** Entries of two days, so that they pass through the ledger; the number is their type. */
  const append = async (store: QueryLogStore, number: number) => {
    const entries = Array.from({ length: ROWS }, (_, row) => {
      return entryOf((row % 2) * DAY_SECONDS + row, { type: number });
    });
    const from = await store.position('bind');
    return store.append(batchOf(entries, { position: { fingerprint: '', offset: number, state: '' }, from }));
  };
  const numbersIn = async (store: QueryLogStore) => {
    const counts = new Map<number, number>();
    for (const { type } of await searchAll(store, {}, 10_000)) counts.set(type, (counts.get(type) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set(counts.size === 0 ? [] : [ROWS]));
    return [...counts.keys()].sort((a, b) => a - b);
  };
  /** Takes all room that is left but some octets. */
  const fillDisk = (spareOctets: number) => {
    const rest = join(disk, 'rest');
    const spare = join(disk, 'spare');
    writeFileSync(spare, Buffer.alloc(spareOctets));
    const descriptor = openSync(rest, 'w');
    try {
      for (let written = 0; written < 10_000; written++) writeSync(descriptor, Buffer.alloc(4096));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    } finally {
      closeSync(descriptor);
    }
    rmSync(spare);
    return rest;
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gluewall-query-log-disk-'));
    disk = join(root, 'disk');
    folder = join(disk, 'querylog');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0755', 'tmpfs', disk]);
  });

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    execFileSync('umount', [disk]);
    rmSync(root, { recursive: true, force: true });
  });

  it('keeps what it took and refuses the rest on a full disk, wherever it fills up', { timeout: 120_000 }, async () => {
    // The disk fills up in the ledger, in a day, or between them.
    for (const spareKibibytes of [0, 8, 24, 48, 72, 96, 128, 160, 200, 256]) {
      const store = open();
      const kept: number[] = [];
      await append(store, 1).then(() => kept.push(1));
      const rest = fillDisk(spareKibibytes * 1024);
      for (let number = 2; number < 30; number++) {
        try {
          await append(store, number);
          kept.push(number);
        } catch (error) {
          expect(error).toMatchObject({ name: 'GluewallError', code: 'store-write' });
        }
      }
      expect(kept.length).toBeLessThan(29);
      expect(await store.position('bind')).toMatchObject({ offset: kept.at(-1) });
      rmSync(rest);
      await append(store, 100);
      kept.push(100);
      expect(await numbersIn(store)).toEqual(kept);
      await store.close();
      expect(await numbersIn(open())).toEqual(kept);
      for (const again of stores.splice(0)) await again.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('can be opened and read on a disk that is all but full, and not made on a full one', async () => {
    const store = open();
    await append(store, 1);
    await store.close();
    // Room for what SQLite keeps beside each file that is open, and no more.
    const rest = fillDisk(160 * 1024);
    const again = open();
    expect(await numbersIn(again)).toEqual([1]);
    fillDisk(0);
    expect(await numbersIn(again)).toEqual([1]);
    await expect(append(again, 2)).rejects.toMatchObject({ code: 'store-write' });
    await again.close();
    rmSync(rest);
    rmSync(folder, { recursive: true });
    fillDisk(0);
    expect(open).toThrow(expect.objectContaining({ code: 'store-write' }));
  });

  it('is refused on a disk that may only be read, and left as it is', async () => {
    const store = open();
    await append(store, 1);
    await store.close();
    const before = readFileSync(join(folder, 'log.db'));
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    expect(open).toThrow(expect.objectContaining({ code: 'store-readonly' }));
    expect(readFileSync(join(folder, 'log.db'))).toEqual(before);
  });
});
