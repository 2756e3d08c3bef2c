/** Reads the search language: `client:10.0.0.0/8 -type:A,AAAA since:2h evil`. Runs in browsers, too; see search-fields.ts. */
import { nearest } from '../core/nearest.ts';
import type { Search, SearchTerm } from './search.ts';
import {
  fieldsOf,
  MAX_SEARCH_CHARACTERS,
  MAX_SEARCH_TERMS,
  MAX_SEARCH_VALUES,
  SEARCH_FIELDS,
  type SearchField,
  type SearchPage,
} from './search-fields.ts';
import { eitherTerm, hasStar, readInstant, readTerm, typeNames } from './search-terms.ts';
import { type SearchValue, type SearchWord, splitSearch } from './search-words.ts';

/** What cannot be understood, and where: from a place in the text to before another. */
export interface SearchProblem {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export type ParsedSearch = { readonly search: Search } | { readonly problems: readonly SearchProblem[] };

/** Of what was typed, what a message repeats. */
const MAX_REPEATED = 40;
/** Nobody types these, and databases differ over them. */
const UNTYPED = /[\p{Cc}\p{Cs}]/u;
const STRAY_STAR =
  'name: takes * in front of a name alone (*.example.org); for a part of a name leave `name:` out, and write a * of the name as \\*';

/** Reads any text; `nowMs` is what `since:2h` counts from. */
export function parseSearch(text: string, nowMs: number, page: SearchPage): ParsedSearch {
  if (text.length > MAX_SEARCH_CHARACTERS) {
    const message = `a search has at most ${MAX_SEARCH_CHARACTERS} characters`;
    return { problems: [{ from: MAX_SEARCH_CHARACTERS, to: text.length, message }] };
  }
  const words = splitSearch(text);
  const problems = [...excessOf(words), ...words.flatMap((word) => problemsOf(word, page, nowMs))];
  const times = readTimes(words, nowMs);
  if (problems.length > 0) return { problems };
  if (times.problem !== undefined) return { problems: [times.problem] };
  const { sinceMs, untilMs } = times;
  return { search: { terms: words.flatMap(termsOf), sinceMs, untilMs } };
}

function excessOf(words: readonly SearchWord[]): SearchProblem[] {
  const [first] = words.slice(MAX_SEARCH_TERMS);
  if (first !== undefined) return [{ ...placeOf(first), message: `a search has at most ${MAX_SEARCH_TERMS} words` }];
  const [value] = words.flatMap(({ values }) => values).slice(MAX_SEARCH_VALUES);
  return value === undefined
    ? []
    : [{ ...placeOf(value), message: `a search has at most ${MAX_SEARCH_VALUES} values` }];
}

function problemsOf(word: SearchWord, page: SearchPage, nowMs: number): SearchProblem[] {
  const torn = word.values.find(({ isTorn }) => isTorn);
  if (torn !== undefined) return [{ ...placeOf(torn), message: 'a quote that begins here must end with the word' }];
  const untyped = word.values.find(({ text }) => UNTYPED.test(text));
  if (untyped !== undefined) return [{ ...placeOf(untyped), message: 'it has characters that nobody can type' }];
  if (word.field === undefined) return emptyOf(word, 'a word is missing here');
  const field = SEARCH_FIELDS.find(({ name }) => name === word.field?.name);
  if (field === undefined) return [unknownField(word.field, page)];
  const { onlyOn } = field;
  if (onlyOn !== undefined && onlyOn !== page) {
    return [{ ...placeOf(word.field), message: `${field.name}: is about the inbox; single events have none` }];
  }
  const empty = emptyOf(word, `${field.name}: ${wants(field)}`);
  return empty.length > 0 ? empty : [...valueProblems(word, field, page, nowMs), ...mixProblems(word)];
}

function emptyOf(word: SearchWord, message: string): SearchProblem[] {
  const empty = word.values.find(({ text }) => text === '');
  return empty === undefined ? [] : [{ from: word.from, to: Math.max(word.to, word.from + 1), message }];
}

function unknownField(field: NonNullable<SearchWord['field']>, page: SearchPage): SearchProblem {
  const names = fieldsOf(page).map(({ name }) => name);
  const meant = nearest(field.name, names);
  const remedy = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}:?`;
  const name = shortened(field.name);
  return { ...placeOf(field), message: `there is no field ${name}; ${remedy} To look for the text, put it in quotes` };
}

function valueProblems(word: SearchWord, field: SearchField, page: SearchPage, nowMs: number): SearchProblem[] {
  if (isTime(field.name)) return timeProblems(word, field, nowMs);
  return word.values.flatMap((value) => {
    if (page === 'inbox' && field.name === 'verdict' && readTerm(word, value)?.anyOf[0] === 'allow') {
      return [{ ...placeOf(value), message: 'allowed queries are not in the inbox: search the events for them' }];
    }
    return readTerm(word, value) === undefined ? [refused(field, value)] : [];
  });
}

function timeProblems(word: SearchWord, field: SearchField, nowMs: number): SearchProblem[] {
  const [value, more] = word.values;
  if (word.isNegated) return [{ ...placeOf(word), message: `${field.name}: takes no - before it` }];
  if (more !== undefined) return [{ ...placeOf(more), message: `${field.name}: takes one time` }];
  return value !== undefined && readInstant(value.text, nowMs) === undefined ? [refused(field, value)] : [];
}

/** A client's address is looked for by another way than its name. */
function mixProblems(word: SearchWord): SearchProblem[] {
  const fields = word.values.map((value) => readTerm(word, value)?.field);
  const other = fields.findIndex((field) => field !== undefined && field !== fields[0]);
  const value = word.values[other];
  if (fields[0] === undefined || value === undefined) return [];
  return [{ ...placeOf(value), message: 'client: takes addresses, or names, not both at once' }];
}

function refused(field: SearchField, { text, from, to }: SearchValue): SearchProblem {
  if (field.name === 'name' && hasStar(text)) return { from, to, message: STRAY_STAR };
  const known = field.name === 'type' ? typeNames() : Object.keys(field.values ?? {});
  const meant = nearest(text, known);
  const remedy = meant === undefined ? '' : `; did you mean ${meant}?`;
  return { from, to, message: `${field.name}: ${wants(field)}, not ${shortened(text)}${remedy}` };
}

function wants({ wanted }: SearchField): string {
  return `want ${wanted}`;
}

function shortened(text: string): string {
  return `"${text.length > MAX_REPEATED ? `${text.slice(0, MAX_REPEATED)}…` : text}"`;
}

function placeOf({ from, to }: { readonly from: number; readonly to: number }) {
  return { from, to };
}

function isTime(name: string | undefined): name is 'since' | 'until' {
  return name === 'since' || name === 'until';
}

interface Times {
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly problem: SearchProblem | undefined;
}

function readTimes(words: readonly SearchWord[], nowMs: number): Times {
  const found: { since?: number | undefined; until?: number | undefined } = {};
  for (const word of words) {
    const name = word.field?.name;
    if (!isTime(name)) continue;
    if (name in found) return noTimes({ ...placeOf(word), message: `${name}: can be said once` });
    found[name] = readInstant(word.values[0]!.text, nowMs);
    const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = found;
    if (since >= until) return noTimes({ ...placeOf(word), message: 'nothing is between since: and until:' });
  }
  return { sinceMs: found.since, untilMs: found.until, problem: undefined };
}

function noTimes(problem: SearchProblem): Times {
  return { sinceMs: undefined, untilMs: undefined, problem };
}

/** Of a word without problems. */
function termsOf(word: SearchWord): SearchTerm[] {
  if (isTime(word.field?.name)) return [];
  const [first, ...more] = word.values.flatMap((value) => readTerm(word, value) ?? []);
  return first === undefined ? [] : [more.reduce(eitherTerm, first)];
}
