/** Reads events for the console: the newest first, a page at a time. */
import { formatAddress, parseAddress } from '../../core/address.ts';
import type { KeptEvent, RowPage, RowPlace, RowQuery } from '../../inbox/inbox-store.ts';
import type { Search } from '../../inbox/search.ts';
import { type Condition, joined } from '../event-conditions.ts';
import { EVENT_COLUMNS, readEvent } from '../event-rows.ts';
import { finite, inPortions, listed, type StepContext, type Steps, tableBy } from '../steps.ts';
import { eventConditions } from './search-conditions.ts';
import { indexedTerms } from './search-indexes.ts';
import { pageRows, type Walk, walkBack } from './walk-back.ts';

/** Up to so many events of a name are found by it and then put in order; more, by looking at all in order. */
const NAMED_EVENTS = 10_000;

export function* findKeptEvents(context: StepContext, { search, before, limit }: RowQuery): Steps<RowPage<KeptEvent>> {
  const rows = pageRows(limit);
  if (rows === 0) return { rows: [], next: undefined };
  const walk = yield* chooseWalk(context, search);
  return yield* pageOf(context, walk, before, rows);
}

export function* eventsOfEntry(
  context: StepContext,
  id: number,
  before: RowPlace | undefined,
  limit: number,
): Steps<RowPage<KeptEvent>> {
  const rows = pageRows(limit);
  if (rows === 0) return { rows: [], next: undefined };
  const table = tableBy(context.dialect, 'events', 'events_by_entry');
  const placed = { sql: 'entry_id = ?', values: [id] };
  return yield* pageOf(context, { table, at: 'at_ms', placed, open: { sql: '', values: [] } }, before, rows);
}

export function* keptEvent(context: StepContext, id: number): Steps<KeptEvent | undefined> {
  return (yield* eventsById(context, [id]))[0];
}

export function* entryOfEvent(_context: StepContext, id: number): Steps<number | undefined> {
  const rows = yield { sql: 'SELECT entry_id FROM events WHERE id = ?', values: [id] };
  const entry = rows[0]?.[0] ?? undefined;
  return entry === undefined ? undefined : Number(entry);
}

function* pageOf(
  context: StepContext,
  walk: Walk,
  before: RowPlace | undefined,
  limit: number,
): Steps<RowPage<KeptEvent>> {
  const { places, end } = yield* walkBack(context.dialect, walk, before, limit);
  const rows = yield* eventsById(
    context,
    places.map(({ id }) => id),
  );
  return { rows, next: end };
}

function* eventsById(context: StepContext, ids: readonly number[]): Steps<readonly KeptEvent[]> {
  const columns = listed(context.dialect, EVENT_COLUMNS);
  const found = new Map<number, KeptEvent>();
  for (const { marks, values } of inPortions(ids)) {
    const rows = yield { sql: `SELECT id, ${columns} FROM events WHERE id IN ${marks}`, values };
    for (const row of rows) {
      const event = readEvent(row.slice(1));
      if (event === undefined) context.unreadable();
      else found.set(Number(row[0]), { id: Number(row[0]), event });
    }
  }
  return ids.flatMap((id) => found.get(id) ?? []);
}

function* chooseWalk({ dialect }: StepContext, search: Search): Steps<Walk> {
  const open = eventConditions(search);
  const since = search.sinceMs === undefined ? undefined : { sql: 'at_ms >= ?', values: [finite(search.sinceMs)] };
  const by = (index: string, condition?: Condition): Walk => {
    const placed = joined(condition, since);
    return { table: tableBy(dialect, 'events', `events_by_${index}`), at: 'at_ms', placed, open };
  };
  const name = indexedTerms(search).find(({ index }) => index === 'name');
  if (name !== undefined) {
    const walk = by('name', name.condition);
    const some = `SELECT 1 FROM ${walk.table} WHERE ${name.condition.sql} LIMIT ?`;
    const counted = yield {
      sql: `SELECT COUNT(*) FROM (${some}) AS some_events`,
      values: [...name.condition.values, NAMED_EVENTS + 1],
    };
    if (Number(counted[0]?.[0]) <= NAMED_EVENTS) return walk;
  }
  for (const field of ['client', 'destination'] as const) {
    const address = soleAddress(search, field);
    if (address !== undefined) return by(field, { sql: `${field} = ?`, values: [address] });
  }
  return by('time');
}

/** The only address that the search can find in the column. */
function soleAddress({ terms }: Search, field: 'client' | 'destination'): string | undefined {
  for (const term of terms) {
    if (term.field !== field || term.isNegated || term.anyOf.length !== 1) continue;
    const [value] = term.anyOf;
    const address = value?.prefixLength === undefined ? parseAddress(value?.address ?? '') : undefined;
    if (address !== undefined) return formatAddress(address);
  }
  return undefined;
}
