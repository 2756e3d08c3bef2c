import type { OwnerFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** A server speaks for what lies at or below the closest zone it is known to serve: upward referrals teach nothing. */
export const servedZone: Rule<OwnerFacts> = {
  name: 'served-zone',
  refusal: 'owner is above what the responder serves',
  refuses: ({ responder }) => responder === 'child',
};
