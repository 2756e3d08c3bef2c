import type { Rule } from './rule.ts';

/** The steps in which rules are asked; the first in which one holds decides. Behind them comes the history. */
export const RULE_STEPS = ['deny', 'allow', 'deny packs'] as const;
export type RuleStep = (typeof RULE_STEPS)[number];

/** A rule that refuses what is on a pack comes behind the rules that allow, so that an exception can be made. */
export function stepOf({ action, match }: Pick<Rule, 'action' | 'match'>): RuleStep {
  if (action === 'allow') return 'allow';
  return match.to?.kind === 'pack' ? 'deny packs' : 'deny';
}

/** Whether the first is asked in an earlier step than the other; negative, zero or positive as of numbers. */
export function compareSteps(one: Pick<Rule, 'action' | 'match'>, other: Pick<Rule, 'action' | 'match'>): number {
  return RULE_STEPS.indexOf(stepOf(one)) - RULE_STEPS.indexOf(stepOf(other));
}
