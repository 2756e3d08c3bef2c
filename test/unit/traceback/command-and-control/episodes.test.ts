import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { episodesOf } from '../../../../src/traceback/command-and-control/episodes.ts';
import { addressOf } from '../../../support/store-rows.ts';

const [one, two] = [addressOf('192.0.2.1'), addressOf('192.0.2.2')];
const LOOKBACK_MS = 600_000;
const ATTACK_MS = 6000;

describe('episodesOf', () => {
  it('takes the time before each occasion, and numbers attacks in order of time', () => {
    const occasions = [
      { host: two, atMs: 5_003_000 },
      { host: one, atMs: 1_000_000 },
      { host: one, atMs: 5_000_000 },
    ];
    expect(episodesOf(occasions, LOOKBACK_MS, ATTACK_MS)).toEqual([
      { host: one, fromMs: 400_000, toMs: 1_000_001, attack: 0, isWhole: true },
      { host: one, fromMs: 4_400_000, toMs: 5_000_001, attack: 1, isWhole: true },
      { host: two, fromMs: 4_403_000, toMs: 5_003_001, attack: 1, isWhole: true },
    ]);
  });

  it('counts a host once in an attack, and no time of it twice', () => {
    const occasions = [1_000_000, 1_004_000, 1_100_000].map((atMs) => ({ host: one, atMs }));
    expect(episodesOf(occasions, LOOKBACK_MS, ATTACK_MS)).toEqual([
      { host: one, fromMs: 400_000, toMs: 1_000_001, attack: 0, isWhole: true },
      { host: one, fromMs: 1_000_001, toMs: 1_100_001, attack: 1, isWhole: false },
    ]);
  });

  it('has episodes of one host that never overlap, whatever the occasions', () => {
    const occasion = fc.record({ host: fc.constantFrom(one, two), atMs: fc.integer({ min: 0, max: 5_000_000 }) });
    fc.assert(
      fc.property(fc.array(occasion, { maxLength: 40 }), (occasions) => {
        const episodes = episodesOf(occasions, LOOKBACK_MS, ATTACK_MS);
        for (const host of [one, two]) {
          const own = episodes.filter((episode) => episode.host === host);
          expect(own.length > 0).toBe(occasions.some((each) => each.host === host));
          for (const [index, { fromMs, toMs, attack }] of own.entries()) {
            expect(toMs - fromMs).toBeLessThanOrEqual(LOOKBACK_MS + 1);
            if (index === 0) continue;
            expect(fromMs).toBeGreaterThanOrEqual(own[index - 1]!.toMs);
            expect(attack).toBeGreaterThan(own[index - 1]!.attack);
          }
        }
      }),
    );
  });
});
