import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventQuery } from '../../../src/events/event-store.ts';
import { EVERYTHING } from '../../../src/inbox/search.ts';
import { openSqliteDatabase, SqliteDatabase } from '../../../src/storage/sqlite-database.ts';
import type { EventPlace } from '../../../src/storage/store-operations.ts';
import { addressOf, eventOf, NOW_MS, nameOf, packed, ruleOf, tripleOf } from '../../support/store-rows.ts';
import { triplesOf } from './store-contract.ts';

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
  database.saveTriples(packed([tripleOf(1), tripleOf(2), tripleOf(3)]));
  database.saveEvents([eventOf(1), eventOf(2), eventOf(3)]);
  database.saveRule(ruleOf('192.0.2.1'));
  database.saveRule(ruleOf('192.0.2.2'));
  database.saveWarmup({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
  database.close();
}

describe('the file of the store', () => {
  it('keeps all of it from one opening to the next', () => {
    filled();
    const database = open();
    expect(triplesOf(database, NOW_MS)).toStrictEqual([tripleOf(1), tripleOf(2), tripleOf(3)]);
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(2), eventOf(3)]);
    expect(database.rules(NOW_MS)).toHaveLength(2);
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

  it('goes on with the numbers of changes and of entries', () => {
    filled();
    let database = open(3);
    const before = database.run('lastEntryChange', []);
    const [entry] = database.run('findEntries', [{ search: EVERYTHING, before: undefined, limit: 5 }, NOW_MS]).rows;
    database.close();
    database = open(3);
    // The only entry goes with its events: its number is not given again.
    database.saveEvents([4, 5, 6].map((number) => eventOf(number, { queryName: undefined })));
    expect(database.run('lastEntryChange', [])).toBe(before + 1);
    const { rows } = database.run('findEntries', [{ search: EVERYTHING, before: undefined, limit: 5 }, NOW_MS]);
    expect(rows).toMatchObject([{ id: entry!.id + 1, events: 3, queryName: undefined }]);
    database.close();
  });

  it.each([
    "SET state = 'elsewhere'",
    'SET severity = 3',
    'SET severity = -1',
    "SET reason = 'history'",
    "SET client = 'x'",
    "SET query_name = printf('%.*c', 300, 'x')",
    "SET message = printf('%.*c', 5000000, 'x')",
    'SET first_at_ms = 9e999',
  ])('leaves out and counts an entry that somebody changed: %s', (sql) => {
    filled();
    tamper(`UPDATE entries ${sql}`);
    const database = open();
    const { rows, next } = database.run('findEntries', [{ search: EVERYTHING, before: undefined, limit: 5 }, NOW_MS]);
    expect([rows, next, database.unreadableRows]).toEqual([[], undefined, sql.includes('elsewhere') ? 0 : 1]);
    expect(database.run('entriesById', [[1], NOW_MS])).toEqual([]);
    database.close();
  });

  it('takes no triple that expires at no time', () => {
    const database = open();
    database.saveTriples(packed([tripleOf(1, { expiresAtMs: Number.NaN }), tripleOf(2)]));
    expect(triplesOf(database, 0)).toStrictEqual([tripleOf(2)]);
    database.close();
  });
});

describe('a save that fails half way', () => {
  it('changes nothing, and the next one works', () => {
    const database = open(2);
    database.saveEvents([eventOf(1)]);
    database.saveTriples(packed([tripleOf(1)]));
    const bad = { atMs: Number.NaN } as const;
    expect(() => database.saveEvents([eventOf(2), eventOf(3, bad)])).toThrow(
      expect.objectContaining({ code: 'store-write' }),
    );
    expect(triplesOf(database, 0)).toStrictEqual([tripleOf(1)]);
    database.saveEvents([eventOf(4)]);
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(4)]);
    database.close();
  });
});

/** The zone of the second triple as SQL has it. */
const SECOND_ZONE = `x'${Buffer.from(tripleOf(2).zone, 'latin1').toString('hex')}'`;

