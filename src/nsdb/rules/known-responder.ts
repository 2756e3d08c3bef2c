import type { OwnerFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/**
 * A responder that is not known to serve anything above the question teaches nothing in mode `chain`, and in mode `resolvers`
 * only at or below a registrable domain: a resolver's cache may be older than our capture.
 */
export const knownResponder: Rule<OwnerFacts> = {
  name: 'known-responder',
  refusal: 'responder is not known',
  refuses: ({ mode, responder, isTop }) => responder === 'unknown' && (mode === 'chain' || isTop),
};
