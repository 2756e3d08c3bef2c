import { describe, expect, it } from 'vitest';
import { nearestKeys } from '../../../src/config/suggest.ts';
import { nearest } from '../../../src/core/nearest.ts';

describe('nearest', () => {
  const words = ['monitor', 'enforce'];

  it.each([
    ['enforced', 'enforce'],
    ['Enforce', 'enforce'],
    ['enfroce', 'enforce'],
    ['monitr', 'monitor'],
    ['MONITOR', 'monitor'],
  ])('%s is meant for %s', (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
  });

  it.each(['', 'x', 'block', 'information', 'mon', 'm'.repeat(1_000_000)])('%.10s is near to none', (word) => {
    expect(nearest(word, words)).toBeUndefined();
  });

  it('a word of two letters is not one slip away from others', () => {
    expect(nearest('ab', ['abc', 'b'])).toBeUndefined();
    expect(nearest('AB', ['ab'])).toBe('ab');
  });
});

describe('nearestKeys', () => {
  const known = [
    'mode',
    'trusted_resolvers',
    'inside',
    'inside.networks',
    'outside.ports',
    'hold.time',
    'hold.size',
    'glue.size',
  ];

  it.each([
    ['', 'trusted_resolver', ['trusted_resolvers']],
    ['', 'Trusted-Resolvers', ['trusted_resolvers']],
    ['', 'insde', ['inside']],
    ['inside', 'network', ['inside.networks']],
    ['hold', 'tiem', ['hold.time']],
    ['', 'ports', ['outside.ports']],
    ['inside', 'ports', ['outside.ports']],
    ['inside', 'trusted_resolvers', ['trusted_resolvers']],
    ['', 'sizes', ['hold.size', 'glue.size']],
    ['hold', 'hold.time', ['hold.time']],
    ['', 'holdtime', ['hold.time']],
    ['', 'colour', []],
    ['hold', 'colour', []],
  ])('%s.%s', (group, unknown, meant) => {
    expect(nearestKeys(group, unknown, known)).toEqual(meant);
  });

  it('names three at most', () => {
    expect(nearestKeys('', 'size', ['a.size', 'b.size', 'c.size', 'd.size'])).toHaveLength(3);
  });
});
