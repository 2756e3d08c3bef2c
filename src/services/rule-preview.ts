/** What a rule would have done to the queries that are on record, before it is added. */
import type { TimeSource } from '../core/clock.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { InboxStore, KeptEvent, RowPlace } from '../inbox/inbox-store.ts';
import { Policy, type PolicyHistory } from '../policy/policy.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { Rule, RuleAction, RuleMatch } from '../policy/rule.ts';
import { queryOfEvent } from './event-query.ts';
import { type EventRow, viewEventRow } from './event-row-view.ts';
import { formatInstant } from './instant.ts';

export interface RulePreviewView {
  /** Blocked events that it would have let pass, or allowed ones that it would have stopped. */
  readonly events: number;
  /** True when there was no time, or no room, to look at all that is kept. */
  readonly more: boolean;
  /** How many events were looked at, and how far back they go. */
  readonly looked: number;
  readonly since: string | null;
  /** The newest of them. */
  readonly samples: readonly EventRow[];
}

export interface RulePreviewParts {
  readonly clock: TimeSource;
  readonly history: PolicyHistory;
  readonly policies: PolicyBook;
  readonly store: Pick<InboxStore, 'findKeptEvents'>;
}

const MAX_LOOKED = 100_000;
const MAX_PREVIEW_MS = 250;
const MAX_SAMPLES = 20;
const PORTION_EVENTS = 1000;

/**
 * Looks at kept events, the newest first, MAX_LOOKED of them at most and for MAX_PREVIEW_MS: which of them the policy of now
 * decides otherwise once it has the rule. What the history has learned since then is no work of the rule, and not counted.
 */
export async function previewRule(
  { action, match }: { readonly action: RuleAction; readonly match: RuleMatch },
  parts: RulePreviewParts,
): Promise<RulePreviewView> {
  const { clock, store } = parts;
  const untilMs = clock.nowMs() + MAX_PREVIEW_MS;
  const isTurned = turnedBy({ action, match }, parts);
  const search = { terms: [verdictTerm(action)], sinceMs: undefined, untilMs: undefined };
  const samples: KeptEvent[] = [];
  let [events, looked, oldestAtMs] = [0, 0, Number.POSITIVE_INFINITY];
  let before: RowPlace | undefined;
  let more = false;
  for (;;) {
    const page = await store.findKeptEvents({ search, before, limit: PORTION_EVENTS });
    for (const row of page.rows) {
      looked++;
      oldestAtMs = Math.min(oldestAtMs, row.event.atMs);
      if (!isTurned(row.event)) continue;
      events++;
      if (samples.length < MAX_SAMPLES) samples.push(row);
    }
    before = page.next;
    if (before === undefined) break;
    more = looked >= MAX_LOOKED || clock.nowMs() >= untilMs;
    if (more) break;
  }
  return { events, more, looked, since: formatInstant(oldestAtMs), samples: samples.map(viewEventRow) };
}

/** Those that the rule could turn at all. */
function verdictTerm(action: RuleAction) {
  const anyOf = action === 'allow' ? (['block', 'would block'] as const) : (['allow'] as const);
  return { isNegated: false, field: 'verdict', anyOf } as const;
}

/** Whether the verdict on an event, with the rule, is another than it was, and than it would be now without the rule. */
function turnedBy(
  wanted: { readonly action: RuleAction; readonly match: RuleMatch },
  { clock, history, policies }: RulePreviewParts,
): (event: VerdictEvent) => boolean {
  const nowMs = clock.nowMs();
  const { current, groups, packs } = policies;
  const rule: Rule = {
    ...wanted,
    id: '',
    origin: 'command',
    reason: '',
    owner: '',
    createdAtMs: nowMs,
    expiresAtMs: Number.POSITIVE_INFINITY,
  };
  const states = [...policies.rules.all(), { rule, hits: 0, lastHitAtMs: undefined }];
  const changed = new Policy(states, groups, history, packs, nowMs);
  return (event) => {
    const query = queryOfEvent(event, policies);
    const verdict = changed.decide(query, nowMs);
    if (verdict.kind === event.verdict) return false;
    return verdict.by?.rule === rule || current.decide(query, nowMs).kind !== verdict.kind;
  };
}
