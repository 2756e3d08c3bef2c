import { describe, expect, it } from 'vitest';
import { counted, percent } from '../../../src/core/words.ts';

describe('counted', () => {
  it.each([
    [0, '0 hosts'],
    [1, '1 host'],
    [2, '2 hosts'],
  ])('%d', (value, words) => expect(counted(value, 'host')).toBe(words));
});

describe('percent', () => {
  it.each([
    [0, '0 %'],
    [1e-9, 'below 0.1 %'],
    [0.0004, 'below 0.1 %'],
    [0.0006, '0.1 %'],
    [0.004, '0.4 %'],
    [0.00949, '0.9 %'],
    [0.0096, '1 %'],
    [0.934, '93 %'],
    [0.9949, '99 %'],
    [0.995, 'above 99 %'],
    [0.999_999, 'above 99 %'],
    [1, '100 %'],
  ])('%d', (share, words) => expect(percent(share)).toBe(words));
});
