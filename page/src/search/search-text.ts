/** What a search box shows of its text. */
import type { Completions } from '../../../src/inbox/complete-search.ts';
import type { SearchProblem } from '../../../src/inbox/parse-search.ts';
import { parseSearch } from '../../../src/inbox/parse-search.ts';
import type { SearchPage } from '../../../src/inbox/search-fields.ts';

/** A part of the text, which is underlined or not. */
export interface TextPiece {
  readonly text: string;
  readonly isProblem: boolean;
}

/** The text in pieces, in order and without a gap; a problem at its end has a blank to be seen on. */
export function piecesOf(text: string, problems: readonly SearchProblem[]): TextPiece[] {
  const pieces: TextPiece[] = [];
  let at = 0;
  for (const { from, to } of problems.toSorted((a, b) => a.from - b.from)) {
    if (from < at) continue;
    pieces.push({ text: text.slice(at, from), isProblem: false });
    pieces.push({ text: text.slice(from, to).padEnd(1), isProblem: true });
    at = to;
  }
  pieces.push({ text: text.slice(at), isProblem: false });
  return pieces.filter((piece) => piece.text !== '');
}

/** What is wrong with a text; of the word that the caret is in nothing, for somebody is at it. */
export function problemsOf(
  text: string,
  page: SearchPage,
  nowMs: number,
  caret: number | undefined,
): readonly SearchProblem[] {
  const parsed = parseSearch(text, nowMs, page);
  const problems = 'problems' in parsed ? parsed.problems : [];
  return problems.filter(({ from, to }) => caret === undefined || caret < from || caret > to);
}

/** The text with a completion in its place, and the caret behind it: another word comes after a value. */
export function completed(
  text: string,
  { from, to }: Completions,
  chosen: string,
): { readonly text: string; readonly caret: number } {
  const rest = text.slice(to);
  const gap = chosen.endsWith(':') || /^[\s,]/.test(rest) ? '' : ' ';
  const caret = from + chosen.length + gap.length;
  return { text: text.slice(0, from) + chosen + gap + rest, caret };
}
