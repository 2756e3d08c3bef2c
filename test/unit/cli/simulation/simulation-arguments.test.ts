import { describe, expect, it } from 'vitest';
import { refuseGenerated, simulationArguments } from '../../../../src/cli/simulation/simulation-arguments.ts';

describe('what is typed for a simulation', () => {
  it('has defaults, and a seed that is drawn', () => {
    const { seed, ...rest } = simulationArguments({});
    expect(rest).toEqual({
      participation: 0.9,
      queryRate: 0.55,
      hops: 2,
      cases: 1000,
      hasCaches: false,
      queriesPerClient: 400,
    });
    expect(Number(seed)).toBeGreaterThanOrEqual(0);
    const others = Array.from({ length: 10 }, () => simulationArguments({}).seed);
    expect(new Set(others).size).toBeGreaterThan(5);
  });

  it('is read', () => {
    const typed = { participation: '1', queryRate: '.5', hops: '16', cases: '7', seed: '0', background: '0' } as const;
    expect(simulationArguments({ ...typed, caches: true })).toEqual({
      seed: '0',
      participation: 1,
      queryRate: 0.5,
      hops: 16,
      cases: 7,
      hasCaches: true,
      queriesPerClient: 0,
    });
  });

  it.each([
    [{ participation: '1.5' }, '--participation: "1.5" is no probability: want a number from 0 to 1, such as 0.55'],
    [{ participation: '' }, '--participation: "" is no probability'],
    [{ queryRate: '-0.1' }, '--query-rate: "-0.1" is no probability'],
    [{ queryRate: '1e-1' }, '--query-rate: "1e-1" is no probability'],
    [{ hops: '1' }, '--hops: "1" is no such number: want a whole one from 2 to 16'],
    [{ hops: '17' }, '--hops: "17" is no such number'],
    [{ hops: '2.5' }, '--hops: "2.5" is no such number'],
    [{ cases: '0' }, '--cases: "0" is no such number'],
    [{ cases: '1000001' }, '--cases: "1000001" is no such number'],
    [{ seed: 'x' }, '--seed: "x" is no such number'],
    [{ seed: '4294967296' }, '--seed: "4294967296" is no such number'],
    [{ background: '-1' }, '--background: "-1" is no such number'],
  ])('is refused: %j', (typed, message) => {
    expect(() => simulationArguments(typed)).toThrow(message);
    expect(() => simulationArguments(typed)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it.each([{ hops: '3' }, { cases: '3' }, { seed: '3' }, { background: '3' }, { caches: true } as const])(
    'is refused beside logs made elsewhere: %j',
    (typed) => {
      expect(() => refuseGenerated({ logs: '.', ...typed })).toThrow(`--${Object.keys(typed)[0]} is for a generated`);
      expect(() => refuseGenerated({ logs: '.', participation: '1', queryRate: '1', json: true })).not.toThrow();
    },
  );
});
