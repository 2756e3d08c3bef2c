/** Which terms of a search an index leads to. */
import { parseName } from '../../dns/name.ts';
import type { Search, SearchTerm } from '../../inbox/search.ts';
import type { Condition } from '../event-conditions.ts';
import { nameKey, nameKeyRange } from '../name-key.ts';
import { addressKeyRange } from './address-key.ts';

export interface IndexedTerm {
  readonly index: 'client' | 'destination' | 'name';
  readonly condition: Condition;
}

/** Terms with one value that must hold. */
export function indexedTerms({ terms }: Search): readonly IndexedTerm[] {
  return terms.flatMap((term) => (term.isNegated || term.anyOf.length !== 1 ? [] : (indexedTerm(term) ?? [])));
}

function indexedTerm(term: SearchTerm): IndexedTerm | undefined {
  if (term.field === 'client' || term.field === 'destination') {
    const range = addressKeyRange(term.anyOf[0]!);
    if (range === undefined) return undefined;
    const sql = `${term.field}_key >= ? AND ${term.field}_key <= ?`;
    return { index: term.field, condition: { sql, values: [range.first, range.last] } };
  }
  if (term.field !== 'name') return undefined;
  const [{ name: text, match }] = term.anyOf as readonly [(typeof term.anyOf)[number]];
  const name = match === 'none' ? undefined : parseName(text);
  if (name === undefined) return undefined;
  if (match === 'exactly') return { index: 'name', condition: { sql: 'name_key = ?', values: [nameKey(name)] } };
  const { first, end } = nameKeyRange(name);
  return { index: 'name', condition: { sql: 'name_key >= ? AND name_key < ?', values: [first, end] } };
}
