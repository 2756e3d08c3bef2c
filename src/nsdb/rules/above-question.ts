import type { OwnerFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** A delegation on the way to the question's name is of that name or of an ancestor; any other came unasked. */
export const aboveQuestion: Rule<OwnerFacts> = {
  name: 'above-question',
  refusal: 'owner is not above the query name',
  refuses: ({ isAboveQuestion }) => !isAboveQuestion,
};
