/** The query log in SQLite, written to by several processes that are killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';
import { searchAll } from '../unit/storage/query-log/query-log-contract.ts';

const BUILT = fileURLToPath(new URL('../../dist/src', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/query-log-child.mjs', import.meta.url));
const SOURCES = ['bind', 'unbound'];
const ROWS_PER_BATCH = 40;
const KILLS = 8;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-query-log-'));
const children = new Set<ChildProcess>();

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a process that appends; see query-log-child.mjs. */
function startChild(source: string, first: number) {
  const args = [CHILD, BUILT, folder, source, String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const ended = once(child, 'close').then(() => children.delete(child));
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  const said = async (count: number) => {
    for (let waited = 0; waited < 2000 && lines.length < count; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(lines.length, lines.join()).toBeGreaterThanOrEqual(count);
  };
  return { source, child, ended, lines, said };
}

describe('kill -9', () => {
  it(`of two that append, ${KILLS} times at any moment, loses nothing and doubles nothing`, {
    timeout: 180_000,
  }, async () => {
    const next = new Map(SOURCES.map((source) => [source, 0]));
    for (let round = 0; round < KILLS; round++) {
      const running = SOURCES.map((source) => startChild(source, next.get(source)!));
      await Promise.all(running.map(({ said }) => said(3)));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      const store = openSqliteQueryLog(folder);
      for (const { source, lines } of running) {
        const said = Number(lines.at(-1));
        // Where the log has been read up to is what is in it, no less and no more.
        const { offset } = (await store.position(source))!;
        expect(offset).toBeGreaterThanOrEqual(said);
        const counts = new Map<number, number>();
        for (const { type } of await searchAll(store, { source }, 10_000))
          counts.set(type, (counts.get(type) ?? 0) + 1);
        expect(counts).toEqual(
          new Map(Array.from({ length: offset + 1 }, (_, batch) => [offset - batch, ROWS_PER_BATCH])),
        );
        const [coverage] = (await store.coverage(0)).filter((one) => one.source === source);
        expect(coverage!.entries).toBe((offset + 1) * ROWS_PER_BATCH);
        next.set(source, offset + 1);
      }
      await store.close();
    }
  });
});
