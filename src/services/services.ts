/** What people ask of gluewall, one function each. The doors only pass on. */

import type { AccountBook } from '../accounts/account-book.ts';
import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { isAtOrBelow, type Name } from '../dns/name.ts';
import { type EveRecord, eveRecord } from '../events/eve.ts';
import { type EventQuery, type EventStore, isWantedEvent } from '../events/event-store.ts';
import type { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { Bypasses } from '../firewall/bypasses.ts';
import type { Quarantines } from '../firewall/quarantines.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import type { NsTriple } from '../nsdb/ns-triple.ts';
import { canBeNameServer } from '../nsdb/rules/name-server-address.ts';
import { type AccountServices, accountServices } from './account-services.ts';
import { type BehaviourQuestions, type BehaviourServices, behaviourServices } from './behaviour-services.ts';
import { type BypassParts, type BypassServices, bypassServices } from './bypass-services.ts';
import { withCaseEvidence } from './case-evidence.ts';
import { type ClientSource, type ClientTarget, type ClientView, findClients } from './client-view.ts';
import { type CheckQuestion, type CheckView, type ExplainedParts, explainVerdict } from './explain-verdict.ts';
import { type FindingServices, findingServices } from './finding-services.ts';
import { type InboxParts, type InboxServices, inboxServices } from './inbox-services.ts';
import { type AskedLog, type LogServices, logServices } from './log-services.ts';
import { inTurns, type LookupTarget, type LookupView, lookup } from './lookup.ts';
import { type PackParts, type PackServices, packServices } from './pack-services.ts';
import { type PageParts, type PageServices, pageServices } from './page-services.ts';
import { type QuarantineServices, quarantineServices } from './quarantine-services.ts';
import type { ReloadView } from './reload-view.ts';
import {
  type RolloutItem,
  type RolloutParts,
  type RolloutQuery,
  type RolloutSummary,
  reportRollout,
} from './report-rollout.ts';
import { type RpzParts, type RpzServices, rpzServices } from './rpz-services.ts';
import { type RuleParts, type RuleServices, ruleServices } from './rule-services.ts';
import { type NodeOperations, tracebackServices } from './traceback-services.ts';
import { type TripleView, viewTriple } from './triple-view.ts';

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

export interface Services extends RuleServices, PackServices, BypassServices, QuarantineServices, RpzServices {
  lookup(target: LookupTarget): Promise<LookupView>;
  check(question: CheckQuestion): CheckView;
  /** All triples, or those of a zone and of what lies below it. */
  historyList(zone: Name | undefined): AsyncGenerator<TripleView, void>;
  /** `endsWarmup` is for the last of an import's portions: all of it is in memory then. */
  historyImport(triples: readonly NsTriple[], endsWarmup: boolean): ImportView;
  /** What was kept; with a signal, then what happens, until it aborts. */
  events(query: EventQuery, follow: AbortSignal | undefined): AsyncGenerator<EventItem, void>;
  /** What enforcement would have hit. */
  rollout(query: RolloutQuery): AsyncGenerator<RolloutItem, RolloutSummary>;
  /** Those of a target, or all that are known. */
  clients(target: ClientTarget | undefined): AsyncGenerator<ClientView, void>;
  readonly log: LogServices;
  readonly traceback: NodeOperations;
  readonly findings: FindingServices;
  readonly behaviour: BehaviourServices;
  readonly inbox: InboxServices;
  readonly accounts: AccountServices;
  readonly pages: PageServices;
  status(): StatusView;
  /** Rejects with ConfigError when the configuration file is not good: nothing has changed then. */
  reload(isTrial: boolean): Promise<ReloadView>;
}

/** What a traceback node without a gate offers. */
export interface NodeServices extends Pick<Services, 'log' | 'traceback' | 'status' | 'reload'> {
  readonly hasGate: false;
}

export interface ServiceParts extends ExplainedParts, RuleParts, BypassParts {
  readonly bypasses: Bypasses | undefined;
  readonly quarantines: Quarantines | undefined;
  readonly switches: () => number;
  readonly clock: TimeSource;
  readonly history: NsHistory;
  readonly store: RuleParts['store'] &
    RolloutParts['store'] &
    Pick<EventStore, 'findEvents'> &
    InboxParts['store'] &
    PageParts['store'];
  /** Left out where there are no switches to ask. */
  readonly dropProof?: PageParts['dropProof'];
  readonly switchSights?: PageParts['switchSights'];
  /** Left out where gluewall does not run. */
  readonly running?: PageParts['running'];
  /** Makes the store hold all that has happened. */
  readonly flush: () => Promise<void>;
  /** How long the history learns before anything is blocked, as it is configured. */
  readonly warmupMs: () => number;
  /** Undefined where nothing happens, because gluewall does not run. */
  readonly tap: EventTap<VerdictEvent> | undefined;
  /** Left out where nobody sends, because gluewall does not run. */
  readonly clients?: ClientSource;
  readonly packs: PackParts['packs'];
  /** Left out where there is none to ask. */
  readonly queryLog?: AskedLog | undefined;
  /** Left out where there is none. */
  readonly node?: NodeOperations | undefined;
  /** Left out where there is none. */
  readonly rpz?: RpzParts['rpz'];
  /** Left out where there are none to ask about. */
  readonly findings?: FindingBook | undefined;
  /** Left out where there are none to ask. */
  readonly accounts?: AccountBook | undefined;
  /** Where browsers reach the console; left out, or gives undefined, where none runs. */
  readonly consoleUrl?: () => string | undefined;
  /** Left out where nobody looks at what hosts do. */
  readonly behaviour?: BehaviourQuestions | undefined;
  /** Whether a host that our own node named is one of the inside, by its own address. */
  readonly isOwnHost?: (address: Address) => boolean;
  readonly endWarmup: () => void;
  /** Undefined where there is nothing to reload, because gluewall does not run. */
  readonly reload: ((isTrial: boolean) => Promise<ReloadView>) | undefined;
  readonly status: () => StatusView;
}

/** An event is kept and told to followers within this time of what it tells of. */
const MAX_EVENT_DELAY_MS = 10_000;
/** Kept events that a follower may be told of once more; more than can wait for one. */
const MAX_SHOWN = 32_768;

export function createServices(parts: ServiceParts): Services {
  const { history, clock } = parts;
  const rules = ruleServices(parts);
  const traceback = tracebackServices(nodeOf(parts));
  return {
    ...rules,
    ...bypassServices(parts),
    ...quarantineServices(parts),
    ...rpzServices({ rpz: parts.rpz, isRunning: parts.tap !== undefined }),
    ...packServices({ clock, packs: parts.packs, rules: () => rules.ruleList() }),
    log: logServices(parts.queryLog),
    traceback,
    findings: findingServices(parts.findings, traceback),
    behaviour: behaviourServices(parts),
    inbox: inboxServices(parts),
    accounts: accountServices(parts.accounts, parts.consoleUrl),
    pages: pageServices(parts),
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
    async reload(isTrial) {
      if (parts.reload !== undefined) return parts.reload(isTrial);
      throw new GluewallError(
        'not-running',
        'no gluewall answers, so none reloads: name its file with --config, or its socket with --socket',
      );
    },
    events: (query, follow) => findEvents(query, follow, parts),
    rollout: (query) => reportRollout(query, parts),
    clients(target) {
      if (parts.clients !== undefined) return findClients(parts.clients, target);
      throw new GluewallError(
        'not-running',
        'who sends is only known while gluewall runs: start it with `gluewall run`',
      );
    },
  };
}

function nodeOf({ node, findings, isOwnHost = () => false }: ServiceParts): NodeOperations | undefined {
  return node && findings ? withCaseEvidence(node, { findings, isOwnHost }) : node;
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
        const record = isWantedEvent(event, query) ? eveRecord(event) : undefined;
        if (record !== undefined && !shown.has(JSON.stringify(record))) yield record;
      }
      shown.clear();
    }
  } finally {
    end.abort();
  }
}
