/** A log that is written, rotated and followed by a process that is killed again and again: each query is kept once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { formatName } from '../../src/dns/name.ts';
import type { LogPlace, QueryLogStore } from '../../src/querylog/query-log-store.ts';
import { openSqliteQueryLog } from '../../src/storage/query-log/sqlite-query-log.ts';

const BUILT = fileURLToPath(new URL('../../dist/src', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/log-follower-child.mjs', import.meta.url));
const ROUNDS = 8;
const ROUND_MS = 700;
const LINES = 150;
const STEP_MS = 20;
const LIMIT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-log-kill-'));
const file = join(folder, 'queries.log');
let child: ChildProcess | undefined;
let written = 0;

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const step = () => new Promise((resolve) => setTimeout(resolve, STEP_MS));

async function startChild(): Promise<ChildProcess> {
  const started = spawn(process.execPath, [CHILD, BUILT, join(folder, 'log'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  await once(started.stdout!, 'data');
  return started;
}

function write(): void {
  const stamp = new Date().toISOString();
  const lines = Array.from({ length: LINES }, (_, at) => {
    const name = `h${written + at}.example`;
    return `${stamp} queries: info: client @0x7f 192.0.2.1#4711 (${name}): query: ${name} IN A +E(0)K (192.0.2.53)\n`;
  });
  written += LINES;
  const text = lines.join('');
  // In two writes, the first of which ends within a line.
  appendFileSync(file, text.slice(0, 1111));
  appendFileSync(file, text.slice(1111));
}

function rotate(round: number): void {
  for (let number = ROUNDS; number > 0; number--) {
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  }
  if (round % 2 === 0) renameSync(file, `${file}.1`);
  else {
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
}

async function keptNames(store: QueryLogStore): Promise<string[]> {
  const names: string[] = [];
  let after: LogPlace | undefined;
  do {
    const page = await store.search({ source: 'ns1', limit: 10_000, after });
    names.push(...page.entries.map(({ name }) => formatName(name)));
    after = page.last;
  } while (after !== undefined);
  return names;
}

it('is kept exactly once, through rotations and kill -9', { timeout: 2 * LIMIT_MS }, async () => {
  write();
  for (let round = 0; round < ROUNDS; round++) {
    const running = await startChild();
    const endMs = performance.now() + ROUND_MS + 131 * round;
    while (performance.now() < endMs) {
      write();
      await step();
    }
    if (round % 3 !== 2) rotate(round);
    write();
    if (round % 2 === 0) await step();
    running.kill('SIGKILL');
    await once(running, 'close');
  }
  await startChild();
  const store = openSqliteQueryLog(join(folder, 'log'));
  const endMs = performance.now() + LIMIT_MS;
  let kept = 0;
  while (kept < written && performance.now() < endMs) {
    await step();
    kept = (await store.coverage(Number.POSITIVE_INFINITY))[0]?.entries ?? 0;
  }
  const names = await keptNames(store);
  await store.close();
  expect(new Set(names).size).toBe(written);
  expect(names).toHaveLength(written);
});
