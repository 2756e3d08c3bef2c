import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../src/metrics/metric.ts';
import type { RuleFigures } from '../../../src/metrics/metric-sources.ts';
import { RuleHits } from '../../../src/metrics/rule-hits.ts';

const rules = (hits: readonly number[], from = 0): RuleFigures[] =>
  hits.map((count, index) => ({
    id: `r${String(from + index).padStart(5, '0')}`,
    action: 'allow',
    origin: 'command',
    hits: count,
  }));
const valueFor = (samples: readonly Sample[], rule: string) =>
  samples.find(({ labels }) => labels.rule === rule && (rule !== 'other' || labels.action === 'other'))?.value;

describe('RuleHits', () => {
  it('gives every rule its own series while there is room, those without a hit too', () => {
    const samples = new RuleHits().samples(rules([3, 0, 7]));
    expect(samples.map(({ labels, value }) => [labels.rule, value])).toEqual([
      ['r00000', 3],
      ['r00001', 0],
      ['r00002', 7],
    ]);
  });

  it('puts all but the thousand with the most hits together', () => {
    const hits = Array.from({ length: 1200 }, (_, index) => index);
    const samples = new RuleHits().samples(rules(hits));
    expect(samples).toHaveLength(1001);
    expect(valueFor(samples, 'r00200')).toBe(200);
    expect(valueFor(samples, 'r00199')).toBeUndefined();
    expect(valueFor(samples, 'other')).toBe((199 * 200) / 2);
  });

  it('takes the first of those with equally many hits, when there is no room for all of them', () => {
    const samples = new RuleHits().samples([...rules(new Array(999).fill(5)), ...rules([2, 9, 2, 1], 999)]);
    expect(samples).toHaveLength(1001);
    expect(['r00999', 'r01000', 'r01001', 'r01002'].map((rule) => valueFor(samples, rule))).toEqual([
      undefined,
      9,
      undefined,
      undefined,
    ]);
    expect(valueFor(samples, 'other')).toBe(5);
    const equal = new RuleHits().samples(rules(new Array(1003).fill(1)));
    expect(['r00999', 'r01000'].map((rule) => valueFor(equal, rule))).toEqual([1, undefined]);
  });

  it('keeps a rule that is named other apart from all others', () => {
    const samples = new RuleHits().samples([
      { id: 'other', action: 'deny', origin: 'command', hits: 9 },
      ...rules(new Array(1000).fill(1)),
    ]);
    expect(samples.filter(({ labels }) => labels.rule === 'other').map(({ value }) => value)).toEqual([9, 1]);
  });

  it('goes on from what a rule made anew has', () => {
    const many = rules(new Array(1000).fill(100));
    const table = new RuleHits();
    const other = (hits: number) => valueFor(table.samples([...many, ...rules([hits], 5000)]), 'other');
    expect([other(10), other(12), other(3), other(3)]).toEqual([10, 12, 15, 15]);
  });

  it('never lets the series of all others shrink, whichever rules come, go and change places', () => {
    const step = fc.array(fc.tuple(fc.nat(1400), fc.nat(5)), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 6 }), fc.constantFrom(0, 1, 300, 400), (steps, gone) => {
        const table = new RuleHits();
        const hits = new Array<number>(1400).fill(0);
        let last = 0;
        for (const [round, increments] of steps.entries()) {
          for (const [rule, more] of increments) if (rule < hits.length) hits[rule]! += more;
          const present = rules(hits).slice(round % 2 === 0 ? 0 : gone);
          const other = valueFor(table.samples(present), 'other') ?? 0;
          expect(other).toBeGreaterThanOrEqual(last);
          last = other;
        }
        const all = hits.reduce((sum, one) => sum + one, 0);
        if (gone === 0) expect(last).toBeLessThanOrEqual(all);
      }),
      { numRuns: 30 },
    );
  });
});
