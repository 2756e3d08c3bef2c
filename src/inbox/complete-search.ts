/** What may be written at a place of a search. Runs in browsers, too. */
import { folded } from '../core/nearest.ts';
import { fieldsOf, type SearchField, type SearchPage } from './search-fields.ts';
import { typeNames } from './search-terms.ts';
import { type SearchWord, splitSearch } from './search-words.ts';

export interface Completion {
  /** What comes into the place. */
  readonly text: string;
  readonly about: string;
}

export interface Completions {
  /** From here to before `to` a chosen text replaces what is there. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Completion[];
}

const MAX_ITEMS = 20;
/** What is asked for most stands first. */
const USUAL_TYPES = ['A', 'AAAA', 'HTTPS', 'SVCB', 'MX', 'NS', 'TXT', 'PTR', 'SRV', 'SOA', 'CNAME', 'ANY'];
const USUAL_TIMES = {
  '15m': 'the last 15 minutes',
  '1h': 'the last hour',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
};

/** For the word that the caret is in, or would begin; `caret` counts UTF-16 code units. */
export function completions(text: string, caret: number, page: SearchPage): Completions {
  const word = splitSearch(text).find(({ from, to }) => from <= caret && caret <= to);
  if (word === undefined) return { from: caret, to: caret, items: fieldItems('', page) };
  const { field } = word;
  if (caret < word.from + (word.isNegated ? 1 : 0)) return { from: caret, to: caret, items: [] };
  if (field === undefined) return bareCompletions(text, caret, word, page);
  if (caret < field.to) {
    return { from: field.from, to: field.to, items: fieldItems(text.slice(field.from, caret), page) };
  }
  const value = word.values.find(({ from, to }) => from <= caret && caret <= to);
  const known = fieldsOf(page).find(({ name }) => name === field.name);
  if (value === undefined || known === undefined) return { from: caret, to: caret, items: [] };
  const { from, to } = value;
  return { from, to, items: valueItems(known, text.slice(from, caret)) };
}

function bareCompletions(text: string, caret: number, word: SearchWord, page: SearchPage): Completions {
  const from = word.from + (word.isNegated ? 1 : 0);
  const isOneWord = word.values.length === 1 && !word.values[0]!.isQuoted;
  return { from, to: word.to, items: isOneWord ? fieldItems(text.slice(from, caret), page) : [] };
}

function fieldItems(begun: string, page: SearchPage): Completion[] {
  const fields = fieldsOf(page).filter(({ name }) => name.startsWith(begun.toLowerCase()));
  return fields.map(({ name, about }) => ({ text: `${name}:`, about }));
}

function valueItems(field: SearchField, begun: string): Completion[] {
  const wanted = folded(begun.replaceAll('"', ''));
  return itemsOf(field)
    .filter(({ text }) => folded(text.replaceAll('"', '')).startsWith(wanted))
    .slice(0, MAX_ITEMS);
}

function itemsOf({ name, values, examples, wanted }: SearchField): Completion[] {
  if (values !== undefined) return Object.entries(values).map(([text, about]) => ({ text, about }));
  if (name === 'type') {
    const types = new Set([...USUAL_TYPES, ...typeNames()]);
    return [...types].map((text) => ({ text, about: 'RR type' }));
  }
  if (name === 'since' || name === 'until') {
    const times = Object.entries(USUAL_TIMES);
    return times.map(([text, about]) => ({ text, about: name === 'since' ? about : `until ${about.slice(9)} ago` }));
  }
  return examples.map((text) => ({ text, about: `for example (${wanted})` }));
}
