import { expect, it } from 'vitest';
import { knownResponder } from '../../../../src/nsdb/rules/known-responder.ts';
import { ownerFacts } from '../../../support/rule-facts.ts';

it.each([
  ['resolvers', 'unknown', false, false],
  ['resolvers', 'unknown', true, true],
  ['chain', 'unknown', false, true],
  ['chain', 'unknown', true, true],
  ['matched', 'unknown', false, false],
  ['resolvers', 'parent', true, false],
  ['chain', 'parent', false, false],
  ['chain', 'itself', false, false],
] as const)(
  'known-responder: mode %s, responder %s, public suffix %s: refused %s',
  (mode, responder, isTop, refused) => {
    expect(knownResponder.refuses(ownerFacts({ mode, responder, isTop }))).toBe(refused);
  },
);
