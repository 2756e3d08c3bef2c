/** What people ask of gluewall, one function each. The doors only pass on. */
import { type Address, formatAddress } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { isAtOrBelow, type Name } from '../dns/name.ts';
import { type EveRecord, eveRecord } from '../events/eve.ts';
import type { EventQuery, EventStore } from '../events/event-store.ts';
import type { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { canBeNameServer } from '../nsdb/rules/name-server-address.ts';
import type { AllowEntry, AllowList } from '../policy/allow-list.ts';
import type { PolicyStore } from '../policy/policy-store.ts';
import { type CheckQuestion, type CheckView, explainVerdict, type PolicyParts } from './explain-verdict.ts';
import { formatInstant } from './instant.ts';
import { inTurns, type LookupTarget, type LookupView, lookup } from './lookup.ts';
import { type TripleView, viewTriple } from './triple-view.ts';

export interface AllowView {
  readonly address: string;
  readonly origin: AllowEntry['origin'];
  readonly reason: string;
  readonly owner: string;
  /** Null for what the configuration has: since the start. */
  readonly created: string | null;
  /** Null when it does not expire. */
  readonly expires: string | null;
}

export interface ChangeView {
  readonly address: string;
  readonly outcome: 'added' | 'renewed' | 'full' | 'removed' | 'absent' | 'configured';
  /** Null when it does not expire. */
  readonly expires: string | null;
  /** False when the store could not keep the change: it lasts until gluewall stops. */
  readonly kept: boolean;
}

export interface ImportView {
  readonly taken: number;
  /** Had expired already. */
  readonly expired: number;
  /** Found no room, or can be no name server's address. */
  readonly refused: number;
}

/** Figures for people and programs; every number counts since the start unless it says otherwise. */
export type StatusView = Readonly<Record<string, unknown>>;

/** An item of `events`: one event, or how many of them came faster than they were read. */
export type EventItem = EveRecord | { readonly lost: number };

export interface Services {
  lookup(target: LookupTarget): Promise<LookupView>;
  check(question: CheckQuestion): CheckView;
  /** All triples, or those of a zone and of what lies below it. */
  historyList(zone: Name | undefined): AsyncGenerator<TripleView, void>;
  /** `endsWarmup` is for the last of an import's portions: all of it is in memory then. */
  historyImport(triples: readonly NsTriple[], endsWarmup: boolean): ImportView;
  allowAdd(entry: Pick<AllowEntry, 'address' | 'reason' | 'owner' | 'expiresAtMs'>): Promise<ChangeView>;
  allowRemove(address: Address): Promise<ChangeView>;
  allowList(): AsyncGenerator<AllowView, void>;
  /** What was kept; with a signal, then what happens, until it aborts. */
  events(query: EventQuery, follow: AbortSignal | undefined): AsyncGenerator<EventItem, void>;
  status(): StatusView;
}

export interface ServiceParts extends PolicyParts {
  readonly clock: TimeSource;
  readonly history: NsHistory;
  readonly allowList: AllowList;
  readonly store: Pick<PolicyStore, 'saveAllowEntry' | 'deleteAllowEntry'> & Pick<EventStore, 'findEvents'>;
  /** Makes the store hold all that has happened. */
  readonly flush: () => Promise<void>;
  /** Undefined where nothing happens, because gluewall does not run. */
  readonly tap: EventTap<VerdictEvent> | undefined;
  readonly endWarmup: () => void;
  readonly status: () => StatusView;
}

/** An event is kept and told to followers within this time of what it tells of. */
const MAX_EVENT_DELAY_MS = 10_000;
/** Kept events that a follower may be told of once more; more than can wait for one. */
const MAX_SHOWN = 32_768;

export function createServices(parts: ServiceParts): Services {
  const { history, allowList, store, clock } = parts;
  return {
    status: parts.status,
    lookup: (target) => lookup(history, target, clock.nowMs()),
    check: (question) => explainVerdict(question, parts),
    async *historyList(zone) {
      for await (const triple of inTurns(history.triples())) {
        if (zone === undefined || isAtOrBelow(triple.zone, zone)) yield viewTriple(triple);
      }
    },
    historyImport(triples, endsWarmup) {
      const view = importTriples(history, triples, clock.nowMs());
      if (endsWarmup) parts.endWarmup();
      return view;
    },
    async allowAdd(wanted) {
      const entry: AllowEntry = { ...wanted, origin: 'command', createdAtMs: clock.nowMs() };
      const outcome = allowList.add(entry);
      const isChanged = outcome === 'added' || outcome === 'renewed';
      // In force first: a disk that is full must not keep an operator from letting traffic through.
      const kept = !isChanged || (await isDone(store.saveAllowEntry(entry)));
      return { address: formatAddress(entry.address), outcome, expires: formatInstant(entry.expiresAtMs), kept };
    },
    async allowRemove(address) {
      const outcome = allowList.remove(address);
      const kept = outcome !== 'removed' || (await isDone(store.deleteAllowEntry(address)));
      return { address: formatAddress(address), outcome, expires: null, kept };
    },
    async *allowList() {
      for (const entry of allowList.all()) yield viewAllowEntry(entry);
    },
    events: (query, follow) => findEvents(query, follow, parts),
  };
}

function importTriples(history: NsHistory, triples: readonly NsTriple[], nowMs: number): ImportView {
  const view = { taken: 0, expired: 0, refused: 0 };
  for (const triple of triples) {
    if (triple.expiresAtMs <= nowMs) view.expired++;
    else if (canBeNameServer(triple.address) && history.restore(triple)) view.taken++;
    else view.refused++;
  }
  return view;
}

function viewAllowEntry({ address, origin, reason, owner, createdAtMs, expiresAtMs }: AllowEntry): AllowView {
  const created = origin === 'configuration' ? null : formatInstant(createdAtMs);
  return { address: formatAddress(address), origin, reason, owner, created, expires: formatInstant(expiresAtMs) };
}

async function* findEvents(
  query: EventQuery,
  follow: AbortSignal | undefined,
  { clock, store, tap, flush }: ServiceParts,
): AsyncGenerator<EventItem, void> {
  if (follow !== undefined && tap === undefined) {
    throw new GluewallError('not-running', 'nothing happens while gluewall does not run; ask without --follow');
  }
  await flush();
  const end = new AbortController();
  const live = follow === undefined ? undefined : tap?.follow(AbortSignal.any([follow, end.signal]));
  const followedAtMs = clock.nowMs();
  // What happens while the kept ones are read may be among them, too.
  const shown = new Set<string>();
  try {
    for await (const portion of store.findEvents(query)) {
      for (const event of portion) {
        const record = eveRecord(event);
        const mayComeAgain = live !== undefined && event.atMs > followedAtMs - MAX_EVENT_DELAY_MS;
        if (mayComeAgain && shown.size < MAX_SHOWN) shown.add(JSON.stringify(record));
        yield record;
      }
    }
    for await (const { events, lost } of live ?? []) {
      if (lost > 0) yield { lost };
      for (const event of events) {
        const record = isWanted(event, query) ? eveRecord(event) : undefined;
        if (record !== undefined && !shown.has(JSON.stringify(record))) yield record;
      }
      shown.clear();
    }
  } finally {
    end.abort();
  }
}

function isWanted(event: VerdictEvent, { client, destination }: EventQuery): boolean {
  return (client ?? event.client) === event.client && (destination ?? event.destination) === event.destination;
}

/** The store logs and counts its failures itself. */
function isDone(saving: Promise<void>): Promise<boolean> {
  return saving.then(
    () => true,
    () => false,
  );
}
