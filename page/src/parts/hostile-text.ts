/** Text from the network made harmless to read: what cannot be seen, or turns what is around it, is written out. */

export interface TextPart {
  readonly text: string;
  /** True for what stands for a character that cannot be shown. */
  readonly isSign: boolean;
}

/** No text of the console is longer. */
const MAX_CHARACTERS = 4_096;
/** Controls, bidirectional formatting and isolates, invisible characters, lone surrogates, private use and unassigned. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}]/u;
const PARTS = new RegExp(`${UNSEEN.source}|(?:(?!${UNSEEN.source})[^])+`, 'gu');
/** The most marks that one character may carry: more are heaped upon the lines around it. */
const HEAPED = /(\p{M}{3})\p{M}+/gu;

/** The parts of a text, in order; a line feed is a sign, too, unless `hasLines`. */
export function splitHostile(text: string, hasLines = false): readonly TextPart[] {
  const isCut = text.length > MAX_CHARACTERS;
  const bounded = (isCut ? text.slice(0, MAX_CHARACTERS) : text).replace(HEAPED, '$1');
  const parts = [...bounded.matchAll(PARTS)].map(([part]): TextPart => {
    if (!UNSEEN.test(part) || (hasLines && part === '\n')) return { text: part, isSign: false };
    return { text: codePoint(part), isSign: true };
  });
  return isCut ? [...parts, { text: '…', isSign: true }] : parts;
}

/** `U+202E` */
function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