describe('a row that somebody changed', () => {
  it.each([
    "SET zone = x'057a6f6e6532'",
    "SET zone = x''",
    "SET name_server = x'80'",
    'SET name_server = zeroblob(5000000)',
    "SET address = x'c00002'",
    'SET expires_at_ms = 9e999',
    "SET facts = x''",
    'SET facts = zeroblob(5000000)',
    "SET facts = CAST(x'02' || substr(facts, 2) AS BLOB)",
    'SET facts = substr(facts, 1, length(facts) - 1)',
    "SET facts = CAST(facts || x'00' AS BLOB)",
  ])('is left out of the triples and counted: %s', (sql) => {
    filled();
    tamper(`UPDATE triples ${sql} WHERE zone = ${SECOND_ZONE}`);
    const database = open();
    expect(triplesOf(database, NOW_MS)).toStrictEqual([tripleOf(1), tripleOf(3)]);
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
    "UPDATE events SET scope = 'destination  group' WHERE id = 2",
    "UPDATE events SET scope = 'everything' WHERE id = 2",
    'UPDATE events SET client_mac = -1 WHERE id = 2',
    'UPDATE events SET client_mac = 281474976710656 WHERE id = 2',
    'UPDATE events SET client_name = hex(zeroblob(40000)) WHERE id = 2',
    'UPDATE events SET client_group = hex(zeroblob(40000)) WHERE id = 2',
    'UPDATE events SET rule_id = hex(zeroblob(40000)) WHERE id = 2',
    "UPDATE events SET alarm = 'fire' WHERE id = 2",
  ])('is left out of the events and counted: %s', (sql) => {
    filled();
    tamper(sql);
    const database = open();
    expect(database.eventsAfter(undefined, { limit: 9 }).items).toStrictEqual([eventOf(1), eventOf(3)]);
    expect(database.unreadableRows).toBe(1);
    database.close();
  });

  it.each([
    "id = ''",
    "action = 'alow'",
    "match_json = '{'",
    "match_json = 'null'",
    "match_json = '[]'",
    'match_json = \'{"to":"any"}\'',
    'match_json = \'{"to":1}\'',
    'match_json = \'{"from":["192.0.2.1"]}\'',
    'match_json = \'{"zone":".."}\'',
    'match_json = \'{"types":[]}\'',
    'match_json = \'{"types":"A"}\'',
    'match_json = \'{"types":[1]}\'',
    'match_json = \'{"protocol":"sctp"}\'',
    // Without it the rule would be wider than was meant.
    'match_json = \'{"to":"192.0.2.2","hours":"9-17"}\'',
    'match_json = \'{"__proto__":{"to":"192.0.2.2"}}\'',
    'match_json = hex(zeroblob(40000))',
    'created_at_ms = 9e999',
    'expires_at_ms = 9e999',
  ])('is left out of the rules and counted: %s', (change) => {
    filled();
    tamper(`UPDATE rules SET ${change} WHERE id = 'rule-192.0.2.2'`);
    const database = open();
    expect(database.rules(NOW_MS)).toStrictEqual([ruleOf('192.0.2.1')]);
    expect(database.unreadableRows).toBe(1);
    database.close();
  });

  it('is left out of warm-up', () => {
    filled();
    tamper('UPDATE warmup SET learned_for_ms = -1');
    const database = open();
    expect(database.warmup()).toBeUndefined();
    expect(database.unreadableRows).toBe(1);
    database.close();
  });

  it('is read in canonical form, and always as learned', () => {
    filled();
    tamper(`UPDATE triples SET zone = CAST(upper(zone) AS BLOB) WHERE zone = ${SECOND_ZONE}`);
    const database = open();
    expect(triplesOf(database, NOW_MS)).toContainEqual(tripleOf(2));
    database.close();
  });

  it('does not end the reading when a whole portion is unreadable', () => {
    const database = open();
    database.saveTriples(packed(Array.from({ length: 5000 }, (_, number) => tripleOf(number))));
    database.close();
    tamper("UPDATE triples SET facts = x'' WHERE zone < (SELECT max(zone) FROM triples)");
    const again = open();
    expect(triplesOf(again, NOW_MS)).toHaveLength(1);
    expect(again.unreadableRows).toBe(4999);
    again.close();
  });
});

describe('asking for events', () => {
  it.each<[EventQuery, string]>([
    [{ limit: 5 }, 'events_by_time'],
    [{ limit: 5, client: addressOf('192.0.2.1') }, 'events_by_client'],
    [{ limit: 5, destination: addressOf('192.0.2.1') }, 'events_by_destination'],
    [{ limit: 5, group: 'office', verdict: 'would block', clientName: 'laptop', sinceMs: 5 }, 'events_by_time'],
    [{ limit: 5, queryName: nameOf('example.com') }, 'events_by_name'],
    [{ limit: 5, queryName: nameOf('example.com'), client: addressOf('192.0.2.1') }, 'events_by_name'],
    [{ limit: 5, destination: addressOf('192.0.2.1'), client: addressOf('192.0.2.1') }, 'events_by_client'],
  ])('uses an index: %j', (query, index) => {
    const database = open();
    database.saveEvents(Array.from({ length: 20 }, (_, number) => eventOf(number)));
    database.close();
    const statements: string[] = [];
    const spied = new Sqlite(file, { verbose: (sql) => statements.push(String(sql)) });
    const asking = new SqliteDatabase(spied, file, { events: 100 });
    let place: EventPlace | undefined;
    do place = asking.eventsAfter(place, query).next;
    while (place !== undefined);
    const asked = statements.filter((text) => /^\s*SELECT (?:at_ms|id, CASE)/.test(text));
    const plans = asked.map((sql) => {
      const plan = spied.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql.replace('-Inf', '-9e999')}`).all();
      return plan.map(({ detail }) => detail).join('; ');
    });
    spied.close();
    expect(plans.length).toBeGreaterThan(1);
    for (const plan of plans) {
      expect(plan).toContain(index);
      // Few enough to be put in order each time.
      if (index !== 'events_by_name') expect(plan).not.toContain('TEMP B-TREE');
    }
  });
});
