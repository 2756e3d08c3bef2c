import { expect, it } from 'vitest';
import { CountTable } from '../../../src/core/count-table.ts';

it('counts each combination by itself, and only what was counted', () => {
  const table = new CountTable<'a' | 'b', 'x' | 'y', 'm' | 'n'>();
  table.add('a', 'x', 'm');
  table.add('a', 'x', 'm', 4);
  table.add('a', 'x', 'n');
  table.add('b', 'x', 'm', 2);
  table.add('a', 'y', 'm', 3);
  expect(table.get('a', 'x', 'm')).toBe(5);
  expect(table.get('b', 'y', 'n')).toBe(0);
  expect([...table.counts()].map(({ words, count }) => [...words, count])).toEqual([
    ['a', 'x', 'm', 5],
    ['a', 'x', 'n', 1],
    ['a', 'y', 'm', 3],
    ['b', 'x', 'm', 2],
  ]);
});
