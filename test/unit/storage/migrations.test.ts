import { readFileSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { ChangeQuery } from '../../../src/accounts/account-store.ts';
import { APPLICATION_ID, MIGRATIONS, migrate, schemaVersion } from '../../../src/storage/migrations.ts';
import { SqliteDatabase } from '../../../src/storage/sqlite-database.ts';
import { findingOf } from '../../support/findings.ts';
import { addressOf, nameOf } from '../../support/store-rows.ts';
import { triplesOf } from './store-contract.ts';

/** A file of each version that was released, with rows. */
const FIXTURES = [1, 2, 3, 4, 5, 6].map((version) => ({
  version,
  sql: readFileSync(new URL(`schema-${version}.sql`, import.meta.url), 'utf8'),
}));

/** As version 4 holds it. */
const FINDING = findingOf('F-7k2m9q', {
  reasons: [
    {
      ...{ kind: 'beaconing', weight: 0.6, line: 'asked 198.51.100.7 every 300 s', events: 40 },
      ...{ firstAtMs: 1000.5, lastAtMs: 2000, samples: [{ atMs: 2000, text: 'asked' }] },
    },
  ],
  ...{ firstAtMs: 1000.5, lastAtMs: 2000, openedAtMs: 2500, updatedAtMs: 3000, state: 'closed' },
  closed: { atMs: 3000, by: 'root', as: 'mistake', reason: "it's a poller" },
  comments: [{ atMs: 2600, by: 'root', text: 'looking' }],
  cases: ['0190c2f4-0000-4000-8000-000000000000'],
  detail: { a: [-1] },
});

const EVERY_CHANGE: ChangeQuery = {
  ...{ sinceMs: undefined, untilMs: undefined, by: undefined, operation: undefined, subject: undefined },
  ...{ before: undefined, limit: 10 },
};

const schemaOf = (database: Database) =>
  database
    .prepare<[], { name: string; sql: string | null }>('SELECT name, sql FROM sqlite_schema ORDER BY name')
    .all()
    .map(({ name, sql }) => `${name}: ${sql?.replace(/\s+/g, ' ')}`);

describe('the migrations', () => {
  it('say that rows are moved, so that nobody takes it for a disk that does not answer', () => {
    const old = new Sqlite(':memory:');
    old.exec(FIXTURES[3]!.sql);
    let said = 0;
    migrate(old, MIGRATIONS, 0, () => said++);
    expect(said).toBeGreaterThan(0);
  });

  it('are numbered from 1 without a gap, each with a fixture', () => {
    const versions = MIGRATIONS.map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
    expect(FIXTURES.map(({ version }) => version)).toEqual(versions);
  });

  it.each(FIXTURES)(
    'lead from version $version to the tables of a new store, and keep the rows',
    ({ version, sql }) => {
      const old = new Sqlite(':memory:');
      old.exec(sql);
      migrate(old, MIGRATIONS, 0);
      const fresh = new Sqlite(':memory:');
      migrate(fresh, MIGRATIONS, 0);
      expect(schemaOf(old)).toEqual(schemaOf(fresh));
      expect(schemaVersion(old)).toBe(MIGRATIONS.length);

      const database = new SqliteDatabase(old, 'memory', { events: 10 });
      const key = {
        zone: nameOf('example.com'),
        nameServer: nameOf('ns1.ex\\.ample'),
        address: addressOf('192.0.2.1'),
      };
      const ttls = { nsTtlSeconds: 3600, glueTtlSeconds: 300 };
      const exchange = { queryAtMs: 1999.25, queryId: 4711, queryName: nameOf('wWw.example.com'), responseAtMs: 2000 };
      const shared = { origin: 'learned', glue: 'none', sightings: 1 } as const;
      expect(triplesOf(database, 0)).toStrictEqual([
        {
          zone: nameOf('.'),
          nameServer: nameOf('ns2.example'),
          address: addressOf('2001:db8::1'),
          ...shared,
          trust: 'unverified',
          firstSeenAtMs: 1,
          lastSeenAtMs: 2,
          expiresAtMs: Number.POSITIVE_INFINITY,
          teachers: [],
          lesson: undefined,
        },
        {
          ...key,
          ...shared,
          trust: 'referral',
          firstSeenAtMs: 1000.5,
          lastSeenAtMs: 2000,
          expiresAtMs: 9e12,
          teachers: [addressOf('2001:db8::53')],
          lesson: { ...ttls, ...exchange },
        },
      ]);
      const common = { action: 'allow', origin: 'command', owner: 'root' } as const;
      expect(database.rules(5000)).toStrictEqual([
        {
          id: 'allow-192.0.2.7',
          match: { to: { kind: 'address', address: addressOf('192.0.2.7') } },
          ...common,
          reason: 'update server',
          createdAtMs: 1000,
          expiresAtMs: Number.POSITIVE_INFINITY,
        },
        {
          id: 'allow-2001-db8--7',
          match: { to: { kind: 'address', address: addressOf('2001:db8::7') } },
          ...common,
          reason: "it's IPv6",
          createdAtMs: 1001.5,
          expiresAtMs: 9e12,
        },
      ]);
      expect(database.warmup()).toEqual({ learnedForMs: 86_400_000, lastLearnedAtMs: 2000 });
      const [event, allowed] = database.eventsAfter(undefined, { limit: 5 }).items;
      expect(event).toMatchObject({ atMs: 3000.5, hint: { expiresAtMs: Number.POSITIVE_INFINITY }, heldMs: 50.5 });
      expect(event).toMatchObject({ group: 'default', scope: ['destination'], clientMac: undefined, alarm: undefined });
      expect(allowed).toMatchObject({ atMs: 3001.5, verdict: 'allow', reason: 'allowRule', queryName: undefined });
      const named = database.eventsAfter(undefined, { limit: 5, queryName: nameOf('example.org') }).items;
      expect(named).toStrictEqual([event]);
      const findings = database.findingsAfter(undefined).items;
      expect(findings).toHaveLength(version < 4 ? 0 : 1);
      for (const finding of findings) expect(finding).toStrictEqual(FINDING);
      const [entry, ...others] = database.run('entriesById', [[1, 2], 3600_000]);
      expect(others).toEqual([]);
      expect(entry).toMatchObject({
        ...{
          client: addressOf('192.0.2.10'),
          queryName: nameOf('example.org'),
          events: 1,
          packets: 1,
          lastAtMs: 3000.5,
        },
        ...{ severity: 'low', state: 'open', newest: { eventId: 1, reason: 'unknown', recursionDesired: undefined } },
      });
      expect(entry?.hours.slice(-2)).toEqual([1, 0]);
      expect(database.run('entryOfEvent', [1])).toBe(1);
      expect(database.run('entryOfEvent', [2])).toBeUndefined();
      const keys = old.prepare('SELECT DISTINCT client_key FROM events').pluck().all() as Buffer[];
      expect(keys.map((key) => key.toString('hex'))).toEqual(['00000000000000000000ffffc000020a']);
      expect(database.run('minutesFrom', [0, 1e9]).items).toHaveLength(version < 6 ? 0 : 1);
      expect(database.run('changesBefore', [EVERY_CHANGE]).rows).toHaveLength(version < 6 ? 0 : 1);
      expect(database.run('recordsAfter', [undefined]).items).toHaveLength(version < 6 ? 0 : 1);
      expect(database.unreadableRows).toBe(0);
    },
  );

  it('mark the file as ours and write down when they ran', () => {
    const database = new Sqlite(':memory:');
    expect(schemaVersion(database)).toBe(0);
    migrate(database, MIGRATIONS, Date.UTC(2026, 0, 15));
    expect(database.pragma('application_id', { simple: true })).toBe(APPLICATION_ID);
    expect(database.prepare('SELECT * FROM schema_version').all()).toEqual(
      MIGRATIONS.map(({ version }) => ({ version, applied_at: '2026-01-15T00:00:00.000Z' })),
    );
  });

  it('run only the steps that are new, each once', () => {
    const database = new Sqlite(':memory:');
    const steps = [
      { version: 1, sql: 'CREATE TABLE a (x)' },
      { version: 2, sql: 'CREATE TABLE b (x); INSERT INTO a VALUES (2)' },
      { version: 3, sql: 'INSERT INTO a VALUES (3)' },
    ];
    migrate(database, steps.slice(0, 1), 0);
    migrate(database, steps.slice(0, 2), 0);
    migrate(database, steps, 0);
    migrate(database, steps, 0);
    expect(database.prepare('SELECT x FROM a').pluck().all()).toEqual([2, 3]);
    expect(schemaVersion(database)).toBe(3);
  });

  it('leave a step that fails undone as a whole', () => {
    const database = new Sqlite(':memory:');
    const first = { version: 1, sql: 'CREATE TABLE a (x)' };
    const broken = { version: 2, sql: 'CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)' };
    expect(() => migrate(database, [first, broken], 0)).toThrow('nowhere');
    expect(schemaVersion(database)).toBe(1);
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'b'").pluck().get()).toBe(0);
  });
});
