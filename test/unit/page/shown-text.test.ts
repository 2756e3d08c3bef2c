import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAge, formatLength, formatTime } from '../../../page/src/parts/format-time.ts';
import { splitHostile } from '../../../page/src/parts/hostile-text.ts';

const AT_MS = Date.UTC(2026, 10, 21, 8, 3, 11, 42);

describe('an instant', () => {
  it('is written with its zone', () => {
    expect(formatTime(AT_MS, 'utc')).toBe('2026-11-21 08:03:11 UTC');
    expect(formatTime(AT_MS, 'utc', { hasMilliseconds: true })).toBe('2026-11-21 08:03:11.042 UTC');
    expect(formatTime(Number.NaN, 'utc')).toBe('never');
  });

  it.each(['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Apia'])(
    'of %s says the same moment with its offset',
    (zone) => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      try {
        const text = formatTime(AT_MS, 'local', { hasMilliseconds: true });
        const [, date, time, offset] = /^(\S+) (\S+) ([+-]\d\d:\d\d)$/.exec(text)!;
        expect(Date.parse(`${date}T${time}${offset}`)).toBe(AT_MS);
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    },
  );
});

describe('an age', () => {
  it.each([
    [0, 'now'],
    [999, 'now'],
    [1_000, '1 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [3_600_000, '1 h ago'],
    [47.9 * 3_600_000, '47 h ago'],
    [48 * 3_600_000, '2 days ago'],
    [-90_000, 'in 1 min'],
  ])('of %d ms is %s', (ageMs, words) => {
    expect(formatAge(AT_MS, AT_MS + ageMs)).toBe(words);
  });

  it('of years is in days', () => {
    expect(formatLength(400 * 86_400_000)).toBe('400 days');
  });
});

describe('text from the network', () => {
  it.each([
    ['a\u202egnp.exe', ['a', 'U+202E', 'gnp.exe']],
    ['\u0000\u001b[2J', ['U+0000', 'U+001B', '[2J']],
    ['a\u200bb', ['a', 'U+200B', 'b']],
    ['\ud800', ['U+D800']],
    ['two\nlines', ['two', 'U+000A', 'lines']],
    ['\u2066x\u2069', ['U+2066', 'x', 'U+2069']],
    ['<b onclick=x>', ['<b onclick=x>']],
    ['bücher.example', ['bücher.example']],
    ['', []],
  ])('%j is shown as %j', (text, parts) => {
    expect(splitHostile(text).map((part) => part.text)).toEqual(parts);
  });

  it('may have lines where it is a text of lines', () => {
    expect(splitHostile('a\nb', true)).toEqual([
      { text: 'a', isSign: false },
      { text: '\n', isSign: false },
      { text: 'b', isSign: false },
    ]);
  });

  it('heaps no marks upon other lines', () => {
    const [heap] = splitHostile(`a${'\u0301'.repeat(60)}`);
    expect(heap!.text).toBe(`a${'\u0301'.repeat(3)}`);
  });

  it('is cut where it has no end', () => {
    const parts = splitHostile('x'.repeat(1_000_000));
    expect(parts.map(({ text }) => text.length)).toEqual([4_096, 1]);
  });

  it('never shows a control or anything that turns text around', () => {
    const bad = /[\p{Cc}\p{Cf}\p{Cs}]/u;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const part of splitHostile(text)) expect(bad.test(part.text)).toBe(false);
      }),
    );
  });
});
