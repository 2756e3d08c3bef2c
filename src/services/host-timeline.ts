/** What happened about one host, from all who know of it, the newest first. */
import { type Address, formatAddress, networkContains } from '../core/address.ts';
import { formatMac } from '../core/mac-address.ts';
import { formatName } from '../dns/name.ts';
import { formatRecordType } from '../dns/registry.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { Finding } from '../findings/finding.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { InboxStore, RowPlace } from '../inbox/inbox-store.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { Rule } from '../policy/rule.ts';
import { describeMatch } from '../policy/rule-text.ts';
import type { BehaviourQuestions } from './behaviour-services.ts';
import type { ClientSource } from './client-view.ts';
import { formatInstant } from './instant.ts';
import { inTurns } from './lookup.ts';

export interface TimelineItem {
  readonly at: string;
  readonly kind: 'event' | 'finding' | 'evidence' | 'rule' | 'client';
  readonly text: string;
  /** Of the event. */
  readonly event?: number;
  readonly finding?: string;
}

export interface TimelineParts {
  readonly policies: PolicyBook;
  readonly store: Pick<InboxStore, 'findKeptEvents'>;
  readonly flush: () => Promise<void>;
  readonly findings?: Pick<FindingBook, 'list'> | undefined;
  readonly behaviour?: Pick<BehaviourQuestions, 'host'> | undefined;
  readonly clients?: ClientSource;
}

export const MAX_TIMELINE_ITEMS = 500;
/** Findings that are looked at, those last updated. */
const MAX_FINDINGS = 200;
/** Steps of a list that are waited for. */
const MAX_STEPS = 20;

/** Something that happened, before the newest of all are chosen. */
interface Happening extends Omit<TimelineItem, 'at'> {
  readonly atMs: number;
}

/** The newest `limit` of what happened from `sinceMs` on. What cannot be asked at the moment is left out. */
export async function hostTimeline(
  { host, sinceMs, limit }: { readonly host: Address; readonly sinceMs?: number | undefined; readonly limit: number },
  parts: TimelineParts,
): Promise<{ readonly items: readonly TimelineItem[] }> {
  const [events, evidence, rules] = await Promise.all([
    eventsOf(host, sinceMs, limit, parts),
    evidenceOf(host, parts),
    rulesAbout(host, parts),
  ]);
  const findings = parts.findings?.list({ host: formatAddress(host), limit: MAX_FINDINGS }) ?? [];
  const all = [...events, ...evidence, ...rules, ...findings.flatMap(findingLines), ...clientLines(host, parts)];
  return {
    items: all
      .filter(({ atMs }) => atMs >= (sinceMs ?? 0))
      .sort((one, other) => other.atMs - one.atMs)
      .slice(0, limit)
      .map(({ atMs, ...item }) => ({ at: formatInstant(atMs)!, ...item })),
  };
}

async function eventsOf(
  host: Address,
  sinceMs: number | undefined,
  limit: number,
  { store, flush }: TimelineParts,
): Promise<readonly Happening[]> {
  await flush();
  const client = { address: formatAddress(host), prefixLength: undefined };
  const search = {
    terms: [{ isNegated: false, field: 'client', anyOf: [client] } as const],
    sinceMs,
    untilMs: undefined,
  };
  const found: Happening[] = [];
  let before: RowPlace | undefined;
  for (let step = 0; step < MAX_STEPS; step++) {
    const page = await store.findKeptEvents({ search, before, limit: limit - found.length });
    for (const { id, event } of page.rows)
      found.push({ atMs: event.atMs, kind: 'event', text: eventText(event), event: id });
    before = page.next;
    if (before === undefined || found.length >= limit) break;
  }
  return found;
}

function eventText({ message, queryName, queryType, packetsAtLeast }: VerdictEvent): string {
  const type = queryType === undefined ? '' : ` ${formatRecordType(queryType)}`;
  const asked = queryName === undefined ? '' : `, asked for ${formatName(queryName)}${type}`;
  return `${message}${asked}${packetsAtLeast > 1 ? `, at least ${packetsAtLeast} packets` : ''}`;
}

/** Who looks at hosts may have too much to do, or not be there. */
async function evidenceOf(host: Address, { behaviour }: TimelineParts): Promise<readonly Happening[]> {
  const answer = await behaviour?.host(host).catch(() => undefined);
  return (answer?.hosts ?? []).flatMap(({ evidence }) =>
    evidence.flatMap(({ samples }) => samples.map(({ atMs, text }) => ({ atMs, kind: 'evidence' as const, text }))),
  );
}

/** Of the rules that stand: whoever took one away took it away for the timeline, too. */
async function rulesAbout(host: Address, { policies }: TimelineParts): Promise<readonly Happening[]> {
  const found: Happening[] = [];
  for await (const { rule } of inTurns(policies.rules.all())) {
    if (rule.origin !== 'command' || !isAbout(rule, host)) continue;
    const by = rule.owner === '' ? '' : ` by ${rule.owner}`;
    const text = `rule ${rule.id} was added${by}: ${rule.action} ${describeMatch(rule.match)}: ${rule.reason}`;
    found.push({ atMs: rule.createdAtMs, kind: 'rule', text });
  }
  return found;
}

function isAbout({ match: { from } }: Rule, host: Address): boolean {
  if (from?.kind === 'address') return from.address === host;
  return from?.kind === 'network' && networkContains(from.network, host);
}

function findingLines({ id: finding, openedAtMs, kind: what, score, changes, comments, closed }: Finding): Happening[] {
  const line = (atMs: number, text: string): Happening => ({ atMs, kind: 'finding', text, finding });
  return [
    line(openedAtMs, `${what} was found (${Math.round(score * 100)} %)`),
    ...changes.map(({ atMs, by, text }) => line(atMs, by === '' ? text : `${text}, by ${by}`)),
    ...comments.map(({ atMs, by, text }) => line(atMs, `${by === '' ? 'somebody' : by} said: ${text}`)),
    ...(closed === undefined ? [] : [line(closed.atMs, `closed as ${closed.as} by ${closed.by}: ${closed.reason}`)]),
  ];
}

/** When it was seen first, and when it moved to another MAC address. */
function clientLines(host: Address, { clients }: TimelineParts): Happening[] {
  const record = clients?.record(host);
  const seen = record?.seen.find(({ address }) => address === host);
  if (record === undefined || seen === undefined) return [];
  const mac = record.mac === undefined ? '' : ` with ${formatMac(record.mac)}`;
  const moved =
    seen.movedAtMs === undefined || seen.movedFrom === undefined
      ? []
      : [{ atMs: seen.movedAtMs, kind: 'client' as const, text: `moved from ${formatMac(seen.movedFrom)}${mac}` }];
  return [{ atMs: seen.firstSeenAtMs, kind: 'client', text: `seen first${moved.length > 0 ? '' : mac}` }, ...moved];
}
