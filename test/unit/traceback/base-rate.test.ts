import { describe, expect, it } from 'vitest';
import { type Address, parseNetwork } from '../../../src/core/address.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';
import { BaseRates } from '../../../src/traceback/base-rate.ts';
import { windowSpan } from '../../../src/traceback/inspect-log.ts';
import type { SearchedLog } from '../../../src/traceback/log-entries.ts';
import { Registry } from '../../../src/traceback/registry.ts';
import { randomFrom } from '../../support/bot-world.ts';
import { batchOf, entryOf, NOON_MS } from '../../support/log-entries.ts';
import { nameOf } from '../../support/store-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const name = nameOf('www.example.com');
const other = nameOf('other.example.net');
const window = windowSpan(NOON_MS, { beforeMs: 5000, afterMs: 0 });
const never = new AbortController().signal;
const registry = new Registry({ servers: [], clients: [parseNetwork('10.0.0.0/8')!], zones: [], peers: [] }, undefined);
/** Of 10.0.0.0/8: what is counted; of 198.18.0.0/15: what is not. */
const clientOf = (number: number) => ((10 << 24) | number) as Address;
const strangerOf = (number: number) => ((198 << 24) | (18 << 16) | number) as Address;

type Query = readonly [beforeMs: number, client: Address, name?: typeof other];

async function logOf(queries: readonly Query[]): Promise<MemoryQueryLog> {
  const log = new MemoryQueryLog(1_000_000);
  const entries = queries.map(([beforeMs, client, asked = name]) => {
    return entryOf(0, { atMs: window.fromMs - beforeMs, client, name: asked });
  });
  await log.append(batchOf(entries));
  return log;
}

/** A query for another name each minute, since so long before the window: the log covers this time. */
function noise(sinceMs: number, untilMs = 0): Query[] {
  const minutes = Math.floor((sinceMs - untilMs) / 60_000);
  return Array.from(
    { length: minutes },
    (_, minute) => [sinceMs - minute * 60_000, clientOf(minute % 20), other] as const,
  );
}

function facts(log: SearchedLog) {
  return new BaseRates(log, registry, new VirtualClock(NOON_MS)).factsOf(name, window, new Map(), never);
}

/** Queries of `clients` clients at random times. */
function randomQueries(count: number, forMs: number, clients: number, seed: number): Query[] {
  const random = randomFrom(seed);
  return Array.from(
    { length: count },
    () => [1 + random() * (forMs - 1), clientOf(Math.floor(random() * clients))] as const,
  );
}

