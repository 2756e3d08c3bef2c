import { expect, it } from 'vitest';
import { ownLink } from '../../../../src/nsdb/rules/own-link.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it('own-link refuses what does not come from where the resolver is bound to', () => {
  expect(ownLink.refuses(exchangeFacts({ isOwnLink: true }))).toBe(false);
  expect(ownLink.refuses(exchangeFacts({ isOwnLink: false }))).toBe(true);
});
