/** Steps and outcomes of traceback cases, in words. */
import type { Case, CaseStep, Outcome } from '../../../../src/traceback/cases/case.ts';
import type { BadgeKind } from '../../parts/badge.tsx';

/** How a case ended; no full stop. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  'not spoofed': 'The source is not made up: it asked for the name itself',
  'not confirmed': 'It could not be confirmed that the source is made up',
  'hosts named': 'Hosts are named',
  'no host named': 'No host could be named',
  cancelled: 'It was cancelled',
  late: 'It took too long',
  failed: 'It failed',
  interrupted: 'It was interrupted',
};

const STEP_WORDS: Readonly<Record<CaseStep, string>> = {
  opened: 'opened',
  confirm: 'is the source made up?',
  traceback: 'who asked for the name?',
  'command-and-control': 'what else did they ask for?',
  ended: 'ended',
};

/** What is asked at a step. */
export function stepWords(step: CaseStep): string {
  return STEP_WORDS[step];
}

const OUTCOME_BADGES: Readonly<Record<Outcome, BadgeKind>> = {
  'not spoofed': 'high',
  'hosts named': 'high',
  'not confirmed': 'neutral',
  'no host named': 'neutral',
  cancelled: 'neutral',
  late: 'warning',
  failed: 'bad',
  interrupted: 'warning',
};

/** The state of a case in a word, and the badge for it. */
export function caseState({ outcome, state }: Pick<Case, 'outcome' | 'state'>): { kind: BadgeKind; text: string } {
  if (outcome === undefined) return { kind: 'open', text: 'at work' };
  return { kind: OUTCOME_BADGES[outcome], text: state === 'closed' ? `${outcome}, closed` : outcome };
}
