import { expect, it } from 'vitest';
import { trustedClient } from '../../../../src/nsdb/rules/trusted-client.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it.each([
  ['resolvers', true, false],
  ['resolvers', false, true],
  ['chain', false, false],
  ['matched', false, false],
] as const)('trusted-client: mode %s, trusted %s: refused %s', (mode, isTrustedClient, isRefused) => {
  expect(trustedClient.refuses(exchangeFacts({ mode, isTrustedClient }))).toBe(isRefused);
});
