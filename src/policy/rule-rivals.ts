import type { Rule } from './rule.ts';
import { compareSteps } from './rule-step.ts';
import { composeMatch, type WrittenMatch } from './rule-text.ts';
import { type FindPack, outdoes } from './rule-warnings.ts';

type Decision = Pick<Rule, 'action' | 'match' | 'expiresAtMs'>;

/** A rule that never decides, and the one that does in its place; places in the list of rules. */
export interface Rivalry {
  readonly index: number;
  readonly rival: number;
}

/** Pairs of rules that are compared. Beyond it nothing is said of the rest. */
const MAX_COMPARED = 2_000_000;

/** Rules of a list, in the order in which they are asked, that another one leaves nothing to decide as long as they last. */
export function findRivals(rules: readonly Decision[], packs: FindPack): readonly Rivalry[] {
  /** By the one destination and the one client that they are about, or all: only equal ones can be rivals of each other. */
  const narrow = new Map<string, number[]>();
  /** About many of either: they can be rivals of any. */
  const wide: number[] = [];
  for (const [index, { match }] of rules.entries()) {
    if (WIDE.has(match.to?.kind) || WIDE.has(match.from?.kind)) wide.push(index);
    else push(narrow, keyOf(composeMatch(match)), index);
  }
  const found: Rivalry[] = [];
  let compared = 0;
  for (const [index, rule] of rules.entries()) {
    const { to, from } = composeMatch(rule.match);
    const keys = new Set([keyOf({ to, from }), keyOf({ to }), keyOf({ from }), keyOf({})]);
    const rivals = [...[...keys].flatMap((key) => narrow.get(key) ?? []), ...wide];
    compared += rivals.length;
    if (compared > MAX_COMPARED) break;
    const rival = rivals.find((other) => isBefore(rules, other, index) && outdoes(rules[other]!, rule, packs));
    if (rival !== undefined) found.push({ index, rival });
  }
  return found;
}

const WIDE: ReadonlySet<string | undefined> = new Set(['network', 'pack']);

function keyOf({ to = '', from = '' }: Pick<WrittenMatch, 'to' | 'from'>): string {
  return `${to} ${from}`;
}

/** Whether the other one is asked first, for as long as there is this one. */
function isBefore(rules: readonly Decision[], other: number, index: number): boolean {
  if (rules[other]!.expiresAtMs < rules[index]!.expiresAtMs) return false;
  const order = compareSteps(rules[other]!, rules[index]!);
  return order < 0 || (order === 0 && other < index);
}

function push(lists: Map<string, number[]>, key: string, index: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [index]);
  else list.push(index);
}
