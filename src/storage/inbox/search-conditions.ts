/** What an entry or an event must be to be found by a search, as SQL for both databases. */
import { parseName, ROOT } from '../../dns/name.ts';
import { SEVERITIES } from '../../inbox/entry.ts';
import type { AddressValue, NameValue, Search, SearchTerm } from '../../inbox/search.ts';
import { type Condition, joined } from '../event-conditions.ts';
import { FORMER_REASON } from '../event-rows.ts';
import { nameKey, nameKeyRange } from '../name-key.ts';
import { addressKeyRange } from './address-key.ts';

/** Of the inbox; an entry was seen in a time when any of it was. */
export function entryConditions({ terms, sinceMs, untilMs }: Search): Condition {
  return joined(
    sinceMs === undefined ? undefined : { sql: 'last_at_ms >= ?', values: [sinceMs] },
    untilMs === undefined ? undefined : { sql: 'first_at_ms < ?', values: [untilMs] },
    ...terms.map((term) => signed(term, entryTerm(term))),
  );
}

/** Of single events, which have neither severity nor state. */
export function eventConditions({ terms, sinceMs, untilMs }: Search): Condition {
  return joined(
    sinceMs === undefined ? undefined : { sql: 'at_ms >= ?', values: [sinceMs] },
    untilMs === undefined ? undefined : { sql: 'at_ms < ?', values: [untilMs] },
    ...terms.map((term) => signed(term, eventTerm(term))),
  );
}

const NEVER: Condition = { sql: '1 = 0', values: [] };

/** What is not known of a row (NULL) does not hold, so that its opposite does. */
function signed({ isNegated }: SearchTerm, { sql, values }: Condition): Condition {
  return { sql: isNegated ? `(${sql}) IS NOT TRUE` : `(${sql})`, values };
}

function entryTerm(term: SearchTerm): Condition {
  switch (term.field) {
    case 'severity':
      return oneOf(
        'severity',
        term.anyOf.map((severity) => SEVERITIES.indexOf(severity)),
      );
    case 'state':
      return oneOf('state', term.anyOf);
    case 'verdict':
      return anyOf(term.anyOf, (verdict) => (verdict === 'allow' ? NEVER : isEnforced(verdict === 'block')));
    default:
      return commonTerm(term);
  }
}

function eventTerm(term: SearchTerm): Condition {
  switch (term.field) {
    case 'severity':
    case 'state':
      return NEVER;
    case 'verdict':
      return anyOf(term.anyOf, (verdict) =>
        verdict === 'allow'
          ? { sql: "verdict = 'allow'", values: [] }
          : joined({ sql: "verdict = 'block'", values: [] }, isEnforced(verdict === 'block')),
      );
    default:
      return commonTerm(term);
  }
}

function isEnforced(enforced: boolean): Condition {
  return { sql: `enforced = ${enforced ? 1 : 0}`, values: [] };
}

const COLUMNS = {
  type: 'query_type',
  'switch-port': 'in_port',
  protocol: 'transport',
  mac: 'client_mac',
  group: 'client_group',
  rule: 'rule_id',
  switch: 'datapath_id',
} as const;

type CommonTerm = Exclude<SearchTerm, { readonly field: 'severity' | 'state' | 'verdict' }>;

/** Of columns that both tables have. */
function commonTerm(term: CommonTerm): Condition {
  switch (term.field) {
    case 'client':
    case 'destination':
      return anyOf(term.anyOf, (value) => addressIs(term.field, value));
    case 'client-name':
      return anyOf(term.anyOf, clientIsCalled);
    case 'name':
      return anyOf(term.anyOf, nameIs);
    case 'text':
      return anyOf(term.anyOf, hasText);
    case 'rd':
      return oneOf(
        'recursion_desired',
        term.anyOf.map((rd) => (rd ? 1 : 0)),
      );
    case 'reason':
      return oneOf(
        'reason',
        term.anyOf.flatMap((reason) => (reason === 'allowRule' ? [reason, FORMER_REASON] : [reason])),
      );
    default:
      return oneOf(COLUMNS[term.field], term.anyOf);
  }
}

function anyOf<T>(values: readonly T[], condition: (value: T) => Condition): Condition {
  const conditions = values.map(condition);
  return {
    sql: conditions.map(({ sql }) => `(${sql})`).join(' OR '),
    values: conditions.flatMap(({ values }) => values),
  };
}

/** Columns whose values are ASCII, whatever they hold: MariaDB refuses to compare them with anything else. */
const ASCII_COLUMNS: readonly string[] = ['client_group', 'reason', 'query_name'];

function canHold(column: string, value: unknown): boolean {
  return typeof value !== 'string' || !ASCII_COLUMNS.includes(column) || !/[^\0-\x7f]/.test(value);
}

function oneOf(column: string, wanted: readonly unknown[]): Condition {
  const values = wanted.filter((value) => canHold(column, value));
  if (values.length === 0) return NEVER;
  return { sql: `${column} IN (${values.map(() => '?').join(', ')})`, values };
}

/** Keys are the same for an IPv4 address and the IPv6 address that it is mapped to: the text tells which it is. */
function addressIs(column: 'client' | 'destination', value: AddressValue): Condition {
  const range = addressKeyRange(value);
  if (range === undefined) return NEVER;
  const { first, last } = range;
  if (value.prefixLength === undefined) {
    return { sql: `${column}_key = ? AND ${column} = ?`, values: [first, value.address] };
  }
  const family = `instr(${column}, ':') ${value.address.includes(':') ? '>' : '='} 0`;
  return { sql: `${column}_key >= ? AND ${column}_key <= ? AND ${family}`, values: [first, last] };
}

function nameIs({ name: text, match }: NameValue): Condition {
  if (match === 'none') return { sql: 'name_key IS NULL', values: [] };
  const name = parseName(text);
  if (name === undefined) return NEVER;
  if (match === 'exactly') return { sql: 'name_key = ?', values: [nameKey(name)] };
  if (name === ROOT) return { sql: 'name_key IS NOT NULL', values: [] };
  const { first, end } = nameKeyRange(name);
  return { sql: 'name_key >= ? AND name_key < ?', values: [first, end] };
}

/** With `*`, by its pattern; else whole, or up to one of its dots. The database makes both sides small: it alone knows how. */
function clientIsCalled(pattern: string): Condition {
  if (pattern.includes('*')) {
    const like = pattern.replace(/[!%_]/g, '!$&').replaceAll('*', '%');
    return { sql: "lower(client_name) LIKE lower(?) ESCAPE '!'", values: [like] };
  }
  // Databases count code points.
  const length = [...pattern].length + 1;
  return {
    sql: 'lower(client_name) = lower(?) OR substr(lower(client_name), 1, ?) = lower(?)',
    values: [pattern, length, `${pattern}.`],
  };
}

function hasText(text: string): Condition {
  const columns = ['query_name', 'client_name', 'message'].filter((column) => canHold(column, text));
  return {
    sql: columns.map((column) => `instr(lower(${column}), lower(?)) > 0`).join(' OR '),
    values: columns.map(() => text),
  };
}
