/**
 * Everything a terminal acts on instead of showing it: C0 with tab and line feed, DEL and C1, the marks, embeddings,
 * overrides and isolates of bidirectional text (UAX #9), line and paragraph separators, other invisible format
 * characters, and surrogates without their other half.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` as one harmless line: what a terminal would act on shows as `\xNN` (one octet) or `\u{…}` escapes. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    const digits = code.toString(16);
    return code <= 0xff ? `\\x${digits.padStart(2, '0')}` : `\\u{${digits}}`;
  });
}
