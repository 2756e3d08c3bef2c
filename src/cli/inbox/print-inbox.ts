/** The inbox for a person, as lines. */
import { counted } from '../../core/words.ts';
import type { EventRow } from '../../services/event-row-view.ts';
import type { PageView } from '../../services/inbox-services.ts';
import type { EntryDetail, EntryView } from '../../services/inbox-view.ts';
import { aligned } from '../aligned.ts';

const ENTRY_HEADINGS = ['ENTRY', 'SEVERITY', 'STATE', 'LAST SEEN', 'EVENTS', 'CLIENT', 'SERVER', 'NAME', 'TYPE', 'WHY'];
const EVENT_HEADINGS = ['EVENT', 'AT', 'VERDICT', 'CLIENT', 'SERVER', 'NAME', 'TYPE', 'PROTOCOL', 'WHY'];
/** Longer ones would tear the table; `show` and --json have all of them. */
const MAX_CELL_CHARACTERS = 60;

/** `command` is what was typed, for the next page. */
export function printEntries(page: PageView<EntryView>, command: string): string[] {
  const rows = page.items.map((entry) => [
    String(entry.id),
    entry.severity,
    entry.state,
    entry.last,
    String(entry.events),
    clientWord(entry.client),
    entry.destination.address,
    cell(entry.queryName ?? '-'),
    entry.queryType ?? '-',
    `${entry.reason}${entry.verdict === 'block' ? '' : ' (would block)'}`,
  ]);
  const none = 'there is no such entry; without a word on states only open and escalated ones are listed';
  return [...tableOf(ENTRY_HEADINGS, rows, none), ...moreLines(page, command)];
}

export function printEvents(page: PageView<EventRow>, command: string): string[] {
  const rows = page.items.map((event) => [
    String(event.id),
    event.at,
    event.verdict,
    clientWord(event.client),
    event.destination,
    cell(event.queryName ?? '-'),
    event.queryType ?? '-',
    event.protocol,
    event.reason,
  ]);
  return [...tableOf(EVENT_HEADINGS, rows, 'no such event is kept'), ...moreLines(page, command)];
}

function tableOf(headings: readonly string[], rows: readonly (readonly string[])[], none: string): string[] {
  return rows.length === 0 ? [none] : aligned([headings, ...rows]);
}

function moreLines({ next, lookedBackTo }: PageView<unknown>, command: string): string[] {
  if (next === null) return [];
  const looked = lookedBackTo === null ? [] : [`looked back to ${lookedBackTo} by now`];
  return [...looked, `there is more: ${command} --after ${next}`];
}

function clientWord({ address, name }: EntryView['client']): string {
  return name === null ? address : cell(`${address} (${name})`);
}

function cell(text: string): string {
  return text.length > MAX_CELL_CHARACTERS ? `${text.slice(0, MAX_CELL_CHARACTERS - 1)}…` : text;
}

export function printEntry(entry: EntryDetail): string[] {
  const { client, destination, remarks, findings } = entry;
  const { then, now } = destination;
  const by = entry.stateBy === null ? '' : `, by ${entry.stateBy || 'somebody'} at ${entry.stateAt ?? '-'}`;
  const until = entry.until === null ? '' : `; opens anew when it is seen after ${entry.until}`;
  const known = now.map(({ zone, nameServer }) => `${nameServer} of ${zone}`).join(', ');
  return [
    `entry ${entry.id} (${entry.severity}, ${entry.state}${by}${until})`,
    `${entry.message}`,
    `seen from ${entry.first} to ${entry.last}: ${counted(entry.events, 'event')}, ${counted(entry.packets, 'packet')} at least`,
    `client       ${clientWord(client)}, ${client.mac ?? 'no MAC address'}, switch ${client.switch} port ${client.port}, group ${entry.group}`,
    `server       ${destination.address}, over ${entry.protocol}`,
    ...(then === null ? [] : [`known then   ${then.nameServer} of ${then.zone}, until ${then.expires ?? 'for ever'}`]),
    `known now    ${known === '' ? 'not in the history' : known}`,
    `name         ${entry.queryName ?? 'not read'}${entry.queryType === null ? '' : `, type ${entry.queryType}`}${recursion(entry)}`,
    `verdict      ${entry.verdict}: ${entry.reason}${entry.rule === null ? '' : `, rule ${entry.rule}`}`,
    ...(findings.length === 0 ? [] : ['', 'findings about the client:']),
    ...findings.map(({ id, kind, state }) => `  ${id}  ${kind}, ${state}: gluewall findings show ${id}`),
    ...(remarks.length === 0 ? [] : ['', 'comments:']),
    ...remarks.map(({ at, by: author, text }) => `  ${at}  ${author || 'somebody'}: ${text}`),
    '',
    ...nextLines(entry),
  ];
}

function recursion({ recursionDesired }: EntryView): string {
  if (recursionDesired === null) return '';
  return recursionDesired ? ', recursion desired' : ', recursion not desired';
}

function nextLines({ id, state }: EntryView): string[] {
  const acknowledge = `you look after it: gluewall inbox acknowledge ${id}`;
  const escalate = `it is true, and to be acted on: gluewall inbox escalate ${id}`;
  const reopen = `to be looked at again: gluewall inbox reopen ${id}`;
  const lines = { open: [acknowledge, escalate], escalated: [acknowledge, reopen], acknowledged: [reopen, escalate] };
  return [...lines[state], `single events: gluewall inbox events ${id}`];
}

/** What became of those that were named. */
export function printChanged(changed: readonly EntryView[], named: readonly number[], done: string): string[] {
  const there = new Set(changed.map(({ id }) => id));
  const missing = named.filter((id) => !there.has(id));
  return [
    ...changed.map(
      ({ id, client, destination, queryName }) =>
        `entry ${id}, ${clientWord(client)} to ${destination.address} for ${cell(queryName ?? 'no name')}, is ${done}`,
    ),
    ...missing.map((id) => `there is no entry ${id}, or not any more`),
  ];
}
