/** What a search finds, said once more and plainly: what databases are held against. */
import { networkContains, parseAddress, parseNetwork } from '../../src/core/address.ts';
import { canonicalName, formatName, isAtOrBelow, parseName } from '../../src/dns/name.ts';
import type { VerdictEvent } from '../../src/events/verdict-event.ts';
import type { EntryFacts, InboxEntry } from '../../src/inbox/entry.ts';
import type { AddressValue, NameValue, Search, SearchTerm } from '../../src/inbox/search.ts';

/** What entries and events are both asked about. */
interface Sought extends Omit<EntryFacts, 'eventId' | 'hint' | 'reason'> {
  readonly client: VerdictEvent['client'];
  readonly destination: VerdictEvent['client'];
  readonly queryName: VerdictEvent['queryName'];
  readonly reason: string;
  readonly verdict: 'allow' | 'block' | 'would block';
  readonly severity: string | undefined;
  readonly state: string | undefined;
}

export function entryMatches(search: Search, entry: InboxEntry): boolean {
  if (search.sinceMs !== undefined && entry.lastAtMs < search.sinceMs) return false;
  if (search.untilMs !== undefined && entry.firstAtMs >= search.untilMs) return false;
  return allHold(search, { ...entry.newest, ...entry, verdict: entry.newest.enforced ? 'block' : 'would block' });
}

export function eventMatches(search: Search, event: VerdictEvent): boolean {
  if (search.sinceMs !== undefined && event.atMs < search.sinceMs) return false;
  if (search.untilMs !== undefined && event.atMs >= search.untilMs) return false;
  const verdict = event.verdict === 'block' && !event.enforced ? 'would block' : event.verdict;
  return allHold(search, { ...event, verdict, severity: undefined, state: undefined });
}

function allHold({ terms }: Search, sought: Sought): boolean {
  return terms.every((term) => holds(term, sought) !== term.isNegated);
}

function holds(term: SearchTerm, sought: Sought): boolean {
  switch (term.field) {
    case 'client':
    case 'destination':
      return term.anyOf.some((value) => isAt(sought[term.field], value));
    case 'client-name':
      return term.anyOf.some((pattern) => isCalled(sought.clientName, pattern));
    case 'name':
      return term.anyOf.some((value) => isNamed(sought.queryName, value));
    case 'type':
      return term.anyOf.some((type) => type === sought.queryType);
    case 'switch-port':
      return term.anyOf.some((port) => port === sought.inPort);
    case 'rd':
      return term.anyOf.some((rd) => rd === sought.recursionDesired);
    case 'mac':
      return term.anyOf.some((mac) => mac === sought.clientMac);
    case 'text':
      return term.anyOf.some((text) => hasText(sought, text));
    default:
      return (term.anyOf as readonly string[]).some((word) => word === sought[WORDS[term.field]]);
  }
}

const WORDS = {
  verdict: 'verdict',
  severity: 'severity',
  state: 'state',
  protocol: 'transport',
  reason: 'reason',
  group: 'group',
  rule: 'ruleId',
  switch: 'datapathId',
} as const;

function isAt(address: VerdictEvent['client'], { address: text, prefixLength }: AddressValue): boolean {
  if (prefixLength === undefined) return parseAddress(text) === address;
  return networkContains(parseNetwork(`${text}/${prefixLength}`)!, address);
}

function isCalled(name: string | undefined, pattern: string): boolean {
  const held = name?.toLowerCase();
  const wanted = pattern.toLowerCase();
  if (held === undefined) return false;
  if (!wanted.includes('*')) return held === wanted || held.startsWith(`${wanted}.`);
  const parts = wanted.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(held);
}

function isNamed(name: VerdictEvent['queryName'], { name: text, match }: NameValue): boolean {
  if (match === 'none' || name === undefined) return match === 'none' && name === undefined;
  const wanted = canonicalName(parseName(text)!);
  return match === 'exactly' ? canonicalName(name) === wanted : isAtOrBelow(canonicalName(name), wanted);
}

function hasText({ queryName, clientName, message }: Sought, text: string): boolean {
  const texts = [queryName === undefined ? undefined : formatName(queryName), clientName, message];
  return texts.some((held) => held?.toLowerCase().includes(text.toLowerCase()) === true);
}

/** Text that is read as this search; of its times it says nothing. */
export function searchText({ terms }: Search): string {
  return terms.map((term) => `${term.isNegated ? '-' : ''}${wordOf(term)}`).join(' ');
}

function wordOf(term: SearchTerm): string {
  const field = { 'client-name': 'client', 'switch-port': 'port', text: undefined }[term.field as 'text'];
  const name = term.field === 'text' ? '' : `${field ?? term.field}:`;
  return name + term.anyOf.map((value) => quoted(valueText(term, value))).join(',');
}

function valueText({ field }: SearchTerm, value: SearchTerm['anyOf'][number]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (field === 'type') return `TYPE${String(value)}`;
  if (field === 'mac') return (Number(value).toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
  if (typeof value !== 'object') return value === 'block' ? 'blocked' : value === 'allow' ? 'allowed' : String(value);
  if ('address' in value) {
    return value.prefixLength === undefined ? value.address : `${value.address}/${value.prefixLength}`;
  }
  if (value.match === 'none') return 'none';
  const escaped = value.name.replaceAll('*', '\\*');
  // A name that is called as the word is written with the last dot.
  if (value.match === 'exactly') return escaped === 'none' ? 'none.' : escaped;
  return value.name === '.' ? '*' : `*.${escaped}`;
}

function quoted(text: string): string {
  return `"${text}"`;
}
