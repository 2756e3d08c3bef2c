import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../../src/cli/simulation/json-text.ts';

describe('JSON text', () => {
  it('has the value that it has for JSON.parse, however it is written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(readJson(text)).toMatchObject({ value: JSON.parse(text) });
      }),
    );
  });

  it('is refused where JSON.parse refuses it, whatever is changed', () => {
    const text = '{"a": [1, -2.5e3, true], "b\\u0041": {"c": null, "d": "x\\n"}}';
    for (let at = 0; at < text.length; at++) {
      for (const octet of ['', '"', '\\', '{', ']', ',', ':', '0', 'x', '\u0001']) {
        const changed = text.slice(0, at) + octet + text.slice(at + 1);
        expect('value' in readJson(changed), changed).toBe(isJson(changed));
      }
      const cut = text.slice(0, at);
      expect(readJson(cut)).toMatchObject({ message: expect.any(String) });
    }
  });

  it('knows where each part stands', () => {
    const text = '{\n  "a": [1,\n    {"b": 2}]\n}';
    const read = readJson(text);
    if (!('value' in read)) throw new Error(read.message);
    expect(read.placeOf([])).toEqual({ line: 1, column: 1 });
    expect(read.placeOf(['a'])).toEqual({ line: 2, column: 8 });
    expect(read.placeOf(['a', 0])).toEqual({ line: 2, column: 9 });
    expect(read.placeOf(['a', 1, 'b'])).toEqual({ line: 3, column: 11 });
    expect(read.placeOf(['a', 1, 'c', 'd'])).toEqual({ line: 3, column: 5 });
  });

  it('says where it is wrong', () => {
    expect(readJson('{"a":\n  }')).toEqual({ line: 2, column: 3, message: 'want a value, and not "}"' });
    expect(readJson('')).toEqual({ line: 1, column: 1, message: 'want a value, and the text ends' });
    expect(readJson('[1] 2')).toEqual({ line: 1, column: 5, message: 'want nothing more, and not "2"' });
  });

  it('is refused when it is nested too deep', () => {
    expect(readJson('['.repeat(100_000))).toMatchObject({ message: 'this is nested too deep' });
  });
});

/** Without keys that stand twice. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
