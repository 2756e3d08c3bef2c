/** What a search is made of, before anybody asks what it means. Places are those of UTF-16 code units in the text. */

export interface SearchValue {
  readonly from: number;
  /** Behind the last of it. */
  readonly to: number;
  /** Without its quotes. */
  readonly text: string;
  readonly isQuoted: boolean;
  /** A quote that does not end, or ends within a word. */
  readonly isTorn: boolean;
}

export interface SearchWord {
  readonly from: number;
  readonly to: number;
  readonly isNegated: boolean;
  /** In lower case, and where it stands, with its colon; undefined for words that are looked for as they are. */
  readonly field: { readonly name: string; readonly from: number; readonly to: number } | undefined;
  /** At least one, which may be empty. */
  readonly values: readonly SearchValue[];
}

const FIELD = /[a-z][a-z-]*:/iy;
const BLANKS = /\s*/y;
/** A backslash keeps the next character from ending anything; it stays, as the presentation form of names needs it. */
const QUOTED = /"((?:[^"\\]|\\.)*)("?)/suy;
const BARE = /(?:[^\s,\\]|\\.|\\$)*/suy;

/** Takes any text apart: words between blanks, `-` and a field in front, values between commas. */
export function splitSearch(text: string): SearchWord[] {
  const words: SearchWord[] = [];
  for (let at = endOf(BLANKS, text, 0); at < text.length; at = endOf(BLANKS, text, words.at(-1)!.to)) {
    words.push(readWord(text, at));
  }
  return words;
}

function readWord(text: string, from: number): SearchWord {
  const isNegated = text[from] === '-';
  const start = from + (isNegated ? 1 : 0);
  const end = endOf(FIELD, text, start);
  const field = end > start ? { name: text.slice(start, end - 1).toLowerCase(), from: start, to: end } : undefined;
  const values = [readValue(text, end)];
  for (let last = values[0]!; text[last.to] === ','; last = values.at(-1)!) values.push(readValue(text, last.to + 1));
  return { from, to: values.at(-1)!.to, isNegated, field, values };
}

function readValue(text: string, from: number): SearchValue {
  QUOTED.lastIndex = from;
  const quoted = QUOTED.exec(text);
  if (quoted === null) {
    const to = endOf(BARE, text, from);
    return { from, to, text: text.slice(from, to), isQuoted: false, isTorn: false };
  }
  const closed = from + quoted[0].length;
  const to = endOf(BARE, text, closed);
  const isTorn = quoted[2] === '' || to > closed;
  // An escape at the end of the text is no part of the match.
  return { from, to, text: quoted[1]! + text.slice(closed, to), isQuoted: true, isTorn };
}

/** Where a match that begins there ends; there, when there is none. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