describe('BaseRates', () => {
  it('finds the 12 that paper 1 expects of 200,000 queries a day in 5 s', async () => {
    const seed = 16;
    const anHour = randomQueries(200_000 / 24, HOUR_MS, 100_000, seed);
    const { expected, slots } = await facts(await logOf(anHour));
    // 11.57, to four sigma of a thousand entries.
    expect(Math.abs(expected - (200_000 * 5) / 86_400), `seed ${seed}`).toBeLessThan(4 * (11.57 / Math.sqrt(1000)));
    expect(slots).toBeGreaterThan(50);
  });

  it('tells about how many clients there are from samples', async () => {
    const seed = 17;
    const log = await logOf(randomQueries(10_000, DAY_MS, 2000, seed));
    const { clients } = await facts(log);
    expect(clients, `seed ${seed}`).toBeGreaterThan(1600);
    expect(clients, `seed ${seed}`).toBeLessThan(2400);
  });

  it('counts different hosts in each slot, and the slots of each host', async () => {
    const queries: Query[] = [
      ...noise(DAY_MS + 2 * HOUR_MS),
      ...(
        [
          [1, 1],
          [2, 1],
          [5000, 1],
          [4999, 2],
          [5001, 1],
          [10_000, 3],
          [20_001, 1],
        ] as const
      ).map(([beforeMs, number]): Query => [beforeMs, clientOf(number)]),
      // Neither in the window, nor more than a day before it, nor no client.
      [0, clientOf(1)],
      [DAY_MS + 1, clientOf(1)],
      [3, strangerOf(1)],
    ];
    const sighting = { firstAtMs: 0, lastAtMs: 0, queries: 1 };
    const hosts = new Map([1, 2, 3, 4].map((number) => [clientOf(number), sighting]));
    const log = await logOf(queries);
    const found = await new BaseRates(log, registry, new VirtualClock(NOON_MS)).factsOf(name, window, hosts, never);
    expect(found.slots).toBe(DAY_MS / 5000);
    expect(found.expected).toBeCloseTo(5 / found.slots, 10);
    expect(found.hosts.map(({ slots }) => slots)).toEqual([3, 1, 1, 0]);
    expect(found).toMatchObject({ askers: 3, askedOnce: 2 });
    expect(found.clients).toBe(20);
  });

  it('takes of a young log the time that it covers', async () => {
    for (const ageMs of [10 * 60_000, 90 * 60_000, 5 * HOUR_MS, 30 * HOUR_MS]) {
      const log = await logOf([...noise(ageMs), [1000, clientOf(1)], [7000, clientOf(1)], [8000, clientOf(2)]]);
      const { expected, slots } = await facts(log);
      const expectedSlots = Math.min(ageMs, DAY_MS) / 5000;
      expect(slots / expectedSlots).toBeGreaterThan(0.98);
      expect(slots / expectedSlots).toBeLessThan(1.02);
      expect(expected).toBeCloseTo(3 / slots, 10);
    }
  });

  it('takes of a large young log the time that it covers', async () => {
    const many = Array.from({ length: 20_000 }, (_, index): Query => [1 + index * 100, clientOf(index % 50), other]);
    const { slots } = await facts(await logOf([...many, [1000, clientOf(1)]]));
    expect(Math.abs(slots - (20_000 * 100) / 5000)).toBeLessThan(4);
  });

  it('leaves out times without any entry', async () => {
    const log = await logOf([...noise(DAY_MS + 2 * HOUR_MS, 18 * HOUR_MS), ...noise(2 * HOUR_MS), [1000, clientOf(1)]]);
    const { slots } = await facts(log);
    // Six hours and two, and what of a period of two hours is not known.
    expect(slots).toBeGreaterThan((7.9 * HOUR_MS) / 5000);
    expect(slots).toBeLessThan((10.1 * HOUR_MS) / 5000);
  });

  it('says of a log without a past that there is none', async () => {
    const nothing = { expected: 0, slots: 0, coveredMs: 0, clients: 0 };
    expect(await facts(await logOf([[0, clientOf(1)]]))).toMatchObject(nothing);
    expect(
      await facts(
        await logOf([
          [1, clientOf(1)],
          [2, clientOf(2)],
        ]),
      ),
    ).toMatchObject({ expected: 2, slots: 1, coveredMs: 2, clients: 2 });
  });

  it.each([
    ['nothing', 0],
    ['half an hour', HOUR_MS / 2],
    // More entries than a sample has: where it begins is looked for.
    ['half an hour of many entries', HOUR_MS / 2, 2000],
  ])('sees at once what is imported of the time before, when the log had %s', async (_what, beforeMs, many = 0) => {
    const young = Array.from({ length: many }, (_, index): Query => [index + 1, clientOf(index % 20), other]);
    const log = await logOf([[0, clientOf(1)], ...noise(beforeMs), ...young]);
    const rates = new BaseRates(log, registry, new VirtualClock(NOON_MS));
    const measure = () => rates.factsOf(name, window, new Map(), never);
    const before = await measure();
    expect(Math.abs(before.coveredMs - beforeMs)).toBeLessThan(20_000);
    const entries = [...noise(DAY_MS + HOUR_MS, beforeMs), [20_000, clientOf(9)] as const].map(
      ([agoMs, client, asked]) => entryOf(0, { atMs: window.fromMs - agoMs, client, name: asked ?? name }),
    );
    await log.append(batchOf(entries));
    const after = await measure();
    expect(after.coveredMs).toBe(DAY_MS);
    expect(after.askers).toBe(before.askers + 1);
    expect(after.clients).toBeGreaterThanOrEqual(20);
  });

  it('asks the log once for what it knows, and again when that is old', async () => {
    const log = await logOf([...noise(DAY_MS), [1000, clientOf(1)]]);
    let searches = 0;
    const counted: SearchedLog = {
      search(question) {
        searches++;
        return log.search(question);
      },
    };
    const clock = new VirtualClock(NOON_MS);
    const rates = new BaseRates(counted, registry, clock);
    const first = await rates.factsOf(name, window, new Map(), never);
    expect(searches).toBeLessThan(40);
    searches = 0;
    expect(await rates.factsOf(name, window, new Map(), never)).toEqual(first);
    expect(searches).toBe(0);
    await log.append(batchOf([entryOf(0, { atMs: window.fromMs - 20_000, client: clientOf(9) })]));
    clock.advance(61_000);
    const later = await rates.factsOf(name, window, new Map(), never);
    expect(later.expected).toBeCloseTo(2 * first.expected, 10);
    expect(searches).toBe(1);
  });
});
