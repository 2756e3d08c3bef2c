import { expect, it } from 'vitest';
import { aboveQuestion } from '../../../../src/nsdb/rules/above-question.ts';
import { ownerFacts } from '../../../support/rule-facts.ts';

it('above-question refuses an owner that is not on the way to the name in question', () => {
  expect(aboveQuestion.refuses(ownerFacts({ isAboveQuestion: true }))).toBe(false);
  expect(aboveQuestion.refuses(ownerFacts({ isAboveQuestion: false }))).toBe(true);
});
