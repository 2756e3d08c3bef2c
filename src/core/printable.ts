/**
 * Everything a terminal acts on instead of showing it: C0 with tab and line feed, DEL and C1, the marks, embeddings,
 * overrides and isolates of bidirectional text (UAX #9), line and paragraph separators, other invisible format
 * characters, and surrogates without their other half.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** JSON with the same characters escaped, which JSON itself leaves as they are in strings; it stays the same value. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** `text` as one harmless line: what a terminal would act on shows as `\xNN` (one octet) or `\u{…}` escapes. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    const digits = code.toString(16);
    return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
  });
}
