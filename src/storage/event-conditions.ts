import { formatAddress } from '../core/address.ts';
import type { EventQuery, VerdictWord } from '../events/event-store.ts';
import { nameKeyRange } from './name-key.ts';

/** What an event must be to be wanted, as SQL behind `WHERE …`; when it was first seen is left to the reading. */
export interface EventConditions {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** Up to so many events at or below a name are found by their name and then put in order; more, by looking at all in order. */
export const NAMED_ROWS = 20_000;

const VERDICT_TERMS: Readonly<Record<VerdictWord, string>> = {
  allow: "verdict = 'allow'",
  block: "verdict = 'block' AND enforced = 1",
  'would block': "verdict = 'block' AND enforced = 0",
};

/** `nameColumn` is the column of the name's key, or an expression of its value that keeps the index of names out. */
export function eventConditions(query: EventQuery, nameColumn: string): EventConditions {
  const { untilMs, client, clientName, group, destination, queryName, verdict } = query;
  const terms: [string, ...unknown[]][] = [];
  if (untilMs !== undefined) terms.push(['at_ms < ?', Math.min(untilMs, Number.MAX_VALUE)]);
  if (client !== undefined) terms.push(['client = ?', formatAddress(client)]);
  if (destination !== undefined) terms.push(['destination = ?', formatAddress(destination)]);
  if (group !== undefined) terms.push(['client_group = ?', group]);
  if (verdict !== undefined) terms.push([VERDICT_TERMS[verdict]]);
  if (clientName !== undefined) {
    const name = clientName.toLowerCase();
    // Databases count code points.
    const length = [...name].length + 1;
    terms.push(['(lower(client_name) = ? OR substr(lower(client_name), 1, ?) = ?)', name, length, `${name}.`]);
  }
  if (queryName !== undefined) {
    const { first, end } = nameKeyRange(queryName);
    terms.push([`${nameColumn} >= ? AND ${nameColumn} < ?`, first, end]);
  }
  return {
    where: terms.map(([term]) => `AND ${term}`).join(' '),
    values: terms.flatMap(([, ...values]) => values),
  };
}
