import { expect, it } from 'vitest';
import { TRUSTS } from '../../../../src/nsdb/ns-triple.ts';
import { sightingTrust } from '../../../../src/nsdb/rules/sighting-trust.ts';

const REFERRAL = {
  responder: 'parent',
  responderTrust: TRUSTS.indexOf('referral'),
  isAuthoritative: false,
  isAnswer: false,
  hasAnswers: false,
} as const;

it.each([
  ['referral', 'a referral', {}],
  ['referral', 'a referral with AA set', { isAuthoritative: true }],
  ['incidental', 'records beside a positive answer', { hasAnswers: true, isAuthoritative: true }],
  ['incidental', 'records of the zone itself in the authority section', { responder: 'itself' }],
  ['authoritative', 'the answer', { isAnswer: true, hasAnswers: true, isAuthoritative: true, responder: 'itself' }],
  [
    'authoritative',
    'the answer of a server of both zones',
    { isAnswer: true, hasAnswers: true, isAuthoritative: true },
  ],
  ['incidental', 'an answer without AA', { isAnswer: true, hasAnswers: true, responder: 'itself' }],
  ['unverified', 'a referral by a server that is known from a stranger', { responderTrust: 0 }],
  [
    'incidental',
    'the answer of a server that is known from a positive answer',
    { responder: 'itself', isAnswer: true, isAuthoritative: true, responderTrust: 1 },
  ],
  ['unverified', 'a stranger', { responder: 'unknown' }],
  ['unverified', 'a stranger that sets AA', { responder: 'unknown', isAnswer: true, isAuthoritative: true }],
  ['unverified', 'a server of zones below', { responder: 'child', isAnswer: true, isAuthoritative: true }],
] as const)('%s: %s', (trust, _case, facts) => {
  expect(TRUSTS[sightingTrust({ ...REFERRAL, ...facts })]).toBe(trust);
});
