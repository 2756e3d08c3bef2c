import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  betterFrom,
  conventionalSuccess,
  dnsLogSuccess,
  MEAN_HOPS,
  successFigure,
} from '../../../../src/traceback/model/success-model.ts';

describe('figure 13 of paper 1, p = 0.9', () => {
  it('at 15 hops: about 0.20, 0.45 and 0.81', () => {
    expect(MEAN_HOPS).toBe(15);
    expect(conventionalSuccess(0.9, 15)).toBeCloseTo(0.206, 3);
    expect(dnsLogSuccess(0.9, 0.55, 0, 15)).toBeCloseTo(0.4455, 9);
    expect(dnsLogSuccess(0.9, 1, 0, 15)).toBeCloseTo(0.81, 9);
  });

  it('the logs succeed more often from 3 hops on with q = 1, from 8 on with q = 0.55', () => {
    expect(betterFrom(0.9, 1, 0)).toBe(3);
    expect(betterFrom(0.9, 0.55, 0)).toBe(8);
    expect(conventionalSuccess(0.9, 7)).toBeGreaterThan(0.4455);
    expect(conventionalSuccess(0.9, 8)).toBeLessThan(0.4455);
  });

  it('the curves of the logs stay as they are from 2 hops on', () => {
    const { dnsLogs } = successFigure({ participation: 0.9, queryRates: [0.55, 1], forwarders: [0], hops: 30 });
    for (const { successes } of dnsLogs) expect(new Set(successes.slice(1)).size).toBe(1);
    expect(dnsLogs.map(({ successes }) => successes[0])).toEqual([0.9 * 0.55, 0.9]);
  });
});

describe('forwarders', () => {
  it('each takes p once more: p^(2+f)·q', () => {
    for (const count of [0, 1, 2, 5]) {
      expect(dnsLogSuccess(0.8, 0.55, count, 30)).toBeCloseTo(0.8 ** (2 + count) * 0.55, 12);
    }
  });

  it('the crossing comes as many hops later', () => {
    expect([0, 1, 2, 5].map((count) => betterFrom(0.9, 0.55, count))).toEqual([8, 9, 10, 13]);
  });

  it('a curve for each rate and each number of them', () => {
    const figure = successFigure({ participation: 0.9, queryRates: [0.55, 1], forwarders: [0, 2], hops: 5 });
    expect(figure.dnsLogs.map(({ label }) => label)).toEqual([
      'DNS logs, q = 0.55',
      'DNS logs, q = 1',
      'DNS logs, q = 0.55, f = 2',
      'DNS logs, q = 1, f = 2',
    ]);
    expect(figure.conventional.successes).toHaveLength(5);
  });
});

describe('betterFrom', () => {
  it('is none where all or nobody takes part, or no bot asks', () => {
    expect(betterFrom(1, 0.55, 0)).toBeUndefined();
    expect(betterFrom(0, 0.55, 0)).toBeUndefined();
    expect(betterFrom(0.9, 0, 0)).toBeUndefined();
  });

  it('is the first number of hops at which it is better, as one finds by trying', () => {
    const share = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100);
    fc.assert(
      fc.property(share, fc.oneof(share, fc.constant(1)), fc.nat(14), (participation, queryRate, forwarders) => {
        const found = betterFrom(participation, queryRate, forwarders)!;
        const isBetter = (hops: number) =>
          dnsLogSuccess(participation, queryRate, forwarders, hops) > conventionalSuccess(participation, hops);
        expect(isBetter(found)).toBe(true);
        for (let hops = 1; hops < found; hops++) expect(isBetter(hops)).toBe(false);
      }),
    );
  });
});
