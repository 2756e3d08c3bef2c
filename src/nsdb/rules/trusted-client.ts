import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** In mode `resolvers` nobody else's exchanges count; they may not even fill the table of pending queries. */
export const trustedClient: Rule<ExchangeFacts> = {
  name: 'trusted-client',
  refusal: 'client is no trusted resolver',
  refuses: ({ mode, isTrustedClient }) => mode === 'resolvers' && !isTrustedClient,
};
