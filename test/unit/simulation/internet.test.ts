import { describe, expect, it } from 'vitest';
import { formatAddress, networkContains } from '../../../src/core/address.ts';
import { CLIENTS, Internet, type InternetOptions } from '../../../src/simulation/internet.ts';
import { NamePopularity } from '../../../src/simulation/name-popularity.ts';
import { Random } from '../../../src/simulation/random.ts';

const OPTIONS: InternetOptions = {
  seed: '1',
  participation: 0.9,
  queryRate: 0.55,
  hops: 3,
  hasCaches: false,
  queriesPerClient: 0,
};
const CASES = 3000;

describe('numbers that look random', () => {
  it('are the same for the same seed, and others for another', () => {
    const draw = (seed: string) => {
      const random = new Random(seed);
      return Array.from({ length: 100 }, () => random.next());
    };
    expect(draw('1')).toEqual(draw('1'));
    expect(draw('1')).not.toEqual(draw('2'));
  });

  it('are spread evenly from 0 to 1', () => {
    const random = new Random('even');
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) counts[random.below(10)]!++;
    // Three sigma of each.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(3 * Math.sqrt(900));
  });

  it('make as many moments as a Poisson process has, in order', () => {
    const random = new Random('moments');
    const moments = [...random.moments(0.01, 1000, 1_001_000)];
    expect(Math.abs(moments.length - 10_000)).toBeLessThan(300);
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(moments.every((atMs) => atMs >= 1000 && atMs < 1_001_000)).toBe(true);
    expect([...random.moments(0, 0, 1e9)]).toEqual([]);
  });

  it('choose as the weights say', () => {
    const random = new Random('weights');
    const choices = [{ weight: 1 }, { weight: 3 }];
    let second = 0;
    for (let draw = 0; draw < 10_000; draw++) if (random.weighted(choices) === choices[1]) second++;
    expect(Math.abs(second - 7500)).toBeLessThan(3 * Math.sqrt(1875));
  });

  it('have the form of a UUID', () => {
    expect(new Random('id').uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe('the popularity of names', () => {
  it('follows the law of Zipf', () => {
    const popularity = new NamePopularity(1000);
    expect(popularity.share(1) / popularity.share(10)).toBeCloseTo(10);
    const ranks = Array.from({ length: 1000 }, (_, index) => popularity.share(index + 1));
    expect(ranks.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });

  it('is drawn as it is', () => {
    const popularity = new NamePopularity(1000);
    const random = new Random('zipf');
    let first = 0;
    for (let draw = 0; draw < 20_000; draw++) if (popularity.draw(random) === 1) first++;
    const share = popularity.share(1);
    expect(Math.abs(first / 20_000 - share)).toBeLessThan(3 * Math.sqrt((share * (1 - share)) / 20_000));
  });
});

describe('a generated Internet', () => {
  const internet = new Internet(OPTIONS);
  const scenes = Array.from({ length: CASES }, (_, number) => internet.scene(number));

  it('is the same for the same seed, whatever was drawn before', () => {
    expect(new Internet(OPTIONS).scene(17)).toEqual(scenes[17]);
    expect(new Internet({ ...OPTIONS, seed: '2' }).scene(17)).not.toEqual(scenes[17]);
  });

  it('draws of each organisation whether it takes part, and of each bot whether it asks', () => {
    const organisations = scenes.flatMap((scene) => scene.organisations);
    const share = organisations.filter(({ takesPart }) => takesPart).length / organisations.length;
    expect(Math.abs(share - 0.9)).toBeLessThan(3 * Math.sqrt(0.09 / organisations.length));
    const asked = scenes.filter(({ bot }) => bot.asksAtMs !== undefined).length / CASES;
    expect(Math.abs(asked - 0.55)).toBeLessThan(3 * Math.sqrt(0.2475 / CASES));
  });

  it('draws them apart: both of two take part as often as that', () => {
    const both = scenes.filter(({ destination, bot }) => destination.takesPart && bot.source.takesPart).length / CASES;
    expect(Math.abs(both - 0.81)).toBeLessThan(3 * Math.sqrt((0.81 * 0.19) / CASES));
  });

  it('has as many servers between the bot and its victim as was asked for', () => {
    for (const hops of [2, 3, 6]) {
      const { bot, destination } = new Internet({ ...OPTIONS, hops }).scene(4);
      let count = 1;
      let server = bot.source;
      for (; server.upstream !== undefined; server = server.upstream) count++;
      expect(server).toBe(destination);
      expect(count).toBe(hops);
    }
  });

  it('has addresses of its own for each organisation of a scene', () => {
    for (const { organisations } of scenes.slice(0, 300)) {
      const all = organisations.flatMap(({ address, clients }) => [address, ...clients]).map(formatAddress);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it('has a bot among the clients of its source, that attacks within 5 s of asking', () => {
    for (const { bot, attackAtMs } of scenes) {
      expect(bot.source.clients).toHaveLength(CLIENTS);
      expect(bot.source.clients).toContain(bot.address);
      expect(networkContains(bot.source.network!, bot.address)).toBe(true);
      if (bot.asksAtMs === undefined) continue;
      expect(attackAtMs - bot.asksAtMs).toBeGreaterThan(0);
      expect(attackAtMs - bot.asksAtMs).toBeLessThan(5000);
    }
  });
});
