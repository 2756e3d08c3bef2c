import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completed, piecesOf, problemsOf } from '../../../page/src/search/search-text.ts';
import { inputText, instantText, rangeWords, timesOf } from '../../../page/src/search/time-range.ts';
import { completions } from '../../../src/inbox/complete-search.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

describe('the layer below the search', () => {
  it('underlines just what is wrong', () => {
    const text = 'evil type:AAA clint:1 x';
    const pieces = piecesOf(text, problemsOf(text, 'inbox', NOW, undefined));
    expect(pieces.filter(({ isProblem }) => isProblem).map((piece) => piece.text)).toEqual(['AAA', 'clint:']);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  });

  it('leaves the word alone that somebody is typing', () => {
    expect(problemsOf('type:AAA', 'inbox', NOW, 8)).toEqual([]);
    expect(problemsOf('type:AAA x', 'inbox', NOW, 10)).toHaveLength(1);
    expect(problemsOf('type:AAA', 'inbox', NOW, undefined)).toHaveLength(1);
  });

  it('always has all of the text', () => {
    const piece = fc.constantFrom('"', ':', ',', '-', ' ', 'type', 'since', 'a', '\\');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (parts) => {
        const text = parts.join('');
        const shown = piecesOf(text, problemsOf(text, 'events', NOW, undefined));
        expect(
          shown
            .map((part) => part.text)
            .join('')
            .trimEnd(),
        ).toBe(text.trimEnd());
      }),
    );
  });
});

describe('a completion', () => {
  const choose = (text: string, chosen: string) => completed(text, completions(text, text.length, 'inbox'), chosen);

  it('takes the place of what was begun', () => {
    expect(choose('evil -st', 'state:')).toEqual({ text: 'evil -state:', caret: 12 });
    expect(choose('state:o', 'open')).toEqual({ text: 'state:open ', caret: 11 });
    expect(choose('type:A,tx', 'TXT')).toEqual({ text: 'type:A,TXT ', caret: 11 });
  });

  it('keeps what stands behind it', () => {
    const text = 'state:o evil';
    expect(completed(text, completions(text, 7, 'inbox'), 'open')).toEqual({ text: 'state:open evil', caret: 10 });
  });
});

describe('the time of a search', () => {
  it('is said in words', () => {
    expect(rangeWords(timesOf('evil'), 'utc')).toBe('Any time');
    expect(rangeWords(timesOf('since:24h evil'), 'utc')).toBe('Last 24 hours');
    expect(rangeWords(timesOf('since:2h until:1h'), 'utc')).toBe('2h ago to 1h ago');
    expect(rangeWords(timesOf('until:2026-11-21T08:00:00Z'), 'utc')).toBe('Until 2026-11-21 08:00:00 UTC');
    expect(rangeWords(timesOf('since:2026-11-21T17:00:00+09:00'), 'utc')).toBe('2026-11-21 08:00:00 UTC to now');
  });

  it('goes into the form and comes out as the same', () => {
    for (const zone of ['utc', 'local'] as const) {
      const shown = inputText('2026-07-21T08:00:00Z', zone);
      const written = instantText(shown, zone)!;
      expect(written).toMatch(/(?:Z|[+-]\d\d:\d\d|\+00:00)$/);
      expect(Date.parse(written)).toBe(Date.UTC(2026, 6, 21, 8));
    }
    expect(inputText('2h', 'utc')).toBe('');
    expect(inputText(undefined, 'utc')).toBe('');
    expect(instantText('', 'utc')).toBeUndefined();
    expect(instantText('2026-11-21T08:00', 'utc')).toBe('2026-11-21T08:00:00Z');
  });
});
