import { expect, it } from 'vitest';
import { wholeResponse } from '../../../../src/nsdb/rules/whole-response.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it('whole-response refuses a truncated one', () => {
  expect(wholeResponse.refuses(exchangeFacts({ isTruncated: false }))).toBe(false);
  expect(wholeResponse.refuses(exchangeFacts({ isTruncated: true }))).toBe(true);
});
