/** What people ask about rules. */
import { randomBytes } from 'node:crypto';
import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import type { PolicyBook } from '../policy/policy-book.ts';
import type { PolicyStore } from '../policy/policy-store.ts';
import type { Rule, RuleMatch } from '../policy/rule.ts';
import type { RuleState } from '../policy/rule-book.ts';
import { RULE_STEPS, stepOf } from '../policy/rule-step.ts';
import { composeMatch, type WrittenMatch } from '../policy/rule-text.ts';
import { ruleWarnings } from '../policy/rule-warnings.ts';
import { formatInstant } from './instant.ts';
import { inTurns } from './lookup.ts';

export interface RuleView {
  readonly id: string;
  readonly action: Rule['action'];
  readonly match: WrittenMatch;
  readonly origin: Rule['origin'];
  readonly reason: string;
  readonly owner: string;
  /** Null for what the configuration has: since it was read. */
  readonly created: string | null;
  /** Null when it does not expire. */
  readonly expires: string | null;
  /** Verdicts that it decided since the start; a flow that a verdict made is not asked again. */
  readonly hits: number;
  readonly lastHit: string | null;
}

export interface RuleChangeView {
  readonly outcome: 'added' | 'renewed' | 'full' | 'removed' | 'absent' | 'configured';
  /** The rule that it is about; undefined when there is none. */
  readonly rule?: RuleView;
  /** False when the store could not keep the change: it lasts until gluewall stops. */
  readonly kept: boolean;
  /** What whoever added it should know: that it cannot win, or what it costs. */
  readonly warnings: readonly string[];
}

/** What a command says of a rule. */
export type WantedRule = Pick<Rule, 'action' | 'match' | 'reason' | 'owner' | 'expiresAtMs'>;

export interface RuleServices {
  ruleAdd(wanted: WantedRule): Promise<RuleChangeView>;
  ruleRemove(id: string): Promise<RuleChangeView>;
  /** Removes the allow rule with exactly this match. */
  allowRemove(match: RuleMatch): Promise<RuleChangeView>;
  /** In the order in which they are asked; all of them, or those of one action. */
  ruleList(action?: Rule['action']): AsyncGenerator<RuleView, void>;
}

export interface RuleParts {
  readonly clock: TimeSource;
  readonly policies: PolicyBook;
  readonly store: Pick<PolicyStore, 'saveRule' | 'deleteRule'>;
  readonly trustedResolvers: () => readonly Address[];
}

export function ruleServices({ clock, policies, store, trustedResolvers }: RuleParts): RuleServices {
  const { rules } = policies;
  const remove = async (id: string): Promise<RuleChangeView> => {
    const state = rules.get(id);
    const outcome = rules.remove(id);
    const kept = outcome !== 'removed' || (await isDone(store.deleteRule(id)));
    return { outcome, ...(state === undefined ? {} : { rule: viewRule(state) }), kept, warnings: [] };
  };
  return {
    async ruleAdd(wanted) {
      const given: Rule = { ...wanted, id: newId(policies), origin: 'command', createdAtMs: clock.nowMs() };
      const warnings = ruleWarnings(given, policies, trustedResolvers());
      const { outcome, rule } = rules.add(given);
      const isChanged = outcome === 'added' || outcome === 'renewed';
      // In force first: a disk that is full must not keep an operator from letting traffic through.
      const kept = !isChanged || (await isDone(store.saveRule(rule)));
      return {
        outcome,
        rule: viewRule(rules.get(rule.id) ?? { rule, hits: 0, lastHitAtMs: undefined }),
        kept,
        warnings: isChanged ? warnings : [],
      };
    },
    ruleRemove: (id) => remove(id),
    async allowRemove(match) {
      const id = rules.find('allow', match)?.rule.id;
      return id === undefined ? { outcome: 'absent', kept: true, warnings: [] } : remove(id);
    },
    async *ruleList(action) {
      const states = [...rules.all()].filter(({ rule }) => rule.action === (action ?? rule.action));
      for (const step of RULE_STEPS) {
        const ofStep = states.filter(({ rule }) => stepOf(rule) === step);
        for await (const state of inTurns(ofStep)) yield viewRule(state);
      }
    },
  };
}

/** Short enough to be typed. */
function newId({ rules }: PolicyBook): string {
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (rules.get(id) === undefined) return id;
  }
}

function viewRule({ rule, hits, lastHitAtMs }: RuleState): RuleView {
  const { id, action, match, origin, reason, owner, createdAtMs, expiresAtMs } = rule;
  return {
    id,
    action,
    match: composeMatch(match),
    origin,
    reason,
    owner,
    created: origin === 'configuration' ? null : formatInstant(createdAtMs),
    expires: formatInstant(expiresAtMs),
    hits,
    lastHit: lastHitAtMs === undefined ? null : formatInstant(lastHitAtMs),
  };
}

/** The store logs and counts its failures itself. */
function isDone(saving: Promise<void>): Promise<boolean> {
  return saving.then(
    () => true,
    () => false,
  );
}
