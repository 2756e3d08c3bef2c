import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/core/errors.ts';

describe('messageOf', () => {
  it.each([
    [new TypeError('no function'), 'no function'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
  ])('%s', (error, words) => expect(messageOf(error)).toBe(words));
});
