import { TRUST } from '../row-state.ts';
import type { TrustFacts } from './facts.ts';

/**
 * How far a sighting of NS records is trusted (RFC 2181 §5.4.1), as a place in TRUSTS. Records that ride on an answer to another
 * question rank below a referral: resolvers have been poisoned by them (CVE-2025-40778).
 */
export function sightingTrust(facts: TrustFacts): number {
  const { responder, responderTrust } = facts;
  if (responder === 'unknown' || responder === 'child') return TRUST.UNVERIFIED;
  const trust = recordTrust(facts);
  // Who is known from a referral is known well enough; who is known from less cannot vouch for more.
  return responderTrust >= TRUST.REFERRAL ? trust : Math.min(trust, responderTrust);
}

function recordTrust({ responder, isAuthoritative, isAnswer, hasAnswers }: TrustFacts): number {
  if (isAnswer) return isAuthoritative ? TRUST.AUTHORITATIVE : TRUST.INCIDENTAL;
  return hasAnswers || responder === 'itself' ? TRUST.INCIDENTAL : TRUST.REFERRAL;
}
