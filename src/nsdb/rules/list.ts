import { aboveQuestion } from './above-question.ts';
import { classIn } from './class-in.ts';
import type { ExchangeFacts, OwnerFacts } from './facts.ts';
import { knownResponder } from './known-responder.ts';
import { matchedQuery } from './matched-query.ts';
import { type AddressFacts, outsideAddress, possibleAddress } from './name-server-address.ts';
import { ownLink } from './own-link.ts';
import { parentsOnly } from './parents-only.ts';
import { responseCode } from './response-code.ts';
import type { Rule } from './rule.ts';
import { servedZone } from './served-zone.ts';
import { trustedClient } from './trusted-client.ts';
import { wholeResponse } from './whole-response.ts';

/** Asked of queries, too: what they refuse opens no pending query. */
export const CLIENT_RULES: readonly Rule<ExchangeFacts>[] = [trustedClient, ownLink];

export const RESPONSE_RULES: readonly Rule<ExchangeFacts>[] = [matchedQuery, responseCode, classIn, wholeResponse];

export const OWNER_RULES: readonly Rule<OwnerFacts>[] = [aboveQuestion];

/** What these refuse is taken in mode `matched` all the same, unverified: the paper asks nothing of the responder. */
export const RESPONDER_RULES: readonly Rule<OwnerFacts>[] = [servedZone, knownResponder, parentsOnly];

export const ADDRESS_RULES: readonly Rule<AddressFacts>[] = [possibleAddress, outsideAddress];

/** Rules that refuse nothing but lower or limit what is taken; each can be switched off as the others can. */
export const OTHER_RULES = {
  /** Glue of a name server that the responder has no say about is unverified, in mode `chain` refused. */
  relatedGlue: 'related-glue',
  /** NS records on positive answers rank below referrals. */
  positiveAnswer: 'positive-answer',
  /** What others than the parent say never prolongs a delegation. */
  parentBound: 'parent-bound',
  /** An address answer joins an NS record for as long as that holds, not for `glue.wait` alone. */
  lateAddress: 'late-address',
} as const;

export const RULE_NAMES: readonly string[] = [
  ...[...CLIENT_RULES, ...RESPONSE_RULES].map(({ name }) => name),
  ...[...OWNER_RULES, ...RESPONDER_RULES].map(({ name }) => name),
  ...ADDRESS_RULES.map(({ name }) => name),
  ...Object.values(OTHER_RULES),
];
