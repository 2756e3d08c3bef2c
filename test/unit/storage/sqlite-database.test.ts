import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteDatabase, SqliteDatabase } from '../../../src/storage/sqlite-database.ts';
import { addressOf, allowEntryOf, eventOf, NOW_MS, nameOf, tripleOf } from '../../support/store-rows.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gluewall-database-'));
  file = join(folder, 'store.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (events = 100) => openSqliteDatabase(file, { events }).database;

/** Runs SQL on the file as somebody else would, while no store has it open. */
function tamper(sql: string): void {
  const connection = new Sqlite(file);
  connection.unsafeMode(true);
  connection.pragma('ignore_check_constraints = ON');
  connection.exec(sql);
  connection.close();
}

function filled(): void {
  const database = open();
  database.saveTriples([tripleOf(1), tripleOf(2), tripleOf(3)]);
  database.saveEvents([eventOf(1), eventOf(2), eventOf(3)]);
  database.saveAllowEntry(allowEntryOf('192.0.2.1'));
  database.saveAllowEntry(allowEntryOf('192.0.2.2'));
  database.saveWarmup({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
  database.close();
}

describe('the file of the store', () => {
  it('keeps all of it from one opening to the next', () => {
    filled();
    const database = open();
    expect(database.triplesAfter(0, NOW_MS).items).toStrictEqual([tripleOf(1), tripleOf(2), tripleOf(3)]);
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(2), eventOf(3)]);
    expect(database.allowEntries(NOW_MS)).toHaveLength(2);
    expect(database.warmup()).toEqual({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
    database.close();
  });

  it('goes on counting the events that are kept', () => {
    filled();
    const database = open(3);
    database.saveEvents([eventOf(4), eventOf(5)]);
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(3), eventOf(4), eventOf(5)]);
    database.close();
  });

  it('is readable for people', () => {
    const database = open();
    const key = {
      zone: nameOf('example.com'),
      nameServer: nameOf('n\\000\\.s.example'),
      address: addressOf('2001:db8::1'),
    };
    database.saveTriples([tripleOf(1, { ...key, expiresAtMs: Number.POSITIVE_INFINITY, lesson: undefined })]);
    database.close();
    const connection = new Sqlite(file, { readonly: true });
    expect(
      connection.prepare('SELECT zone, name_server, address, expires_at_ms, query_name FROM triples').all(),
    ).toEqual([
      {
        zone: 'example.com',
        name_server: 'n\\000\\.s.example',
        address: '2001:db8::1',
        expires_at_ms: null,
        query_name: null,
      },
    ]);
    connection.close();
  });
});

describe('a save that fails half way', () => {
  it('changes nothing, and the next one works', () => {
    const database = open(2);
    database.saveEvents([eventOf(1)]);
    database.saveTriples([tripleOf(1)]);
    const bad = { atMs: Number.NaN } as const;
    expect(() => database.saveEvents([eventOf(2), eventOf(3, bad)])).toThrow(
      expect.objectContaining({ code: 'store-write' }),
    );
    const badTriple = tripleOf(3, { firstSeenAtMs: Number.NaN });
    expect(() => database.saveTriples([tripleOf(2), badTriple])).toThrow(
      expect.objectContaining({ code: 'store-write' }),
    );
    expect(database.triplesAfter(0, 0).items).toStrictEqual([tripleOf(1)]);
    database.saveEvents([eventOf(4)]);
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(4)]);
    database.close();
  });
});

