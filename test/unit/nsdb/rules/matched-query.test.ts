import { expect, it } from 'vitest';
import { matchedQuery } from '../../../../src/nsdb/rules/matched-query.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it('matched-query refuses a response to no query', () => {
  expect(matchedQuery.refuses(exchangeFacts({ isMatched: true }))).toBe(false);
  expect(matchedQuery.refuses(exchangeFacts({ isMatched: false }))).toBe(true);
});
