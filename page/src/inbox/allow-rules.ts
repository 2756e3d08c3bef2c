/** Makes allow rules, and takes them back. */
import { counted } from '../../../src/core/words.ts';
import type { WrittenMatch } from '../../../src/policy/rule-text.ts';
import type { RuleChangeView, RuleView } from '../../../src/services/rule-services.ts';
import { send } from '../api/client.ts';
import { toast } from '../parts/toast.ts';

export interface WantedRules {
  readonly matches: readonly WrittenMatch[];
  readonly reason: string;
  /** Undefined: they do not expire. */
  readonly expires: string | undefined;
}

/**
 * Adds a rule for each match, and says so with a way back. A match that has a rule already is given the new reason and the new
 * end. Rejects with ApiProblem at the first rule that is refused; the toast then tells of those before it.
 */
export async function addAllowRules({ matches, reason, expires }: WantedRules): Promise<void> {
  const undos: (() => Promise<unknown>)[] = [];
  const warnings: string[] = [];
  try {
    for (const match of matches) {
      const change = await addOne(match, reason, expires);
      undos.unshift(change.undo);
      warnings.push(...change.view.warnings, ...(change.view.kept ? [] : [NOT_KEPT]));
    }
  } finally {
    if (undos.length > 0) tell(undos, [...new Set(warnings)]);
  }
}

const NOT_KEPT = 'it could not be written to the store, and lasts until gluewall stops';

interface MadeRule {
  readonly view: RuleChangeView;
  readonly undo: () => Promise<unknown>;
}

async function addOne(match: WrittenMatch, reason: string, expires: string | undefined): Promise<MadeRule> {
  const wanted = { action: 'allow', match, reason, ...(expires === undefined ? {} : { expires }), renews: false };
  const view = await send<RuleChangeView>('POST', '/rules', wanted);
  const rule = view.rule!;
  if (view.outcome === 'added') return { view, undo: () => send('DELETE', place(rule), undefined, ifIs(rule)) };
  return renewOne(rule, { reason, expires: expires ?? null });
}

/** There is a rule with this match: it is changed, and taken back to what it was. */
async function renewOne(before: RuleView, to: { reason: string; expires: string | null }): Promise<MadeRule> {
  const view = await send<RuleChangeView>('PATCH', place(before), to, ifIs(before));
  const { reason, expires } = before;
  return { view, undo: () => send('PATCH', place(before), { reason, expires }, ifIs(view.rule!)) };
}

function place({ id }: RuleView): string {
  return `/rules/${encodeURIComponent(id)}`;
}

/** Leaves alone what somebody changed since. */
function ifIs({ version }: RuleView): Readonly<Record<string, string>> {
  return { 'If-Match': `"${version}"` };
}

function tell(undos: readonly (() => Promise<unknown>)[], warnings: readonly string[]): void {
  const done = `${counted(undos.length, 'allow rule')} in force${warnings.length === 0 ? '.' : `; but ${warnings.join('; ')}.`}`;
  toast(done, {
    link: { to: '/rules', text: 'Rules' },
    undo: async () => {
      for (const undo of undos) await undo();
    },
  });
}
