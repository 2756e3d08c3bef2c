import type { TimeSource } from '../../src/core/clock.ts';
import type { NsHistory } from '../../src/nsdb/ns-history.ts';
import type { ClientGroup, Strictness } from '../../src/policy/client-group.ts';
import type { Mode } from '../../src/policy/mode.ts';
import { NO_PACKS, type PackSource } from '../../src/policy/pack.ts';
import { PolicyBook } from '../../src/policy/policy-book.ts';
import type { Rule, RuleAction } from '../../src/policy/rule.ts';
import { RuleBook } from '../../src/policy/rule-book.ts';
import { parseClientSelector, parseMatch, type WrittenMatch } from '../../src/policy/rule-text.ts';

/** A rule added by a command that never expires, where `fields` does not say otherwise. Its id says what it is. */
export function ruleOf(action: RuleAction, written: WrittenMatch, fields: Partial<Rule> = {}): Rule {
  const match = parseMatch(written);
  if ('problem' in match) throw new Error(match.problem);
  const id = [action, ...Object.values(written)].join('-');
  const endless = { createdAtMs: 0, expiresAtMs: Number.POSITIVE_INFINITY };
  return { id, action, match, origin: 'command', reason: 'test', owner: 'admin', ...endless, ...fields };
}

export const PAPER_STRICTNESS: Strictness = {
  check: 'address',
  minimumAgeMs: 0,
  minimumZones: 1,
  minimumTeachers: 1,
  recursionDesired: 'ignore',
};

/** A group in enforce, as strict as the paper where `strictness` does not say otherwise. */
export function groupOf(
  id: number,
  name: string,
  clients: readonly string[],
  strictness: Partial<Strictness> = {},
  mode: Mode = 'enforce',
): ClientGroup {
  const selectors = clients.map((text) => parseClientSelector(text));
  return {
    id,
    name,
    clients: selectors as ClientGroup['clients'],
    mode,
    strictness: { ...PAPER_STRICTNESS, ...strictness },
  };
}

export const DEFAULT_GROUP = groupOf(1, 'default', []);

/** Rules on a history; the default group is added behind `groups`, unless they have it. */
export function policiesOn(
  clock: TimeSource,
  history: NsHistory,
  rules: readonly Rule[] = [],
  groups: readonly ClientGroup[] = [],
  packs: PackSource = NO_PACKS,
): PolicyBook {
  const book = new RuleBook(1000);
  book.configure(rules.filter(({ origin }) => origin === 'configuration'));
  for (const rule of rules) if (rule.origin === 'command') book.add(rule);
  const hasDefault = groups.some(({ id }) => id === DEFAULT_GROUP.id);
  return new PolicyBook(clock, history, book, packs, hasDefault ? groups : [...groups, DEFAULT_GROUP]);
}
