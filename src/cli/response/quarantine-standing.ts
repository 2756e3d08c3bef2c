/** What a finding itself says of the quarantines that rules began for it: so it is known after a restart, too. */
import type { Quarantine } from '../../controller/quarantine-flows.ts';
import type { Finding } from '../../findings/finding.ts';

/** What became last of the host of a finding. */
export interface Standing {
  readonly scope: Quarantine['scope'];
  readonly untilMs: number;
  /** Of the finding when it was begun. */
  readonly score: number;
}

const WHAT = { dns: 'its DNS', all: 'all it sends' } as const;
const BEGUN = /^in quarantine \((its DNS|all it sends)\) until (\S{1,32}) by rule \d{1,3}, at score ([\d.]{1,10})$/;
/** The words of what a finding says when a person has ended its quarantine. */
export const ENDED_EARLY = 'quarantine ended before its time: no rule begins one for this finding again';

/** The words that `standingOf` reads. */
export function describeStanding({ scope, untilMs, score }: Standing, ruleNumber: number): string {
  const until = new Date(untilMs).toISOString();
  return `in quarantine (${WHAT[scope]}) until ${until} by rule ${ruleNumber}, at score ${score.toFixed(4)}`;
}

/**
 * The last quarantine that a rule began for a finding since it was opened, or opened again; `ended` when a person has ended
 * one since then; undefined when neither.
 */
export function standingOf({ changes }: Pick<Finding, 'changes'>): Standing | 'ended' | undefined {
  for (const { text } of changes.toReversed()) {
    if (text === ENDED_EARLY) return 'ended';
    if (text.startsWith('reopened')) return undefined;
    const begun = BEGUN.exec(text);
    if (begun !== null) {
      const [, what, until, score] = begun;
      return { scope: what === WHAT.dns ? 'dns' : 'all', untilMs: Date.parse(until!), score: Number(score) };
    }
  }
  return undefined;
}
