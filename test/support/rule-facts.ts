import type { ExchangeFacts, OwnerFacts } from '../../src/nsdb/rules/facts.ts';

/** Facts of an exchange that no rule refuses. */
export function exchangeFacts(facts: Partial<ExchangeFacts> = {}): ExchangeFacts {
  const flags = { isTrustedClient: true, isOwnLink: true, isMatched: true, isTruncated: false };
  return { mode: 'resolvers', ...flags, rcode: 0, questionClass: 1, ...facts };
}

/** Facts of an owner that no rule refuses. */
export function ownerFacts(facts: Partial<OwnerFacts> = {}): OwnerFacts {
  return { mode: 'resolvers', isAboveQuestion: true, responder: 'parent', isRoot: false, isTop: false, ...facts };
}
