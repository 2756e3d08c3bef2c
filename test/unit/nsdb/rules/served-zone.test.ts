import { expect, it } from 'vitest';
import { servedZone } from '../../../../src/nsdb/rules/served-zone.ts';
import { ownerFacts } from '../../../support/rule-facts.ts';

it.each([
  ['parent', false],
  ['itself', false],
  ['child', true],
  ['unknown', false],
] as const)('served-zone: responder %s: refused %s', (responder, isRefused) => {
  expect(servedZone.refuses(ownerFacts({ responder }))).toBe(isRefused);
});
