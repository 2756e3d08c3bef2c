import { describe, expect, it } from 'vitest';
import type { CaseOutcome } from '../../../src/simulation/case-outcome.ts';
import { Figures } from '../../../src/simulation/figures.ts';
import { Internet, type InternetOptions } from '../../../src/simulation/internet.ts';
import { simulate } from '../../../src/simulation/simulate.ts';
import { MemoryQueryLog } from '../../../src/storage/query-log/memory-query-log.ts';
import type { NodeAnswer } from '../../../src/traceback/messages.ts';
import type { PeerDoor } from '../../../src/traceback/node-options.ts';

type Options = InternetOptions & { readonly cases: number };

/** Few bystanders: the tests share two cores. */
const OPTIONS: Options = {
  seed: '1',
  participation: 0.9,
  queryRate: 0.55,
  hops: 2,
  hasCaches: false,
  queriesPerClient: 40,
  cases: 250,
};
const LONG_MS = 60_000;

async function outcomesOf(options: Partial<Options>, door?: (door: PeerDoor) => PeerDoor): Promise<CaseOutcome[]> {
  const outcomes: CaseOutcome[] = [];
  const cases = simulate({ ...OPTIONS, ...options }, () => new MemoryQueryLog(1_000_000), door);
  for await (const outcome of cases) outcomes.push(outcome);
  return outcomes;
}

async function figuresOf(options: Partial<Options>, door?: (door: PeerDoor) => PeerDoor) {
  const figures = new Figures();
  for (const outcome of await outcomesOf(options, door)) figures.add(outcome);
  return { figures, two: figures.search('two windows')!, one: figures.search('one window') };
}

describe('the share of bots that are named', () => {
  it.each([
    { queryRate: 0.55, hops: 2, seed: '1', expected: 0.4455 },
    { queryRate: 0.55, hops: 2, seed: '2', expected: 0.4455 },
    { queryRate: 1, hops: 2, seed: '1', expected: 0.81 },
    { queryRate: 1, hops: 2, seed: '2', expected: 0.81 },
    { queryRate: 1, hops: 3, seed: '1', expected: 0.729 },
    { queryRate: 0.55, hops: 3, seed: '2', expected: 0.40095 },
    { queryRate: 1, hops: 8, seed: '1', expected: 0.43046721 },
  ])(
    'is p^hops·q within the binomial error: q $queryRate, $hops hops, seed $seed',
    async ({ expected, ...options }) => {
      const { two, one, figures } = await figuresOf(options);
      const error = Math.sqrt((expected * (1 - expected)) / OPTIONS.cases);
      expect(Math.abs(two.named - expected)).toBeLessThan(3 * error);
      // Few bystanders: where it is named it is nearly always first.
      expect(two.named - two.first).toBeLessThan(0.02);
      expect(figures.cases).toBe(OPTIONS.cases);
      expect(one).toBeUndefined();
      const missed = Object.values(two.missed).reduce((sum, count) => sum + count, 0);
      expect(missed).toBe(Math.round((1 - two.named) * OPTIONS.cases));
      expect(two.missed.cache + two.missed.ranking).toBe(0);
    },
    LONG_MS,
  );

  it('is one where all take part, all ask and nobody else does', async () => {
    const options = { participation: 1, queryRate: 1, queriesPerClient: 0, cases: 60 };
    for (const hops of [2, 5]) {
      const { two } = await figuresOf({ ...options, hops });
      expect(two).toMatchObject({ named: 1, first: 1, innocents: 0, inWindow: 0, gaps: 0 });
    }
  });

  it('is nothing where no bot asks, or nobody takes part', async () => {
    const silent = await figuresOf({ participation: 1, queryRate: 0, cases: 60 });
    expect(silent.two).toMatchObject({ named: 0, first: 0 });
    expect(silent.two.missed['no query']).toBe(60);
    const alone = await figuresOf({ participation: 0, queryRate: 1, cases: 60 });
    expect(alone.two).toMatchObject({ named: 0, innocents: 0 });
    expect(alone.two.missed.destination).toBe(60);
  });
});

