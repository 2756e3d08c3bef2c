import type { OwnerFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** The root, TLDs and public suffixes are taught by servers of their parents alone, the root by itself (RFC 9609). */
export const parentsOnly: Rule<OwnerFacts> = {
  name: 'parents-only',
  refusal: 'root, TLD or public suffix not taught by its parent',
  refuses: ({ responder, isTop, isRoot }) => isTop && responder !== 'parent' && !(isRoot && responder === 'itself'),
};
