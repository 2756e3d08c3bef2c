import type { VerdictEvent } from '../events/verdict-event.ts';
import type { BlockReason } from '../policy/verdict.ts';
import type { Severity } from './entry.ts';

/** What the severity of an event stands on. */
export type WeighedEvent = Pick<VerdictEvent, 'verdict' | 'reason' | 'hint'> & {
  readonly recursionDesired: boolean | undefined;
};

/** Of what was never in the history, and of what was denied, each reason weighs as much as it does alone. */
const BY_REASON: Readonly<Record<BlockReason, Severity>> = {
  denyRule: 'high',
  denyPack: 'high',
  unknown: 'medium',
  notServed: 'medium',
  recursionDesired: 'medium',
  unreadable: 'medium',
  tooYoung: 'low',
  tooFewZones: 'low',
  tooFewTeachers: 'low',
};

/**
 * How bad a blocked query is; undefined for an allowed one. High is what was denied, and what asks an unknown server to
 * recurse: that is how hosts use resolvers of others. Low is what is known, but not well enough, or was known and has expired.
 */
export function severityOf({ verdict, reason, hint, recursionDesired }: WeighedEvent): Severity | undefined {
  if (verdict === 'allow') return undefined;
  if (reason === 'unknown' && hint !== undefined) return 'low';
  if (reason === 'unknown' && recursionDesired === true) return 'high';
  return BY_REASON[reason as BlockReason];
}