describe('innocents', () => {
  it(
    'are in the windows about as often as their sources expect by chance, and mostly below the bot',
    async () => {
      const busy = { participation: 1, queryRate: 1, queriesPerClient: 2000, cases: 60, seed: '5' };
      const { two } = await figuresOf(busy);
      const expected = two.expectedInWindow * 60;
      expect(expected).toBeGreaterThan(8);
      expect(Math.abs(two.inWindow * 60 - expected)).toBeLessThan(4 * Math.sqrt(expected));
      expect(two.named).toBeGreaterThan(0.9);
      expect(two.innocentsAbove).toBeLessThan(two.innocents / 2);
      expect(two.innocents).toBeLessThanOrEqual(two.inWindow);
    },
    LONG_MS,
  );
});

describe('caches', () => {
  it(
    'hide bots from one window, and fewer from two',
    async () => {
      const { two, one, figures } = await figuresOf({
        participation: 1,
        queryRate: 1,
        hasCaches: true,
        queriesPerClient: 400,
        cases: 120,
      });
      expect(one!.missed.cache).toBeGreaterThan(12);
      expect(two.missed.cache).toBeLessThan(one!.missed.cache / 2);
      expect(two.named).toBeGreaterThan(one!.named + 0.1);
      const [all, ...byTtl] = figures.seen();
      expect(all!.ttlSeconds).toBeUndefined();
      expect(all!.seen).toBeLessThan(0.5);
      // What one window finds is what the destination sees.
      expect(one!.named).toBeCloseTo(all!.seenOfBots!, 2);
      expect(byTtl.map(({ ttlSeconds }) => ttlSeconds)).toEqual([60, 300, 3600, 7200, 86_400]);
      expect(byTtl.at(-1)!.seen).toBeLessThan(byTtl[0]!.seen / 5);
    },
    LONG_MS,
  );
});

describe('peers that are not as they should be', () => {
  const all = { participation: 1, queryRate: 1, queriesPerClient: 40, cases: 40, hops: 3 };
  /** Organisations are numbered. */
  const isOdd = (name: string) => Number(/\d+/.exec(name)![0]) % 5 === 0;
  /** Whether the way to the bot goes by such a one; nobody asks a destination. */
  const isLost = (number: number) => {
    const { bot } = new Internet({ ...OPTIONS, ...all }).scene(number);
    return isOdd(bot.source.name) || isOdd(bot.source.upstream!.name);
  };

  async function expectOthersFound(odd: (plain: PeerDoor) => PeerDoor): Promise<void> {
    const door = (plain: PeerDoor): PeerDoor => ({
      ask: (peer, request, signal) => (isOdd(peer.name) ? odd(plain) : plain).ask(peer, request, signal),
    });
    const outcomes = await outcomesOf(all, door);
    expect(outcomes).toHaveLength(all.cases);
    const found = outcomes.map(({ findings }) => findings['two windows']!.rank !== undefined);
    expect(found).toEqual(outcomes.map((_, number) => !isLost(number)));
    expect(found.filter(Boolean).length).toBeGreaterThan(10);
    expect(found.filter((isFound) => !isFound).length).toBeGreaterThan(5);
  }

  it('do not hold up a case when they hang', async () => {
    await expectOthersFound(() => ({
      ask: (_peer, _request, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    }));
  });

  it('do not hold up a case when they hang and do not even hear that nobody waits', async () => {
    await expectOthersFound(() => ({ ask: () => new Promise(() => {}) }));
  });

  it('do not spoil a case when they answer about another one', async () => {
    const lie = <T extends NodeAnswer>(answer: T): T => ({ ...answer, case: '00000000-0000-4000-8000-000000000000' });
    await expectOthersFound((plain) => ({
      ask: async (peer, request, signal) => lie(await plain.ask(peer, request, signal)),
    }));
  });

  it('do not spoil a case when they break off', async () => {
    await expectOthersFound(() => ({ ask: () => Promise.reject(new Error('gone')) }));
  });
});

it('says the same for the same seed, and else something different', async () => {
  const options = { cases: 40, hasCaches: true, queriesPerClient: 200 };
  const first = await outcomesOf(options);
  expect(await outcomesOf(options)).toEqual(first);
  expect(await outcomesOf({ ...options, seed: '2' })).not.toEqual(first);
});
