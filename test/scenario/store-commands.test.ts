/** `gluewall store` and `gluewall run --store`, as they are typed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite-store.ts';
import { gluewall } from '../support/gluewall-command.ts';
import { eventOf, packed, ruleOf, tripleOf } from '../support/store-rows.ts';

const threadScript = new URL('../../dist/src/storage/sqlite-worker.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'gluewall-store-command-'));
const file = join(folder, 'first.db');
const config = join(folder, 'gluewall.yaml');
const run = (...args: readonly string[]) => gluewall(process.env, ...args, '--config', config);

beforeAll(async () => {
  writeFileSync(config, `{ store: { file: first.db }, control: { socket: ${join(folder, 'socket')} } }\n`);
  const { store } = await openSqliteStore(file, { events: 1000, threadScript });
  await store.saveTriples(packed([tripleOf(1), tripleOf(2)]));
  await store.saveEvents([eventOf(1), eventOf(2)]);
  await store.saveRule(ruleOf('192.0.2.1'));
  await store.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('store status', () => {
  it('says what the store is and holds', async () => {
    const { status: code, stdout } = await run('store', 'status');
    expect(code).toBe(0);
    expect(stdout).toContain(`sqlite: ${file}`);
    expect(stdout).toMatch(/2 triples, 1 rules, 0 findings, 2 events/);
  });

  it('says it as JSON', async () => {
    const { stdout } = await run('store', 'status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'sqlite',
      place: file,
      contents: { schemaVersion: 6, triples: 2, events: 2, rules: 1, findings: 0, entries: 1 },
      oldestEvent: expect.stringMatching(/^2026-/),
      journal: null,
      running: null,
    });
  });

  it('makes no store', async () => {
    const missing = join(folder, 'missing.db');
    const { status: code, stdout } = await run('store', 'status', '--store', missing);
    expect([code, stdout]).toEqual([0, expect.stringContaining('it is not there yet')]);
    expect(existsSync(missing)).toBe(false);
  });

  it('says when a database is away, without the password', async () => {
    const env = { ...process.env, GLUEWALL_STORE_PASSWORD: 'hidden-word' };
    const { status: code, stderr } = await gluewall(env, 'store', 'status', '--store', 'mysql://gw@127.0.0.1:1/x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/store-away|cannot be reached/);
    expect(stderr).not.toContain('hidden-word');
  });

  it('refuses a password in a URL, and does not repeat it', async () => {
    const { status: code, stderr } = await run('store', 'status', '--store', 'mysql://gw:hidden-word@127.0.0.1/x');
    expect(code).toBe(2);
    expect(stderr).toContain('store.password_file');
    expect(stderr).not.toContain('hidden-word');
  });
});

describe('store migrate', () => {
  it('brings a store of version 1 to the newest', async () => {
    const { default: Sqlite } = await import('better-sqlite3');
    const old = join(folder, 'old.db');
    const connection = new Sqlite(old);
    connection.exec(readFileSync(new URL('../unit/storage/schema-1.sql', import.meta.url), 'utf8'));
    connection.close();
    const { status: code, stdout } = await run('store', 'migrate', '--store', old, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { place: old, schemaVersion: 6 }]);
  });
});

describe('store copy', () => {
  it('copies, twice without harm', async () => {
    const other = join(folder, 'other.db');
    const first = await run('store', 'copy', file, other, '--json');
    expect(JSON.parse(first.stdout)).toEqual({ triples: 2, rules: 1, events: 2, findings: 0, knownEvents: 0 });
    const second = await run('store', 'copy', file, other);
    expect(second.stdout).toContain('2 events were there already');
    const { stdout } = await run('store', 'status', '--store', other, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ contents: { triples: 2, events: 2, rules: 1 } });
  });

  it.each([
    ['itself', file, file],
    ['what is not there', join(folder, 'nothing.db'), file],
    ['memory', 'memory', file],
  ])('refuses to copy %s', async (_, from, to) => {
    expect((await run('store', 'copy', from, to)).status).toBe(2);
  });
});

describe('run --strict', () => {
  it('ends with 2 on a damaged store, and leaves it as it is', async () => {
    const damaged = join(folder, 'damaged.db');
    writeFileSync(damaged, Buffer.alloc(20_000, 0x5a));
    const { status: code, stdout, stderr } = await run('run', '--strict', '--store', damaged);
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/damaged/);
    expect(readFileSync(damaged)).toEqual(Buffer.alloc(20_000, 0x5a));
    expect(readdirSync(folder).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  it('ends with 2 when the database is away', async () => {
    const { status: code, stderr } = await run('run', '--strict', '--store', 'mysql://gw@127.0.0.1:1/x');
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be reached');
  });
});
