import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDifference } from '../../../page/src/pages/changes/json-difference.ts';

const text = (value: unknown) => JSON.stringify(value);

describe('the difference of two JSON texts', () => {
  it('is what was changed, came or went, field by field', () => {
    const before = text({ id: 'a', match: { to: '192.0.2.1', types: ['A'] }, expires: null, gone: 1 });
    const after = text({ id: 'a', match: { to: '192.0.2.2', types: ['A'] }, expires: 'soon', came: true });
    expect(jsonDifference(before, after)).toEqual([
      { path: 'match.to', before: '192.0.2.1', after: '192.0.2.2' },
      { path: 'expires', before: 'null', after: 'soon' },
      { path: 'gone', before: '1', after: undefined },
      { path: 'came', before: undefined, after: 'true' },
    ]);
  });

  it('leaves out what is null where it is not there at all', () => {
    expect(jsonDifference(null, text({ a: null, b: 1 }))).toEqual([{ path: 'b', before: undefined, after: '1' }]);
  });

  it('is all of it where there was, or is, nothing', () => {
    expect(jsonDifference(null, text({ a: 1 }))).toEqual([{ path: 'a', before: undefined, after: '1' }]);
    expect(jsonDifference(text('word'), null)).toEqual([{ path: '', before: 'word', after: undefined }]);
    expect(jsonDifference(null, null)).toEqual([]);
  });

  it('is none of a text with itself, and no error for any two', () => {
    const anything = fc.option(fc.oneof(fc.string(), fc.json()), { nil: null });
    fc.assert(
      fc.property(anything, anything, (before, after) => {
        expect(jsonDifference(before, before)).toEqual([]);
        expect(jsonDifference(before, after).length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('stays shallow and short in what is deep and long', () => {
    const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), 1);
    expect(jsonDifference(null, text(deep))).toHaveLength(1);
    expect(jsonDifference(null, text(Array.from({ length: 5000 }, (_, index) => index)))).toHaveLength(200);
  });
});
