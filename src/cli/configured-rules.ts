import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import type { Rule, RuleAction, RuleMatch } from '../policy/rule.ts';
import { composeMatch } from '../policy/rule-text.ts';

/** The rules of a configuration in the order in which they are asked: `rules`, the addresses of `allow`, a denial of each list. */
export function configuredRules({ rules, allow, lists }: Config, nowMs: number): readonly Rule[] {
  const listed = rules.map(({ action, reason, owner, expires = Number.POSITIVE_INFINITY, ...match }): Rule => {
    const given = Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined)) as RuleMatch;
    return configuredRule(action, given, reason, owner, expires, nowMs);
  });
  const allowed = allow.map((address) => {
    const match: RuleMatch = { to: { kind: 'address', address } };
    return configuredRule('allow', match, 'in the configuration', '', Number.POSITIVE_INFINITY, nowMs);
  });
  const denied = lists.map(({ name }) => {
    const match: RuleMatch = { to: { kind: 'pack', pack: name } };
    return configuredRule('deny', match, `on the list ${name}`, '', Number.POSITIVE_INFINITY, nowMs);
  });
  return [...listed, ...allowed, ...denied];
}

function configuredRule(
  action: RuleAction,
  match: RuleMatch,
  reason: string,
  owner: string,
  expiresAtMs: number,
  nowMs: number,
): Rule {
  const id = `conf-${shortHash(`${action} ${JSON.stringify(composeMatch(match))}`)}`;
  return { id, action, match, origin: 'configuration', reason, owner, createdAtMs: nowMs, expiresAtMs };
}

/** The same rule has the same id after every reload, wherever it stands. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
