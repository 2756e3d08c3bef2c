import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/core/clock.ts';
import type { FoundEntry } from '../../../src/querylog/query-log-store.ts';
import { Internet, type InternetOptions, type Organisation, type Scene } from '../../../src/simulation/internet.ts';
import { makeTraffic, type Traffic } from '../../../src/simulation/traffic.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';

const OPTIONS: InternetOptions = {
  seed: 'traffic',
  participation: 1,
  queryRate: 1,
  hops: 3,
  hasCaches: false,
  queriesPerClient: 5000,
};

interface Played {
  readonly scene: Scene;
  readonly traffic: Traffic;
  /** Of each organisation, what is in its log about the victim; oldest first. */
  readonly entries: ReadonlyMap<Organisation, readonly FoundEntry[]>;
}

async function play(number: number, options: Partial<InternetOptions> = {}): Promise<Played> {
  const internet = new Internet({ ...OPTIONS, ...options });
  const scene = internet.scene(number);
  const logs = new Map(scene.organisations.map((one) => [one, new MemoryQueryLog(1_000_000)]));
  const traffic = await makeTraffic(internet, scene, logs);
  const entries = new Map<Organisation, readonly FoundEntry[]>();
  for (const [organisation, log] of logs) {
    const page = await log.search({ name: scene.victim.name, limit: 10_000 });
    expect(page.last).toBeUndefined();
    entries.set(organisation, page.entries.toReversed());
  }
  return { scene, traffic, entries };
}

/** A scene whose victim is asked for now and then, and can be kept for an hour. */
async function popularScene(options: Partial<InternetOptions> = {}): Promise<Played> {
  const internet = new Internet(OPTIONS);
  for (let number = 0; ; number++) {
    const { rank, ttlMs } = internet.scene(number).victim;
    if (rank >= 10 && rank <= 40 && ttlMs === 3_600_000) return play(number, options);
  }
}

describe('traffic without caches', () => {
  it('is in the log of every server on the way, each with who asked it', async () => {
    const { scene, entries } = await popularScene();
    for (const [organisation, found] of entries) {
      const askers = organisation.clients.length > 0 ? organisation.clients : undefined;
      const downstream = scene.organisations.filter((one) => one.upstream === organisation);
      if (askers === undefined) {
        const servers = downstream.map(({ address }) => address);
        expect(found.every(({ client }) => servers.includes(client!))).toBe(true);
        expect(found.length).toBe(downstream.reduce((sum, one) => sum + entries.get(one)!.length, 0));
      } else {
        expect(found.every(({ client }) => askers.includes(client!))).toBe(true);
      }
    }
  });

  it('lets the destination see every query', async () => {
    const { traffic } = await popularScene();
    expect(traffic.asked).toBeGreaterThan(100);
    expect(traffic.seen).toBe(traffic.asked);
    expect(traffic.isBotSeen).toBe(true);
  });

  it('has the query of the bot right before the attack, by the clock of its source', async () => {
    const { scene, entries } = await popularScene();
    const { bot, attackAtMs } = scene;
    const ofBot = entries.get(bot.source)!.filter(({ client }) => client === bot.address);
    expect(ofBot).toHaveLength(1);
    expect(Math.abs(ofBot[0]!.atMs - bot.asksAtMs! - bot.source.clockErrorMs)).toBeLessThanOrEqual(1);
    expect(ofBot[0]!.atMs).toBeGreaterThan(attackAtMs - 5000);
    expect(ofBot[0]!.atMs).toBeLessThan(attackAtMs + 1000);
  });

  it('asks for a name as often as its popularity says', async () => {
    const { scene, entries } = await popularScene();
    const share = new Internet(OPTIONS).popularity.share(scene.victim.rank);
    const sources = scene.organisations.filter(({ clients }) => clients.length > 0);
    const clients = sources.reduce((sum, one) => sum + one.clients.length, 0) - 1;
    const expected = share * OPTIONS.queriesPerClient * clients;
    const ofDay = sources
      .flatMap((source) => entries.get(source)!)
      .filter(({ atMs }) => atMs >= scene.attackAtMs - DAY_MS && atMs < scene.attackAtMs);
    expect(Math.abs(ofDay.length - 1 - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('has a bot that does not ask, and bystanders that are none', async () => {
    const quiet = await play(3, { queryRate: 0, queriesPerClient: 0 });
    expect(quiet.traffic).toEqual({ asked: 0, seen: 0, isBotSeen: undefined });
    expect([...quiet.entries.values()].flat()).toEqual([]);
  });
});

describe('traffic with caches', () => {
  it('reaches the destination only when nobody on the way knows the answer', async () => {
    const { scene, entries } = await popularScene({ hasCaches: true });
    const seen = entries.get(scene.destination)!;
    expect(seen.length).toBeGreaterThan(3);
    // Of one server at most one in the TTL; hops and clocks are some hundred milliseconds.
    for (const one of scene.organisations) {
      const times = seen.filter(({ client }) => client === one.address).map(({ atMs }) => atMs);
      for (let index = 1; index < times.length; index++) {
        expect(times[index]! - times[index - 1]!).toBeGreaterThan(scene.victim.ttlMs - 1000);
      }
    }
  });

  it('shows less to the destination than is asked, and all to the sources', async () => {
    const cached = await popularScene({ hasCaches: true });
    const plain = await popularScene();
    expect(cached.traffic.asked).toBeGreaterThan(5 * cached.traffic.seen);
    expect(cached.traffic.seen).toBeGreaterThan(0);
    const atSources = ({ scene, entries }: Played) => {
      const sources = scene.organisations.filter(({ clients }) => clients.length > 0);
      return sources.reduce((sum, one) => sum + entries.get(one)!.length, 0);
    };
    // Drawn anew: what people ask has nothing to do with caches.
    expect(Math.abs(atSources(cached) - atSources(plain))).toBeLessThan(4 * Math.sqrt(2 * atSources(plain)));
  });

  it('does not keep an answer longer because it came by a forwarder', async () => {
    const { scene, entries } = await popularScene({ hasCaches: true });
    const forwarder = scene.organisations[1]!;
    const behind = scene.organisations.filter((one) => one.upstream === forwarder);
    expect(behind.length).toBeGreaterThan(0);
    const fresh = entries.get(scene.destination)!.filter(({ client }) => client === forwarder.address);
    const asked = entries.get(forwarder)!;
    // What a source took from the cache of the forwarder ends with it: after that end both are asked again.
    for (const source of behind) {
      const times = asked.filter(({ client }) => client === source.address).map(({ atMs }) => atMs);
      for (const [index, atMs] of times.slice(1).entries()) {
        const before = times[index]!;
        const told = fresh.filter((entry) => entry.atMs <= before + 1000).at(-1);
        expect(told).toBeDefined();
        expect(atMs).toBeGreaterThan(told!.atMs + scene.victim.ttlMs - 2000);
      }
    }
  });
});
