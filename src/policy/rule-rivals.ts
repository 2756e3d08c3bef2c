import type { Rule } from './rule.ts';
import { composeMatch } from './rule-text.ts';
import { type FindPack, outdoes, stepOf } from './rule-warnings.ts';

type Decision = Pick<Rule, 'action' | 'match'>;

/** A rule that never decides, and the one that does in its place; places in the list of rules. */
export interface Rivalry {
  readonly index: number;
  readonly rival: number;
}

/** Pairs of rules that are compared. Beyond it nothing is said of the rest. */
const MAX_COMPARED = 2_000_000;

/** Rules of a list, in the order in which they are asked, that another one leaves nothing to decide. */
export function findRivals(rules: readonly Decision[], packs: FindPack): readonly Rivalry[] {
  /** To one destination each, by that; only those can be rivals of each other, and the wide ones of all. */
  const narrow = new Map<string, number[]>();
  const wide: number[] = [];
  for (const [index, { match }] of rules.entries()) {
    const kind = match.to?.kind;
    if (kind === 'address' || kind === 'name') push(narrow, composeMatch(match).to!, index);
    else wide.push(index);
  }
  const found: Rivalry[] = [];
  let compared = 0;
  for (const [index, rule] of rules.entries()) {
    const rivals = [...(narrow.get(composeMatch(rule.match).to ?? '') ?? []), ...wide];
    compared += rivals.length;
    if (compared > MAX_COMPARED) break;
    const rival = rivals.find((other) => isAskedFirst(rules, other, index) && outdoes(rules[other]!, rule, packs));
    if (rival !== undefined) found.push({ index, rival });
  }
  return found;
}

function isAskedFirst(rules: readonly Decision[], other: number, index: number): boolean {
  const [first, second] = [stepOf(rules[other]!), stepOf(rules[index]!)];
  return first < second || (first === second && other < index);
}

function push(lists: Map<string, number[]>, key: string, index: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [index]);
  else list.push(index);
}
