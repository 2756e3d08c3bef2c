import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from '../../../src/core/printable.ts';

describe('printable', () => {
  it.each([
    ['an escape sequence', 'a\u001b[31mb', 'a\\x1b[31mb'],
    ['the one-octet form of one', '\u009b31m', '\\x9b31m'],
    ['line feed, carriage return, tab and bell', '\n\r\t\u0007', '\\x0a\\x0d\\x09\\x07'],
    ['DEL and the zero octet', '\u007f\u0000', '\\x7f\\x00'],
    ['overrides and isolates of text direction', '\u202eabc\u2066', '\\u{202e}abc\\u{2066}'],
    ['line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['invisible characters', 'a\u200bb\ufeff\u00ad', 'a\\u{200b}b\\u{feff}\\xad'],
    ['tag characters beyond 16 bits', '\u{e0041}', '\\u{e0041}'],
    ['half a pair', 'a\ud83d', 'a\\u{d83d}'],
  ])('shows %s', (_name, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves text in any script as it is', () => {
    const text = 'bücher.example → 例え.テスト, שלום 🙂 "quoted" \\ back';
    expect(printable(text)).toBe(text);
  });

  it('never lets through what a terminal acts on, and changes nothing twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });
});

describe('printableJson', () => {
  it('is the same value, with nothing a terminal acts on', () => {
    const value = { text: 'a\u001b[31m\u007f\u009b\u202eb\u{e0001}\n', list: ['é', '漢'] };
    const text = printableJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toMatch(/^[\x20-\x7eé漢]*$/u);
  });
});
