import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, parseName } from '../../../src/dns/name.ts';
import {
  readAddress,
  readCount,
  readEndlessMilliseconds,
  readMilliseconds,
  readName,
  readText,
  readWord,
} from '../../../src/storage/column-values.ts';
import { anyTriple, HOSTILE_NAMES } from '../../support/store-rows.ts';

describe('a name of a column', () => {
  it('reads as every name reads', () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[a-z0-9_.\\-]{0,300}$/),
      fc.array(fc.stringMatching(/^[a-z0-9-]{0,66}$/), { maxLength: 6 }).map((labels) => labels.join('.')),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readName(text)).toBe(parseName(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    'a',
    'a.b',
    'a.',
    '.',
    '',
    '..',
    'a..b',
    '.a',
    'é',
    'a b',
    '-',
    '_._',
    'A.B',
    `${'a'.repeat(63)}.b`,
    'a'.repeat(64),
  ])('reads as parseName reads it: %j', (text) => expect(readName(text)).toBe(parseName(text)));

  it.each([251, 252, 253, 254, 255])('is bounded in length: %i', (length) => {
    const text = 'ab.'.repeat(100).slice(0, length).replace(/\.$/, 'x');
    expect(readName(text)).toBe(parseName(text));
    expect(readName(text) === undefined).toBe(length > 253);
  });

  it('comes back as it was written', () => {
    for (const name of HOSTILE_NAMES) expect(readName(formatName(name))).toBe(name);
    fc.assert(
      fc.property(anyTriple, ({ zone }) => {
        expect(readName(formatName(zone))).toBe(zone);
      }),
    );
  });
});

describe('a value that cannot be right', () => {
  const STRANGE = [
    undefined,
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    1.5,
    'x',
    '',
    1n,
    Buffer.from('a'),
    {},
    true,
  ];

  it.each([
    ['name', readName, ['x']],
    ['address', readAddress, []],
    ['text', readText, ['x', '']],
    ['time', readMilliseconds, [-1, 1.5]],
    ['endless time', readEndlessMilliseconds, [null, -1, 1.5]],
    ['count', (value: unknown) => readCount(value, 10), []],
    ['word', (value: unknown) => readWord(value, { x: true }), ['x']],
  ] as const)('is refused as %s', (_what, read, right) => {
    const taken = STRANGE.filter((value) => read(value) !== undefined);
    expect(taken).toEqual(right);
  });

  it('is refused beyond its bounds', () => {
    expect([0, 10, 11].map((value) => readCount(value, 10))).toEqual([0, 10, undefined]);
    expect(readWord('toString', { x: true })).toBeUndefined();
    expect(readEndlessMilliseconds(null)).toBe(Number.POSITIVE_INFINITY);
  });
});
