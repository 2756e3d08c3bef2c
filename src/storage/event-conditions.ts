/** What an event must be to be wanted, as SQL. */
import { formatAddress } from '../core/address.ts';
import type { EventQuery, VerdictWord } from '../events/event-store.ts';
import { nameKeyRange } from './name-key.ts';

/** SQL that is true or false of a row, and what stands for its question marks. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Up to so many events at or below a name are found by their name and then put in order; more, by looking at all in order. */
export const NAMED_ROWS = 20_000;

const VERDICT_TERMS: Readonly<Record<VerdictWord, string>> = {
  allow: "verdict = 'allow'",
  block: "verdict = 'block' AND enforced = 1",
  'would block': "verdict = 'block' AND enforced = 0",
};

/** All that is given must hold. */
export function joined(...conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined && condition.sql !== '');
  return {
    sql: given.map((condition) => condition?.sql).join(' AND '),
    values: given.flatMap((condition) => condition?.values ?? []),
  };
}

/** What of the query the index leads to. */
export function placedConditions({ sinceMs, untilMs, ...query }: EventQuery, index: string): Condition {
  const terms: (Condition | undefined)[] = [
    sinceMs === undefined ? undefined : { sql: 'at_ms >= ?', values: [finite(sinceMs)] },
    untilMs === undefined ? undefined : { sql: 'at_ms < ?', values: [finite(untilMs)] },
  ];
  if (index === 'events_by_client') terms.push(clientIs(query));
  if (index === 'events_by_destination') terms.push(destinationIs(query));
  if (index === 'events_by_name') terms.push(nameIs(query));
  return joined(...terms);
}

/** What else must hold, of which only the rows tell. */
export function openConditions(query: EventQuery, index: string): Condition {
  const { clientName, group, verdict } = query;
  return joined(
    index === 'events_by_client' ? undefined : clientIs(query),
    index === 'events_by_destination' ? undefined : destinationIs(query),
    index === 'events_by_name' ? undefined : nameIs(query),
    group === undefined ? undefined : { sql: 'client_group = ?', values: [group] },
    verdict === undefined ? undefined : { sql: VERDICT_TERMS[verdict], values: [] },
    clientName === undefined ? undefined : isCalled(clientName.toLowerCase()),
  );
}

function clientIs({ client }: Pick<EventQuery, 'client'>): Condition | undefined {
  return client === undefined ? undefined : { sql: 'client = ?', values: [formatAddress(client)] };
}

function destinationIs({ destination }: Pick<EventQuery, 'destination'>): Condition | undefined {
  return destination === undefined ? undefined : { sql: 'destination = ?', values: [formatAddress(destination)] };
}

function nameIs({ queryName }: Pick<EventQuery, 'queryName'>): Condition | undefined {
  if (queryName === undefined) return undefined;
  const { first, end } = nameKeyRange(queryName);
  return { sql: 'name_key >= ? AND name_key < ?', values: [first, end] };
}

/** Whole, or up to one of its dots. */
function isCalled(name: string): Condition {
  // Databases count code points.
  const length = [...name].length + 1;
  return {
    sql: '(lower(client_name) = ? OR substr(lower(client_name), 1, ?) = ?)',
    values: [name, length, `${name}.`],
  };
}

/** SQL has no infinity. */
function finite(atMs: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, atMs));
}
