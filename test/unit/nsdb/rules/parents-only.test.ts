import { expect, it } from 'vitest';
import { parentsOnly } from '../../../../src/nsdb/rules/parents-only.ts';
import { ownerFacts } from '../../../support/rule-facts.ts';

it.each([
  ['a TLD by its parent', { responder: 'parent', isTop: true }, false],
  ['a TLD by itself', { responder: 'itself', isTop: true }, true],
  ['a TLD by a stranger', { responder: 'unknown', isTop: true }, true],
  ['the root by itself', { responder: 'itself', isTop: true, isRoot: true }, false],
  ['the root by a stranger', { responder: 'unknown', isTop: true, isRoot: true }, true],
  ['the root by a server below', { responder: 'child', isTop: true, isRoot: true }, true],
  ['another zone by itself', { responder: 'itself', isTop: false }, false],
  ['another zone by a stranger', { responder: 'unknown', isTop: false }, false],
] as const)('parents-only: %s', (_case, facts, isRefused) => {
  expect(parentsOnly.refuses(ownerFacts(facts))).toBe(isRefused);
});
