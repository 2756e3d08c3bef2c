/** Worlds whose bots are known: a confidence of c is right in a share c of all cases. */
import { describe, expect, it } from 'vitest';
import { hostConfidences } from '../../../src/traceback/confidence.ts';
import { DEFAULT_MODEL } from '../../../src/traceback/node-options.ts';
import { randomFrom, randomWorld, type WorldOptions } from '../../support/bot-world.ts';
import { brierScore, expectCalibrated, type Judgement } from '../../support/calibration.ts';

/** Names from one that is asked for once in 1,000 windows to one that 20 hosts ask for in each. */
const WORLD: WorldOptions = {
  clients: 150,
  leastExpected: 0.001,
  mostExpected: 20,
  slots: 2000,
  unlikeness: 0,
  otherCases: 0,
  model: DEFAULT_MODEL,
};

const PATH = ['destination.example'];

function judge(
  options: WorldOptions,
  worlds: number,
  seed: number,
  { isCompared = true, pathOf = (_: number): readonly string[] => PATH } = {},
): readonly Judgement[] {
  const random = randomFrom(seed);
  return Array.from({ length: worlds }, () => randomWorld(options, random)).flatMap(({ facts, others, bot }) =>
    hostConfidences(
      { path: PATH, facts },
      isCompared ? others.map((facts, index) => ({ path: pathOf(index), facts })) : [],
      options.model,
    ).map(({ host, confidence }) => ({
      confidence,
      isBot: host.address === bot,
    })),
  );
}

describe.each([11, 12])('seed %i', (seed) => {
  it('clients that are all alike, one case', () => {
    expectCalibrated(judge(WORLD, 2500, seed));
  });

  it('clients that are as unlike as Zipf has it: some ask all day, most never', () => {
    expectCalibrated(judge({ ...WORLD, unlikeness: 1 }, 2500, seed));
  });

  it('one to three other cases of the same bots and of others', () => {
    for (const otherCases of [1, 3]) {
      expectCalibrated(judge({ ...WORLD, unlikeness: 0.7, otherCases }, 1000, seed));
    }
  });

  it('other rates of queries, and other shares of the same bot', () => {
    const model = { queryRate: 0.9, sameBot: 0.2 };
    expectCalibrated(judge({ ...WORLD, model, otherCases: 2 }, 1500, seed));
  });
});

it('seed 14: with many other cases those that are believed are right, and all is nearer the truth than without them', () => {
  const [options, worlds, seed] = [{ ...WORLD, unlikeness: 0.7, otherCases: 10 }, 600, 14];
  const compared = judge(options, worlds, seed);
  const alone = judge(options, worlds, seed, { isCompared: false });
  expectCalibrated(compared.filter(({ confidence }) => confidence > 0.8 || confidence < 0.1));
  expect(brierScore(compared, worlds)).toBeLessThan(brierScore(alone, worlds) / 2);
});

it('seed 15: a wrong assumption shows: who takes bots for rarer than they are is found out here', () => {
  const random = randomFrom(15);
  const worlds = Array.from({ length: 2000 }, () => randomWorld(WORLD, random));
  const judgements = worlds.flatMap(({ facts, bot }) =>
    hostConfidences({ path: PATH, facts }, [], { queryRate: 0.1, sameBot: 0 }).map(({ host, confidence }) => ({
      confidence,
      isBot: host.address === bot,
    })),
  );
  expect(() => expectCalibrated(judgements)).toThrow(/bots, expected/);
});

it('seed 16: cases of other peers, which are not believed at once, make all nearer the truth, and no host is believed too much', () => {
  const [options, worlds, seed] = [{ ...WORLD, unlikeness: 0.7, otherCases: 4 }, 1500, 16];
  const compared = judge(options, worlds, seed, { pathOf: (index) => [`d${index}.example`] });
  const alone = judge(options, worlds, seed, { isCompared: false });
  expect(brierScore(compared, worlds)).toBeLessThan(0.7 * brierScore(alone, worlds));
  for (const least of [0.01, 0.1, 0.3, 0.5, 0.8]) {
    const believed = compared.filter(({ confidence }) => confidence >= least);
    const expected = believed.reduce((sum, { confidence }) => sum + confidence, 0);
    expect(believed.filter(({ isBot }) => isBot).length).toBeGreaterThan(0.95 * expected);
  }
});
