import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, type Name, parseName, ROOT } from '../../../src/dns/name.ts';
import { readName, readPlainName } from '../../../src/querylog/plain-name.ts';

const anyLabel = fc.uint8Array({ minLength: 1, maxLength: 63 });
const anyName = fc
  .array(anyLabel, { maxLength: 5 })
  .map((labels) => `${labels.map((label) => String.fromCharCode(label.length, ...label)).join('')}\0` as Name)
  .filter((name) => name.length <= 255);

describe('readName', () => {
  it('reads what formatName shows, with or without the final dot', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const text = formatName(name);
        expect(readName(text)).toBe(name);
        if (name !== ROOT) expect(readName(`${text}.`)).toBe(name);
      }),
    );
  });

  it('agrees with parseName on any text', () => {
    const anyText = fc.oneof(
      fc
        .array(fc.constantFrom('a', '.', '\\', '\\.', '0', '\\032', ' ', '\xff', 'a'.repeat(63), 'a'.repeat(62)), {
          maxLength: 8,
        })
        .map((all) => all.join('')),
      fc.string({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(
        anyText.filter((text) => !/[^\0-\xff]/.test(text)),
        (text) => {
          expect(readName(text)).toBe(parseName(text));
        },
      ),
    );
  });

  it('is not kept busy by what is far too long', () => {
    expect(readName('\\'.repeat(65_536))).toBeUndefined();
    expect(readName('a.'.repeat(32_768))).toBeUndefined();
  });
});

describe('readPlainName', () => {
  it('takes a backslash for an octet as any other', () => {
    expect(readPlainName('a\\.b c.example.')).toBe('\x02a\\\x03b c\x07example\0');
    expect(readPlainName('.')).toBe(ROOT);
  });

  it.each(['', '..', 'a..b', '.a', 'a..', 'a'.repeat(64), `${'a'.repeat(63)}.`.repeat(4)])(
    'finds no name in %j',
    (text) => {
      expect(readPlainName(text)).toBeUndefined();
    },
  );
});
