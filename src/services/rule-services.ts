/** What people ask about rules. */
import { createHash, randomBytes } from 'node:crypto';
import type { Address } from '../core/address.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
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
  /** Another one once anything of the rule is another; hits are nothing of it. */
  readonly version: string;
}

export interface RuleChangeView {
  /** `present`: there was such a rule already, and it was not to be renewed. */
  readonly outcome: 'added' | 'renewed' | 'changed' | 'present' | 'full' | 'removed' | 'absent' | 'configured';
  /** The rule that it is about; undefined when there is none. */
  readonly rule?: RuleView;
  /** False when the store could not keep the change: it lasts until gluewall stops. */
  readonly kept: boolean;
  /** What whoever added it should know: that it cannot win, or what it costs. */
  readonly warnings: readonly string[];
}

/** What a command says of a rule. */
export type WantedRule = Pick<Rule, 'action' | 'match' | 'reason' | 'owner' | 'expiresAtMs'>;

/** What is to be another; what is undefined stays. */
export interface RuleAlteration {
  readonly reason?: string | undefined;
  /** Null: it does not expire any more. */
  readonly expiresAtMs?: number | null | undefined;
  /** Only while the rule has this version: else GluewallError `rule-changed`. */
  readonly ifVersion?: string | undefined;
}

export interface RuleServices {
  /** `renews` (left out: true): takes the place of one that decides the same about the same; else that one stays as it is. */
  ruleAdd(wanted: WantedRule, renews?: boolean): Promise<RuleChangeView>;
  /** Throws GluewallError `rule-unknown`. */
  ruleShow(id: string): RuleView;
  ruleChange(id: string, alteration: RuleAlteration): Promise<RuleChangeView>;
  ruleRemove(id: string, ifVersion?: string | undefined): Promise<RuleChangeView>;
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

const VERSION_CHARACTERS = 16;

export function ruleServices({ clock, policies, store, trustedResolvers }: RuleParts): RuleServices {
  const { rules } = policies;
  const remove = async (id: string): Promise<RuleChangeView> => {
    const state = rules.get(id);
    const outcome = rules.remove(id);
    const kept = outcome !== 'removed' || (await isDone(store.deleteRule(id)));
    return { outcome, ...(state === undefined ? {} : { rule: viewRule(state) }), kept, warnings: [] };
  };
  return {
    async ruleAdd(wanted, renews = true) {
      const held = renews ? undefined : rules.find(wanted.action, wanted.match);
      if (held?.rule.origin === 'command')
        return { outcome: 'present', rule: viewRule(held), kept: true, warnings: [] };
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
    ruleShow(id) {
      const state = rules.get(id);
      if (state !== undefined) return viewRule(state);
      throw new GluewallError('rule-unknown', `there is no rule ${id}: \`gluewall rule list\` has those there are`);
    },
    async ruleChange(id, { reason, expiresAtMs, ifVersion }) {
      const state = rules.get(id);
      if (state === undefined) return { outcome: 'absent', kept: true, warnings: [] };
      mustBe(state, ifVersion);
      if (state.rule.origin === 'configuration')
        return { outcome: 'configured', rule: viewRule(state), kept: true, warnings: [] };
      const rule: Rule = {
        ...state.rule,
        reason: reason ?? state.rule.reason,
        expiresAtMs: expiresAtMs === undefined ? state.rule.expiresAtMs : (expiresAtMs ?? Number.POSITIVE_INFINITY),
      };
      rules.restore(rule);
      const kept = await isDone(store.saveRule(rule));
      return { outcome: 'changed', rule: viewRule({ ...state, rule }), kept, warnings: [] };
    },
    async ruleRemove(id, ifVersion) {
      const state = rules.get(id);
      if (state !== undefined) mustBe(state, ifVersion);
      return remove(id);
    },
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

function mustBe(state: RuleState, version: string | undefined): void {
  const { id } = state.rule;
  if (version === undefined || versionOf(state.rule) === version) return;
  throw new GluewallError('rule-changed', `rule ${id} was changed meanwhile: look at it again before you change it`);
}

/** Made of its words, so that it is the same after a restart. */
function versionOf({ id, action, match, origin, reason, owner, createdAtMs, expiresAtMs }: Rule): string {
  const since = origin === 'configuration' ? 0 : createdAtMs;
  const words = JSON.stringify([id, action, composeMatch(match), origin, reason, owner, since, String(expiresAtMs)]);
  return createHash('sha256').update(words).digest('hex').slice(0, VERSION_CHARACTERS);
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
    version: versionOf(rule),
  };
}

/** The store logs and counts its failures itself. */
function isDone(saving: Promise<void>): Promise<boolean> {
  return saving.then(
    () => true,
    () => false,
  );
}
