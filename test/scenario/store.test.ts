/** The store in a file with its thread, as gluewall uses it: the compiled thread, other processes, kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatName } from '../../src/dns/name.ts';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { eventOf, NOW_MS, packed, ruleOf, tripleOf } from '../support/store-rows.ts';
import { describeStore, findAll, loadAll } from '../unit/storage/store-contract.ts';

const BUILT = fileURLToPath(new URL('../../dist/src', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/store-child.mjs', import.meta.url));
const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const ROWS_PER_BATCH = 20;
const KILLS = 10;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-store-'));
const children = new Set<ChildProcess>();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const open = (file: string, events = 10_000_000) => openSqliteStore(file, { events, threadScript });

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a process on the store; see store-child.mjs. */
function startChild(file: string, first: number, mode: 'write' | 'hold' | 'leave') {
  const args = [CHILD, BUILT, file, String(first), mode];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const ended = once(child, 'close').then(() => children.delete(child));
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  const said = async (test: () => boolean) => {
    for (let waited = 0; waited < 1500 && !test(); waited++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(test(), lines.join()).toBe(true);
  };
  return { child, ended, lines, said };
}

describeStore('the SQLite store', async ({ events }) => (await open(newFile(), events)).store);

describe('a store that is opened again', () => {
  it('has what was saved', async () => {
    const file = newFile();
    const { store } = await open(file);
    await store.saveTriples(packed([tripleOf(1)]));
    await store.saveEvents([eventOf(1)]);
    await store.saveRule(ruleOf('192.0.2.1'));
    await store.saveWarmup({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
    await store.close();
    const { store: again, setAside } = await open(file);
    expect(setAside).toBeUndefined();
    expect(await loadAll(again)).toStrictEqual([tripleOf(1)]);
    expect(await findAll(again)).toStrictEqual([eventOf(1)]);
    expect(await again.loadRules(NOW_MS)).toStrictEqual([ruleOf('192.0.2.1')]);
    expect(await again.loadWarmup()).toEqual({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
    await again.close();
  });

  it('has what was saved before the process ended without closing it', async () => {
    const file = newFile();
    const { ended } = startChild(file, 7, 'leave');
    await ended;
    const { store } = await open(file);
    expect(await loadAll(store)).toHaveLength(ROWS_PER_BATCH);
    await store.close();
  });
});

describe('a second user of the store', () => {
  it('is refused in the same process, and the first goes on', async () => {
    const file = newFile();
    const { store } = await open(file);
    await expect(open(file)).rejects.toMatchObject({ code: 'store-busy', message: expect.stringContaining(file) });
    await store.saveTriples(packed([tripleOf(1)]));
    const { lines, ended } = startChild(file, 0, 'hold');
    await ended;
    expect(lines).toEqual(['store-busy']);
    expect(await loadAll(store)).toHaveLength(1);
    await store.close();
  });

  it('is refused while another process has it, and let in when that one is gone', async () => {
    const file = newFile();
    const { child, lines, said, ended } = startChild(file, 0, 'hold');
    await said(() => lines.includes('open'));
    await expect(open(file)).rejects.toMatchObject({ code: 'store-busy' });
    child.kill('SIGKILL');
    await ended;
    const { store, setAside } = await open(file);
    expect(setAside).toBeUndefined();
    await store.close();
  });
});

describe('kill -9', () => {
  it(`loses nothing that was saved, ${KILLS} times at any moment`, { timeout: 120_000 }, async () => {
    const file = newFile();
    let next = 0;
    for (let round = 0; round < KILLS; round++) {
      const { child, lines, said, ended } = startChild(file, next, 'write');
      await said(() => lines.length > 1);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
      child.kill('SIGKILL');
      await ended;
      const acknowledged = Number(lines.at(-1));
      const { store, setAside } = await open(file);
      expect(setAside).toBeUndefined();
      const zones = new Map<string, number>();
      for (const { zone } of await loadAll(store)) zones.set(formatName(zone), (zones.get(formatName(zone)) ?? 0) + 1);
      const events = new Map<number, number>();
      for (const { atMs } of await findAll(store)) events.set(atMs, (events.get(atMs) ?? 0) + 1);
      for (let batch = 0; batch <= acknowledged; batch++) {
        expect(zones.get(`batch${batch}.example`), `triples of ${batch}`).toBe(ROWS_PER_BATCH);
        expect(events.get(batch), `events of ${batch}`).toBe(ROWS_PER_BATCH);
      }
      // What was not acknowledged is there as a whole or not at all, and no further than one batch.
      expect(new Set([...zones.values(), ...events.values()])).toEqual(new Set([ROWS_PER_BATCH]));
      expect(Math.max(zones.size, events.size)).toBeLessThanOrEqual(acknowledged + 2);
      next = Math.max(zones.size, events.size);
      if (next > acknowledged + 1 && zones.size !== events.size) next = acknowledged + 1;
      expect(store.unreadableRows).toBe(0);
      await store.close();
    }
  });

  it('leaves files that the next process takes over, for their user alone', async () => {
    const file = newFile();
    const { child, lines, said, ended } = startChild(file, 0, 'write');
    await said(() => lines.length > 3);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(`${file}-wal`)).toBe(true);
    const { store } = await open(file);
    const name = file.slice(folder.length + 1);
    const beside = readdirSync(folder).filter((entry) => entry.startsWith(`${name}`));
    expect(beside.sort()).toEqual([name, `${name}-wal`]);
    for (const entry of beside) expect(statSync(join(folder, entry)).mode & 0o777).toBe(0o600);
    await store.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});
