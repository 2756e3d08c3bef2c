/** What enforcement would have hit while a network was monitored, and whether that is little enough to enforce. */
import { type Address, formatAddress } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import { formatName, type Name } from '../dns/name.ts';
import type { EventQuery, EventStore } from '../events/event-store.ts';
import type { HistoryHint, VerdictEvent } from '../events/verdict-event.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { PolicyStore } from '../policy/policy-store.ts';
import type { BlockReason, VerdictReason } from '../policy/verdict.ts';
import { findGroup } from './bypass-services.ts';
import { formatInstant } from './instant.ts';
import { inTurns } from './lookup.ts';
import { isAllowedNow, remedyFor } from './rollout-remedy.ts';

export interface RolloutQuery {
  /** Only clients of this group. */
  readonly group?: string | undefined;
  /** Events from then on, milliseconds. */
  readonly sinceMs: number;
}

/** Queries of one client to one server that would have been blocked for one reason. */
export interface RolloutRow {
  readonly client: string;
  readonly clientName: string | null;
  readonly group: string;
  readonly destination: string;
  readonly reason: VerdictReason;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Some of the names that were asked for. */
  readonly names: readonly string[];
  /** What the history last said of the destination; null when it never knew it. */
  readonly nameServer: { readonly name: string; readonly zone: string; readonly expires: string | null } | null;
  /** The command that lets these queries pass, and no more than that needs; null where no command can. */
  readonly command: string | null;
  /** What else is to be known of it; null for nothing. */
  readonly remark: string | null;
}

export interface RolloutSummary {
  readonly group: string | null;
  readonly since: string;
  readonly until: string;
  /** Would-block events in that time. */
  readonly events: number;
  /** Pairs of client and destination that would still be blocked. */
  readonly pairs: number;
  /** Those of them that were not seen until the last day. */
  readonly newPairs: number;
  /** Rows left out because their queries would pass by now, and their events. */
  readonly settled: { readonly rows: number; readonly events: number };
  /** Events of further rows, for which there was no room. */
  readonly uncounted: number;
  /** How long the network has been monitored, seconds. */
  readonly monitoredSeconds: number;
  readonly isShortEnough: boolean;
  /** What is still missing; empty when the list is short enough to enforce. */
  readonly missing: readonly string[];
  /** The rule by which that is said. */
  readonly rule: string;
}

export type RolloutItem =
  /** How far the reading is, 0 to 1. */
  { readonly progress: number } | { readonly row: RolloutRow };

export interface RolloutParts {
  readonly clock: TimeSource;
  readonly policies: PolicyBook;
  readonly store: Pick<EventStore, 'findEvents'> &
    Pick<PolicyStore, 'loadWarmup'> & { contents(): Promise<{ readonly oldestEventAtMs: number | undefined }> };
  readonly flush: () => Promise<void>;
  readonly warmupMs: () => number;
}

/** What is known of one row while events are read. */
export interface RolloutPair {
  readonly client: Address;
  readonly destination: Address;
  readonly group: string;
  readonly reason: BlockReason;
  count: number;
  firstAtMs: number;
  /** The newest of them. */
  last: VerdictEvent;
  clientName: string | undefined;
  hint: HistoryHint | undefined;
  readonly names: Set<Name>;
}

const MAX_PAIRS = 10_000;
const MAX_NAMES = 3;
const MAX_PAIRS_TO_ENFORCE = 10;

/** Reads the would-block events of the time; rows come when all are read, the most frequent first. Throws GluewallError `no-group`. */
export async function* reportRollout(
  { group, sinceMs }: RolloutQuery,
  parts: RolloutParts,
): AsyncGenerator<RolloutItem, RolloutSummary> {
  await parts.flush();
  const nowMs = parts.clock.nowMs();
  const pairs = new PairTable();
  const query: EventQuery = { sinceMs, group, verdict: 'would block', limit: Number.POSITIVE_INFINITY };
  for await (const events of parts.store.findEvents(query)) {
    for (const event of events) pairs.add(event);
    yield { progress: shareOf(events.at(-1)!.atMs, sinceMs, nowMs) };
  }
  // One that is gone may have events; one that has neither is a slip.
  if (pairs.events === 0) findGroup(parts.policies, group);
  const settled = { rows: 0, events: 0 };
  const open: RolloutPair[] = [];
  const clientsOf = pairs.clientsOf();
  for await (const pair of inTurns(pairs.byCount())) {
    if (isAllowedNow(pair, parts.policies, nowMs)) {
      settled.rows++;
      settled.events += pair.count;
      continue;
    }
    open.push(pair);
    yield { row: viewRow(pair, clientsOf.get(placeOf(pair)) ?? 1, parts.policies) };
  }
  const all = countPairs(open);
  const fresh = countPairs(open.filter(({ firstAtMs }) => firstAtMs > nowMs - DAY_MS));
  const monitoredMs = await monitoredForMs(parts.store, nowMs);
  const found = { monitoredMs, reportedMs: nowMs - sinceMs, pairs: all, newPairs: fresh, uncounted: pairs.uncounted };
  const missing = whatIsMissing(found, parts.warmupMs() + DAY_MS);
  return {
    group: group ?? null,
    since: formatInstant(sinceMs)!,
    until: formatInstant(nowMs)!,
    events: pairs.events,
    pairs: all,
    newPairs: fresh,
    settled,
    uncounted: pairs.uncounted,
    monitoredSeconds: Math.floor(monitoredMs / 1000),
    isShortEnough: missing.length === 0,
    missing,
    rule: `short enough to enforce: monitored for ${formatSpan(parts.warmupMs() + DAY_MS)} (warm-up and a day more), at most ${MAX_PAIRS_TO_ENFORCE} pairs of client and destination, none of them new in the last 24 h`,
  };
}

