/** Rules for a person, as lines. */
import { type RuleStep, stepOf } from '../policy/rule-step.ts';
import { describeMatch, parseMatch, type WrittenMatch } from '../policy/rule-text.ts';
import type { RuleChangeView, RuleView } from '../services/rule-services.ts';

/** A rule and the line of gluewall.yaml that has it; null for what a command has added, and where that is not known. */
export interface PlacedRule extends RuleView {
  readonly line: number | null;
}

export const STEP_HEADINGS: Readonly<Record<RuleStep, string>> = {
  deny: 'asked first, deny rules:',
  allow: 'asked then, allow rules:',
  'deny packs': 'asked then, deny rules of packs (and after them the history):',
};

/** Of a match that only a later version can read the action tells. */
export function stepOfView({ action, match: written }: Pick<RuleView, 'action' | 'match'>): RuleStep {
  const match = parseMatch(written);
  return 'problem' in match ? action : stepOf({ action, match });
}

export function printRule({ id, action, match, reason, hits, lastHit, expires, ...rest }: PlacedRule): string[] {
  const until = expires === null ? 'for good' : `until ${expires}`;
  const used = lastHit === null ? 'no hits' : `${hits} hits, last ${lastHit}`;
  return [`${id}  ${action} ${describeWritten(match)}  ${reason}  (${printOrigin(rest)}, ${until}, ${used})`];
}

function printOrigin({
  origin,
  line,
  owner,
  created,
}: Pick<PlacedRule, 'origin' | 'line' | 'owner' | 'created'>): string {
  const by = owner === '' ? '' : ` by ${owner}`;
  if (origin === 'command') return `since ${created}${by}`;
  return `in the configuration${line === null ? '' : `, line ${line}`}${by}`;
}

/** What became of a change, and what is to be known of it. */
export function printRuleChange({ outcome, rule, kept, warnings }: RuleChangeView): string[] {
  const what = rule === undefined ? '' : `${rule.action} ${describeWritten(rule.match)}`;
  const until = rule?.expires == null ? '' : ` until ${rule.expires}`;
  const id = rule?.id ?? '';
  const sentences: Record<RuleChangeView['outcome'], string> = {
    added: `in force from now on${until}: ${what} (rule ${id})`,
    renewed: `there was such a rule already; the new one takes its place${until}: ${what} (rule ${id})`,
    changed: `changed, and in force as it is now${until}: ${what} (rule ${id})`,
    present: `there is such a rule already, and it stays as it is${until}: ${what} (rule ${id})`,
    full: `there is no room for more rules: ${what} was not added; remove another first`,
    removed: `no longer in force: ${what} (rule ${id})`,
    absent: 'there is no such rule: see `gluewall rule list`',
    configured: `${what} (rule ${id}) stands in the configuration: change it there and reload`,
  };
  const lost =
    'the store could not keep this: a gluewall that runs has it until it stops; `gluewall doctor` may tell why';
  return [sentences[outcome], ...warnings.map((warning) => `warning: ${warning}`), ...(kept ? [] : [lost])];
}

/** What the store could not keep is done by half. */
export function isChanged({ outcome, kept }: RuleChangeView): boolean {
  return kept && CHANGES.has(outcome);
}

const CHANGES: ReadonlySet<RuleChangeView['outcome']> = new Set(['added', 'renewed', 'changed', 'removed']);

/** As it came over the socket, from a gluewall that may know more than this one. */
function describeWritten(written: WrittenMatch): string {
  const match = parseMatch(written);
  return 'problem' in match ? JSON.stringify(written) : describeMatch(match);
}
