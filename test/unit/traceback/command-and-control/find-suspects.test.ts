import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../../src/core/address.ts';
import { formatName, type Name } from '../../../../src/dns/name.ts';
import type { LogEntry } from '../../../../src/querylog/log-entry.ts';
import type { FoundEntry, LogPage, LogQuestion } from '../../../../src/querylog/query-log-store.ts';
import { MemoryQueryLog } from '../../../../src/storage/query-log/memory-query-log.ts';
import { findSuspects, type SuspectQuestion } from '../../../../src/traceback/command-and-control/find-suspects.ts';
import { commandAndControlAnswer, MAX_NAMES } from '../../../../src/traceback/messages.ts';
import { randomFrom } from '../../../support/bot-world.ts';
import { BROWSING, type BrowsingOptions, type BrowsingWorld, browsingWorld } from '../../../support/browsing-world.ts';
import { batchOf, entryOf, NOON_MS } from '../../../support/log-entries.ts';
import { addressOf, HOSTILE_NAMES, nameOf } from '../../../support/store-rows.ts';

const NEVER = new AbortController().signal;
const WINDOW = { beforeMs: 5000, afterMs: 1000 };
const LOOKBACK_MS = 600_000;
const FIRST_SEED = 1;
const WORLDS = 6;
const WORLDS_LIMIT_MS = 60_000;

describe('in 6 random worlds, whose users ask for hundreds of names beside their bots', () => {
  it.each<[string, Partial<BrowsingOptions>, number]>([
    ['two bots before three attacks', {}, 6],
    ['one bot before three attacks', { bots: 1 }, 5],
    ['one bot before two attacks', { bots: 1, attacks: 2 }, 5],
    ['two bots before one attack', { attacks: 1 }, 5],
    ['three bots, each of which asks two times of three', { bots: 3, asks: 2 / 3 }, 5],
    ['two bots that ask for it every two hours anyway', { beaconHours: 2 }, 4],
    ['a name that nearly all clients ask for in a day', { popularity: 0.2 }, 5],
    ['bots that try 50 made-up names in vain before', { madeUp: 50 }, 6],
    ['two bots that try 50 names, before one attack', { madeUp: 50, attacks: 1 }, 5],
  ])(
    '%s: the name of their master comes first',
    async (_, options, leastFirsts) => {
      const losers: string[] = [];
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
        const world = browsingWorld({ ...BROWSING, ...options }, randomFrom(seed));
        const suspects = await suspectsOf(world);
        if (suspects[0]?.name !== formatName(world.master)) losers.push(`seed ${seed}: ${suspects[0]?.name}`);
      }
      expect(losers.length, losers.join('\n')).toBeLessThanOrEqual(WORLDS - leastFirsts);
    },
    WORLDS_LIMIT_MS,
  );

  it(
    'one bot before one attack: the name is among those that are told, and none of them is sure',
    async () => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
        const world = browsingWorld({ ...BROWSING, bots: 1, attacks: 1 }, randomFrom(seed));
        const suspects = await suspectsOf(world);
        expect(
          suspects.map(({ name }) => name),
          `seed ${seed}`,
        ).toContain(formatName(world.master));
        expect(suspects[0]!.score, `seed ${seed}`).toBeLessThan(8);
      }
    },
    WORLDS_LIMIT_MS,
  );

  it('says why in numbers', async () => {
    const world = browsingWorld(BROWSING, randomFrom(FIRST_SEED));
    const [first] = await suspectsOf(world);
    expect(first).toMatchObject({ hosts: ['198.18.0.0', '198.18.0.1'], cases: 3, clients: 0 });
    expect(first!.reasons[0]).toBe('asked for by 2 of 2 hosts before 3 of 3 attacks');
    expect(first!.reasons[1]).toBe('by 0 of 28 other clients in 26 h');
    expect(first!.answers).toHaveLength(1);
  });

  it('tells little of what users ask for once there is somebody to tell of', async () => {
    const world = browsingWorld(BROWSING, randomFrom(FIRST_SEED));
    const asked = new Set(
      world.log.entries.filter(({ client }) => world.bots.includes(client!)).map(({ name }) => name),
    );
    const suspects = await suspectsOf(world);
    expect(asked.size).toBeGreaterThan(1000);
    expect(suspects.length).toBeLessThanOrEqual(3);
  });

  it('finds the same in a log of the store', async () => {
    const world = browsingWorld({ ...BROWSING, clients: 8 }, randomFrom(FIRST_SEED));
    const log = new MemoryQueryLog(1_000_000);
    await log.append(batchOf(world.log.entries));
    expect(await findSuspects(log, questionOf(world), NEVER)).toEqual(await suspectsOf(world));
  });
});