describe('a row that somebody changed', () => {
  it.each([
    "UPDATE triples SET zone = 'a..b' WHERE id = 2",
    "UPDATE triples SET zone = '' WHERE id = 2",
    "UPDATE triples SET name_server = printf('%s.x', replace(hex(zeroblob(40)), '00', 'aa')) WHERE id = 2",
    'UPDATE triples SET name_server = hex(zeroblob(5000000)) WHERE id = 2',
    "UPDATE triples SET address = '192.0.2.256' WHERE id = 2",
    "UPDATE triples SET trust = 'constructor' WHERE id = 2",
    'UPDATE triples SET first_seen_at_ms = 9e999 WHERE id = 2',
    'UPDATE triples SET expires_at_ms = 9e999 WHERE id = 2',
    'UPDATE triples SET query_id = 65536 WHERE id = 2',
    'UPDATE triples SET query_id = NULL WHERE id = 2',
    'UPDATE triples SET glue_ttl_seconds = -1 WHERE id = 2',
    "UPDATE triples SET teacher = 'nobody' WHERE id = 2",
    "UPDATE triples SET query_name = '\\300' WHERE id = 2",
  ])('is left out of the triples and counted: %s', (sql) => {
    filled();
    tamper(sql);
    const database = open();
    expect(database.triplesAfter(0, NOW_MS).items).toStrictEqual([tripleOf(1), tripleOf(3)]);
    expect(database.unreadableRows).toBe(1);
    database.close();
  });

  it.each([
    "UPDATE events SET client = 'x' WHERE id = 2",
    "UPDATE events SET query_name = '..' WHERE id = 2",
    'UPDATE events SET query_type = 70000 WHERE id = 2',
    "UPDATE events SET reason = 'because' WHERE id = 2",
    "UPDATE events SET transport = '' WHERE id = 2",
    "UPDATE events SET hint_zone = 'a', hint_name_server = NULL WHERE id = 2",
    'UPDATE events SET enforced = 2 WHERE id = 2',
    'UPDATE events SET held_ms = 9e999 WHERE id = 2',
    'UPDATE events SET message = hex(zeroblob(40000)) WHERE id = 2',
  ])('is left out of the events and counted: %s', (sql) => {
    filled();
    tamper(sql);
    const database = open();
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(3)]);
    expect(database.unreadableRows).toBe(1);
    database.close();
  });

  it('is left out of the allow entries and of warm-up', () => {
    filled();
    tamper(
      "UPDATE allow_entries SET address = 'any' WHERE address = '192.0.2.2'; UPDATE warmup SET learned_for_ms = -1",
    );
    const database = open();
    expect(database.allowEntries(NOW_MS)).toStrictEqual([allowEntryOf('192.0.2.1')]);
    expect(database.warmup()).toBeUndefined();
    expect(database.unreadableRows).toBe(2);
    database.close();
  });

  it('is read in canonical form, and always as learned', () => {
    filled();
    tamper("UPDATE triples SET zone = 'ZONE1.Example' WHERE id = 1");
    const database = open();
    expect(database.triplesAfter(0, NOW_MS).items[0]).toStrictEqual(tripleOf(1));
    database.close();
  });

  it('does not end the reading when a whole portion is unreadable', () => {
    const database = open();
    database.saveTriples(Array.from({ length: 5000 }, (_, number) => tripleOf(number)));
    database.close();
    tamper("UPDATE triples SET zone = 'a..b' || id WHERE id <= 4000");
    const again = open();
    const found: number[] = [];
    for (let id: number | undefined = 0, rounds = 0; id !== undefined && rounds < 10; rounds++) {
      const { items, next }: { items: readonly unknown[]; next: number | undefined } = again.triplesAfter(id, NOW_MS);
      found.push(items.length);
      id = next;
    }
    expect(found).toEqual([0, 0, 1000]);
    expect(again.unreadableRows).toBe(4000);
    again.close();
  });
});

describe('asking for events', () => {
  it.each([
    [{ limit: 5 }, 'events_by_time'],
    [{ limit: 5, client: addressOf('192.0.2.1') }, 'events_by_client'],
    [{ limit: 5, destination: addressOf('192.0.2.1') }, 'events_by_destination'],
  ])('uses an index: %j', (query, index) => {
    const database = open();
    database.saveEvents(Array.from({ length: 20 }, (_, number) => eventOf(number)));
    database.close();
    const statements: string[] = [];
    const spied = new Sqlite(file, { verbose: (sql) => statements.push(String(sql)) });
    new SqliteDatabase(spied, file, { events: 100 }).eventsAfter(undefined, query);
    const asked = statements.filter((text) => /^\s*SELECT (?:at_ms|id, CASE)/.test(text));
    const plans = asked.map((sql) => {
      const plan = spied.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replace('-Inf', '-9e999')}`).all();
      return plan.map(({ detail }) => detail).join('; ');
    });
    spied.close();
    expect(plans).toHaveLength(2);
    for (const plan of plans) {
      expect(plan).toContain(index);
      expect(plan).not.toContain('TEMP B-TREE');
    }
  });
});