class PairTable {
  readonly #pairs = new Map<string, RolloutPair>();
  events = 0;
  uncounted = 0;

  add(event: VerdictEvent): void {
    this.events++;
    const key = `${event.reason} ${event.group} ${event.client} ${event.destination}`;
    const held = this.#pairs.get(key);
    if (held === undefined && this.#pairs.size >= MAX_PAIRS) {
      this.uncounted++;
      return;
    }
    const pair = held ?? newPair(event);
    if (held === undefined) this.#pairs.set(key, pair);
    pair.count++;
    pair.last = event;
    pair.clientName = event.clientName ?? pair.clientName;
    pair.hint = event.hint ?? pair.hint;
    if (event.queryName !== undefined && pair.names.size < MAX_NAMES) pair.names.add(event.queryName);
  }

  /** The most frequent first; of the same count, the last seen first. */
  byCount(): readonly RolloutPair[] {
    return [...this.#pairs.values()].sort((a, b) => b.count - a.count || b.last.atMs - a.last.atMs);
  }

  /** How many clients of a group there are for each destination. */
  clientsOf(): ReadonlyMap<string, number> {
    const clients = new Map<string, Set<Address>>();
    for (const pair of this.#pairs.values()) {
      const those = clients.get(placeOf(pair)) ?? new Set();
      clients.set(placeOf(pair), those.add(pair.client));
    }
    return new Map([...clients].map(([place, those]) => [place, those.size]));
  }
}

function newPair(event: VerdictEvent): RolloutPair {
  const { client, destination, group, atMs } = event;
  // The store was asked for blocks.
  const reason = event.reason as BlockReason;
  const unknown = { clientName: undefined, hint: undefined, names: new Set<Name>() };
  return { client, destination, group, reason, count: 0, firstAtMs: atMs, last: event, ...unknown };
}

function placeOf({ group, destination }: RolloutPair): string {
  return `${group} ${destination}`;
}

/** Pairs of client and destination, whatever the reasons. */
function countPairs(pairs: readonly RolloutPair[]): number {
  return new Set(pairs.map(({ client, destination }) => `${client} ${destination}`)).size;
}

function viewRow(pair: RolloutPair, clients: number, policies: PolicyBook): RolloutRow {
  const { client, destination, group, reason, count, firstAtMs, last, hint } = pair;
  return {
    client: formatAddress(client),
    clientName: pair.clientName ?? null,
    group,
    destination: formatAddress(destination),
    reason,
    count,
    firstSeen: formatInstant(firstAtMs)!,
    lastSeen: formatInstant(last.atMs)!,
    names: [...pair.names].map(formatName),
    nameServer:
      hint === undefined
        ? null
        : {
            name: formatName(hint.nameServer),
            zone: formatName(hint.zone),
            expires: formatInstant(hint.expiresAtMs),
          },
    ...remedyFor(pair, clients, policies),
  };
}

/** Since the oldest event on record, or for as long as the history has learned: whichever is longer. */
async function monitoredForMs(store: RolloutParts['store'], nowMs: number): Promise<number> {
  const { oldestEventAtMs = nowMs } = await store.contents();
  const learnedForMs = (await store.loadWarmup())?.learnedForMs ?? 0;
  // One that was imported has not been watched.
  return Math.max(0, nowMs - oldestEventAtMs, Number.isFinite(learnedForMs) ? learnedForMs : 0);
}

interface Found {
  readonly monitoredMs: number;
  /** How much of it the report is about. */
  readonly reportedMs: number;
  readonly pairs: number;
  readonly newPairs: number;
  readonly uncounted: number;
}

function whatIsMissing(found: Found, wantedMs: number): readonly string[] {
  const { monitoredMs, reportedMs, pairs, newPairs, uncounted } = found;
  const missing: string[] = [];
  if (monitoredMs < wantedMs) {
    missing.push(`${formatSpan(wantedMs - monitoredMs)} more of monitoring (so far ${formatSpan(monitoredMs)})`);
  } else if (reportedMs < wantedMs) {
    missing.push(
      `a report of at least ${formatSpan(wantedMs)} (see --since; this is one of ${formatSpan(reportedMs)})`,
    );
  }
  if (pairs > MAX_PAIRS_TO_ENFORCE || uncounted > 0) {
    const there = uncounted > 0 ? `${pairs} and more` : pairs;
    missing.push(`no more than ${MAX_PAIRS_TO_ENFORCE} pairs of client and destination (there are ${there})`);
  }
  if (newPairs > 0) missing.push(`a day without a new pair (${newPairs} came in the last 24 h)`);
  return missing;
}

/** `2d 3h`, `4h 5min`, `6min`. */
function formatSpan(spanMs: number): string {
  const minutes = Math.ceil(spanMs / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return hours === 0 ? `${days}d` : `${days}d ${hours}h`;
  return hours === 0 ? `${minutes}min` : `${hours}h ${minutes % 60}min`;
}

function shareOf(atMs: number, sinceMs: number, nowMs: number): number {
  return Math.min(1, Math.max(0, (atMs - sinceMs) / Math.max(1, nowMs - sinceMs)));
}