describe('findSuspects', () => {
  const bot = addressOf('192.0.2.66');
  const victim = nameOf('www.victim.example');
  const question: SuspectQuestion = {
    name: victim,
    atMs: NOON_MS,
    window: WINDOW,
    hosts: [bot],
    lookbackMs: LOOKBACK_MS,
  };
  const asked = (name: string, secondsBefore: number, more: Partial<LogEntry> = {}) =>
    entryOf(-secondsBefore, { client: bot, name: nameOf(name), ...more });
  const attack = asked('www.victim.example', 1);

  async function namesFor(entries: readonly LogEntry[], more: Partial<SuspectQuestion> = {}) {
    const log = new MemoryQueryLog(100_000);
    await log.append(batchOf(entries));
    const found = await findSuspects(log, { ...question, ...more }, NEVER);
    const message = { kind: 'confirm', reports: [{ path: ['source.example'], names: found }], gaps: [] };
    const answer = { ...message, kind: 'command-and-control', case: '6f1ed002-ab55-4f63-8b9f-1d0c5d3b6a01' };
    expect(commandAndControlAnswer.parse(answer).reports[0]!.names).toEqual(found);
    return found;
  }
  const namesOf = async (...about: Parameters<typeof namesFor>) => (await namesFor(...about)).map(({ name }) => name);

  it('has nothing to say of a log without an entry, and of no hosts', async () => {
    expect(await namesOf([])).toEqual([]);
    expect(await namesOf([attack, asked('a.example', 5)], { hosts: [] })).toEqual([]);
  });

  it('leaves out the zone of the victim, reverse names, public suffixes, and what comes later or too early', async () => {
    const entries = [
      attack,
      ...[asked('victim.example', 3), asked('ns1.Victim.example', 4), asked('a.b.victim.example', 5)],
      ...[asked('7.2.0.192.in-addr.arpa', 6), asked('8.b.d.0.1.0.0.2.ip6.arpa', 7), asked('com', 8), asked('.', 9)],
      ...[asked('co.uk', 10), asked('printer', 11), asked('late.example', -1), asked('early.example', 700)],
      ...[asked('MASTER.example', 4), asked('master.example', 60)],
    ];
    const [only, ...more] = await namesFor(entries);
    expect(more).toEqual([]);
    expect(only).toMatchObject({ name: 'master.example', beforeMs: 3000 });
    expect(only!.reasons).toContain('3 s before the name of the victim');
  });

  it('knows what was asked in the same second where a log has no more', async () => {
    expect(await namesOf([attack, asked('master.example', 1)])).toEqual(['master.example']);
  });

  it('leaves out the zones of other victims, too', async () => {
    const before = [asked('www.other.example', 3601), asked('master.example', 3610)];
    const later = [attack, asked('login.other.example', 8), asked('master.example', 10)];
    const occasions = [{ host: bot, atMs: NOON_MS - 3_601_000, name: nameOf('www.other.example') }];
    expect(await namesOf([...before, ...later], { occasions })).toEqual(['master.example']);
  });

  it('ranks by what others ask for, and not by what is near', async () => {
    const others = Array.from({ length: 40 }, (_, client) => {
      const at = (seconds: number) => ({ client: addressOf(`198.18.1.${client}`), atMs: NOON_MS - seconds * 1000 });
      return Array.from({ length: 20 }, (_, hour) =>
        entryOf(0, { name: nameOf('www.news.example'), ...at(hour * 4000) }),
      );
    });
    const entries = [attack, asked('www.news.example', 2), asked('master.example', 500), ...others.flat()];
    const found = await namesFor(entries);
    expect(found.map(({ name }) => name)).toEqual(['master.example']);
    expect(found[0]!.reasons[1]).toBe('by 0 of 40 other clients in 21 h');
    const [news] = await namesFor(entries.filter(({ name }) => name !== nameOf('master.example')));
    expect(news!.reasons[1]).toBe('by 40 of 40 other clients in 21 h');
    expect(news!.score).toBeLessThan(found[0]!.score / 2);
  });

  it('ranks by what the host itself asks for, and not by what is near', async () => {
    const habit = Array.from({ length: 100 }, (_, slot) => asked('mail.work.example', 2 + slot * 600));
    expect(await namesOf([attack, ...habit, asked('master.example', 500)])).toEqual(['master.example']);
  });

  it('groups names of one registrable domain, and says so', async () => {
    const entries = [attack, ...Array.from({ length: 6 }, (_, index) => asked(`n${index}.master.co.uk`, 10 + index))];
    const found = await namesFor(entries);
    expect(found).toHaveLength(1);
    expect(found[0]!.reasons.join('; ')).toMatch(/5 other names of master\.co\.uk|6 names below it/);
  });

  it('knows a domain by several attacks although each name is asked for once', async () => {
    const attacks = [0, 1, 2].map((hour) => ({ host: bot, atMs: NOON_MS - 1000 - hour * 3_600_000 }));
    const entries = attacks.flatMap((_, hour) => [
      asked('www.victim.example', 1 + hour * 3600),
      asked(`x${hour}.master.example`, 100 + hour * 3600),
      asked(`once${hour}.example`, 50 + hour * 3600),
    ]);
    const [first] = await namesFor(entries, { occasions: attacks.slice(1) });
    expect(first).toMatchObject({ name: 'master.example', cases: 3 });
    expect(first!.reasons).toContain('a domain: 3 names below it were asked for');
  });

  it('puts names without an address behind, and many of them into one', async () => {
    const failed = Array.from({ length: 10 }, (_, tried) =>
      asked(`made-up${tried}.example`, 3 + tried, { responseCode: 3 }),
    );
    const worked = asked('master.example', 100, { answers: [addressOf('203.0.113.5')] });
    const [first, second, ...more] = await namesFor([attack, ...failed, worked]);
    expect(first).toMatchObject({ name: 'master.example', answers: ['203.0.113.5'] });
    expect(second!.reasons).toContain('it has no address');
    expect(second!.reasons).toContain('so were 9 other names without an address, before the same attacks');
    expect(more).toEqual([]);
  });

  it('takes the time of the attack for a host whose query is not in the log', async () => {
    expect(await namesOf([asked('master.example', 30)])).toEqual(['master.example']);
  });

  it('asks no more of a young log than it knows', async () => {
    const young = [attack, asked('master.example', 100), entryOf(-1200, { client: addressOf('192.0.2.9') })];
    const [first] = await namesFor(young);
    expect(first!.reasons[1]).toMatch(/^by 0 of 1 other client in 2\d min$/);
  });

  it('bears names of any octets', async () => {
    const entries = [attack, ...HOSTILE_NAMES.map((name, index) => entryOf(-10 - index, { client: bot, name }))];
    expect((await namesOf(entries)).length).toBeGreaterThan(3);
  });

  it('reads a bounded part of a log without end, and tells a bounded number of names', async () => {
    let read = 0;
    const endless = {
      async search({ client, name, zone, sinceMs = 0, untilMs = 0, limit }: LogQuestion): Promise<LogPage> {
        read += limit;
        const entries = Array.from({ length: limit }, (_, index): FoundEntry => {
          const atMs = untilMs - ((untilMs - sinceMs) * (index + 1)) / (limit + 1);
          const asks: Name = name ?? zone ?? nameOf(`n${index}.x${read + index}.example`);
          const number = index;
          return {
            ...entryOf(0, { atMs, name: asks, client: client ?? addressOf('192.0.2.9') }),
            source: 's',
            place: { atMs, number },
          };
        });
        return { entries, last: entries.at(-1)!.place };
      },
    };
    const found = await findSuspects(endless, { ...question, hosts: someHosts(64) }, NEVER);
    expect(found.length).toBeLessThanOrEqual(MAX_NAMES);
    expect(read).toBeLessThanOrEqual(310_000);
  }, 60_000);

  it('ends when nobody waits any more, and as the log does', async () => {
    const abort = new AbortController();
    const reason = new Error('gone');
    const slow = {
      async search() {
        await setImmediate();
        abort.abort(reason);
        return { entries: [], last: undefined };
      },
    };
    await expect(findSuspects(slow, question, abort.signal)).rejects.toBe(reason);
    const closed = new MemoryQueryLog(1);
    await closed.close();
    await expect(findSuspects(closed, question, NEVER)).rejects.toMatchObject({ code: 'store-closed' });
  });
});

function questionOf(world: BrowsingWorld): SuspectQuestion {
  const last = world.occasions.at(-1)!;
  const atMs = Math.max(...last.map((occasion) => occasion.atMs));
  const occasions = world.occasions.slice(0, -1).flat();
  return { name: last[0]!.name, atMs, window: WINDOW, hosts: world.bots, lookbackMs: LOOKBACK_MS, occasions };
}

function suspectsOf(world: BrowsingWorld) {
  return findSuspects(world.log, questionOf(world), NEVER);
}

function someHosts(count: number): Address[] {
  return Array.from({ length: count }, (_, index) => addressOf(`198.18.2.${index}`));
}
