/**
 * `resolvers`: only responses to our trusted resolvers teach. `chain`: the responder must be known to serve a zone above
 * the owner, from the root hints down. `matched`: any matched response teaches, as in Ichise et al.
 */
export type TeachingMode = 'resolvers' | 'chain' | 'matched';

/** What is asked of an exchange as a whole. */
export interface ExchangeFacts {
  mode: TeachingMode;
  /** The client is one of our trusted resolvers. */
  isTrustedClient: boolean;
  /** Its frames carry the MAC and VLAN that the resolver is bound to, or it is bound to none, or no frames are shown. */
  isOwnLink: boolean;
  /** The response answers a query that left. */
  isMatched: boolean;
  rcode: number;
  questionClass: number;
  isTruncated: boolean;
}

/**
 * What the responder is known to be for the owner of an NS record: server of a zone above it, of the owner itself, only of zones
 * below it, or not known at all.
 */
export type Responder = 'parent' | 'itself' | 'child' | 'unknown';

/** What is asked of the owner of an NS record. */
export interface OwnerFacts {
  mode: TeachingMode;
  /** The owner is the question's name or an ancestor of it. */
  isAboveQuestion: boolean;
  responder: Responder;
  /** The owner is the root. */
  isRoot: boolean;
  /** The owner is the root, a TLD or a public suffix. */
  isTop: boolean;
}

/** What is asked of a sighting to know how far to trust it. */
export interface TrustFacts {
  responder: Responder;
  /** How far it is trusted that the responder serves what it is known for; a place in TRUSTS. */
  responderTrust: number;
  isAuthoritative: boolean;
  /** The NS record stands in the answer section: it is what was asked for. */
  isAnswer: boolean;
  /** The answer section holds something. */
  hasAnswers: boolean;
}
