/** Rows of the table `entries`. */
import { canonicalName, formatName } from '../../dns/name.ts';
import { ENTRY_STATES, type EntryState, type InboxEntry, SEVERITIES } from '../../inbox/entry.ts';
import { BLOCK_REASONS, type BlockReason } from '../../policy/verdict.ts';
import { type ColumnValue, readCount, readMilliseconds, readText, readWord } from '../column-values.ts';
import { EVENT_COLUMNS, readEvent } from '../event-rows.ts';
import { listed, type Row, tableBy } from '../steps.ts';
import type { EventGroup, EventToSave } from './event-groups.ts';
import type { SqlDialect } from './sql-dialect.ts';

/** What an entry has of its newest event, under the names that events have it. */
export const FACT_COLUMNS = [
  'client_mac',
  'client_name',
  'client_group',
  'datapath_id',
  'in_port',
  'transport',
  'query_type',
  'recursion_desired',
  'enforced',
  'reason',
  'rule_id',
  'hint_zone',
  'hint_name_server',
  'hint_expires_at_ms',
  'message',
] as const satisfies readonly (typeof EVENT_COLUMNS)[number][];

export const NEW_ENTRY_COLUMNS = [
  'id',
  'entry_key',
  'change_number',
  'client',
  'client_key',
  'destination',
  'destination_key',
  'query_name',
  'name_key',
  'first_at_ms',
  'last_at_ms',
  'events',
  'packets',
  'severity',
  'state',
  'state_change',
  'comments',
  ...FACT_COLUMNS,
] as const;

const FACT_PLACES = FACT_COLUMNS.map((column) => EVENT_COLUMNS.indexOf(column));
const CLIENT_PLACE = EVENT_COLUMNS.indexOf('client');
const DESTINATION_PLACE = EVENT_COLUMNS.indexOf('destination');
const OWN_COLUMNS = [
  'id',
  'change_number',
  'first_at_ms',
  'events',
  'packets',
  'severity',
  'state',
  'state_by',
  'state_at_ms',
  'until_ms',
  'comments',
] as const;
/** What an entry does not have of an event. */
const EVENT_BLANKS: Readonly<Partial<Record<(typeof EVENT_COLUMNS)[number], string | number | null>>> = {
  client_port: 0,
  verdict: 'block',
  scope: '',
  packets_at_least: 0,
  held_ms: 0,
  alarm: null,
  packet: null,
};
const EVENT_PART = EVENT_COLUMNS.filter((column) => !Object.hasOwn(EVENT_BLANKS, column)).map((column) =>
  column === 'at_ms' ? 'last_at_ms' : column,
);
const EVENT_AT = OWN_COLUMNS.length + 1;
const STATES: Readonly<Record<EntryState, true>> = { open: true, escalated: true, acknowledged: true };
const REASONS: ReadonlySet<string> = new Set(BLOCK_REASONS);

/** What is read of an entry: its id first. */
export function entryColumns(dialect: SqlDialect): string {
  const newest = `(SELECT events.id FROM ${tableBy(dialect, 'events', 'events_by_entry')}
    WHERE events.entry_id = entries.id ORDER BY events.at_ms DESC, events.id DESC LIMIT 1)`;
  return [listed(dialect, OWN_COLUMNS), newest, listed(dialect, EVENT_PART)].join(', ');
}

export function factValues({ row }: EventToSave): readonly ColumnValue[] {
  return FACT_PLACES.map((place) => row[place]!);
}

/** The values of NEW_ENTRY_COLUMNS. */
export function newEntryRow(id: number, change: number, group: EventGroup): readonly ColumnValue[] {
  const { newest } = group;
  const { queryName } = newest.event;
  return [
    id,
    group.key,
    change,
    newest.row[CLIENT_PLACE]!,
    newest.clientKey,
    newest.row[DESTINATION_PLACE]!,
    newest.destinationKey,
    queryName === undefined ? null : formatName(canonicalName(queryName)),
    newest.nameKey,
    group.firstAtMs,
    group.lastAtMs,
    group.events,
    group.packets,
    group.severity,
    ENTRY_STATES[0],
    0,
    0,
    ...factValues(newest),
  ];
}

/** Reads the columns of `entryColumns`; undefined when they are no entry. */
export function readEntry(row: Row): InboxEntry | undefined {
  const [id, change, firstAtMs, events, packets, severity, state, stateBy, stateAtMs, untilMs, comments, eventId] = row;
  const newest = readEvent(eventRowOf(row));
  const word = readWord(state, STATES);
  const level = readCount(severity, SEVERITIES.length - 1);
  const began = readMilliseconds(firstAtMs);
  if (newest === undefined || word === undefined || level === undefined || began === undefined) return undefined;
  if (!REASONS.has(newest.reason)) return undefined;
  return {
    id: Number(id),
    change: Number(change),
    client: newest.client,
    destination: newest.destination,
    queryName: newest.queryName,
    firstAtMs: began,
    lastAtMs: newest.atMs,
    events: Number(events),
    packets: Number(packets),
    severity: SEVERITIES[level]!,
    state: word,
    stateBy: readText(stateBy),
    stateAtMs: readMilliseconds(stateAtMs),
    untilMs: readMilliseconds(untilMs),
    comments: Number(comments),
    newest: {
      eventId: readCount(eventId, Number.MAX_SAFE_INTEGER),
      clientMac: newest.clientMac,
      clientName: newest.clientName,
      group: newest.group,
      datapathId: newest.datapathId,
      inPort: newest.inPort,
      transport: newest.transport,
      queryType: newest.queryType,
      recursionDesired: newest.recursionDesired,
      enforced: newest.enforced,
      reason: newest.reason as BlockReason,
      ruleId: newest.ruleId,
      hint: newest.hint,
      message: newest.message,
    },
  };
}

/** The values of EVENT_COLUMNS. */
function eventRowOf(row: Row): unknown[] {
  let place = EVENT_AT;
  return EVENT_COLUMNS.map((column) => {
    const blank = EVENT_BLANKS[column];
    return blank === undefined ? row[place++] : blank;
  });
}
