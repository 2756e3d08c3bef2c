/** Who ever asked this name, this server, this client: a million events on disk, and an answer before one has to wait. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIpv4 } from '../../src/core/address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import type { EventQuery } from '../../src/events/event-store.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import { openSqliteDatabase, type SqliteDatabase } from '../../src/storage/sqlite-database.ts';
import type { EventPlace } from '../../src/storage/store-operations.ts';
import { eventOf, NOW_MS, nameOf } from '../support/store-rows.ts';

const EVENTS = 1_000_000;
const PART = 20_000;
const EVIL = nameOf('evil.example');
/** One event in so many is about the name that is looked for. */
const RARE = 50_000;
const CLIENTS = 500;
const DESTINATIONS = 5000;
/** A few milliseconds on a quiet machine; the rest is for a busy one. */
const QUICK_MS = 500;
/** Where there is no index, all events of the time are looked at. */
const BEARABLE_MS = 10_000;

const folder = mkdtempSync(join(tmpdir(), 'gluewall-retro-hunt-'));
let database: SqliteDatabase;

const ipv4 = (...octets: readonly number[]) => readIpv4(Buffer.from(octets), 0);
const clientOf = (number: number) => ipv4(192, 0, 2 + ((number % CLIENTS) >> 8), (number % CLIENTS) & 255);
const destinationOf = (number: number) =>
  ipv4(198, 18, ((number % DESTINATIONS) >> 8) & 255, (number % DESTINATIONS) & 255);
const nameOfEvent = (number: number): Name =>
  number % RARE === 7
    ? nameOf(`c${number}.evil.example`)
    : parseName(`host${number % 997}.zone${number % 9973}.example.com`)!;

const event = (number: number): VerdictEvent =>
  eventOf(number * 100, {
    client: clientOf(number),
    clientName: `laptop-${number % CLIENTS}.corp.example`,
    destination: destinationOf(number),
    queryName: nameOfEvent(number),
    verdict: number % 100 === 0 ? 'block' : 'allow',
    enforced: number % 1000 !== 0,
    reason: number % 100 === 0 ? 'unknown' : 'history',
  });

beforeAll(() => {
  database = openSqliteDatabase(join(folder, 'store.db'), { events: EVENTS }).database;
  for (let first = 0; first < EVENTS; first += PART) {
    database.saveEvents(Array.from({ length: PART }, (_, row) => event(first + row)));
  }
}, 300_000);

afterAll(() => {
  database?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is found, and how long that takes. */
function find(query: Partial<EventQuery>): { readonly events: readonly VerdictEvent[]; readonly tookMs: number } {
  const startedAtMs = performance.now();
  const events: VerdictEvent[] = [];
  let place: EventPlace | undefined;
  do {
    const { items, next }: { items: readonly VerdictEvent[]; next: EventPlace | undefined } = database.eventsAfter(
      place,
      { limit: 1000, ...query },
    );
    events.push(...items);
    place = next;
  } while (place !== undefined);
  return { events, tookMs: performance.now() - startedAtMs };
}

describe(`of ${EVENTS} events`, () => {
  it.each<[string, Partial<EventQuery>, number]>([
    ['a name that a few asked', { queryName: EVIL }, EVENTS / RARE],
    ['that name, of all time', { queryName: EVIL, limit: EVENTS }, EVENTS / RARE],
    ['a name that nobody asked', { queryName: nameOf('innocent.example') }, 0],
    ['a name that nearly all asked', { queryName: nameOf('com') }, 1000],
    ['a server', { destination: destinationOf(42) }, EVENTS / DESTINATIONS],
    ['a server that nobody asked', { destination: ipv4(203, 0, 113, 1) }, 0],
    ['a client', { client: clientOf(42) }, 1000],
    ['a client and a name', { client: clientOf(7), queryName: EVIL }, EVENTS / RARE],
    ['the last minute', { sinceMs: NOW_MS + EVENTS * 100 - 60_000 }, 600],
    ['the first minute', { untilMs: NOW_MS + 60_000 }, 600],
    ['what was blocked, the newest', { verdict: 'block' }, 1000],
  ])('finds %s at once', (_, query, count) => {
    const { events, tookMs } = find(query);
    expect(events).toHaveLength(count);
    expect(tookMs).toBeLessThan(QUICK_MS);
  });

  it.each<[string, Partial<EventQuery>, number]>([
    ['a client by its name', { clientName: 'LAPTOP-42' }, 1000],
    ['a client name that is not there', { clientName: 'nobody' }, 0],
    ['what would be blocked', { verdict: 'would block', limit: EVENTS }, EVENTS / 1000],
    ['a group that has none', { group: 'none' }, 0],
  ])('finds %s by looking at all', (_, query, count) => {
    const { events, tookMs } = find(query);
    expect(events).toHaveLength(count);
    expect(tookMs).toBeLessThan(BEARABLE_MS);
  });
});
