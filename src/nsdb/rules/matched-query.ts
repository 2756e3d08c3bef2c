import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/**
 * A response counts only if it answers a query that left: same addresses, ports, transport, ID and question, the name in its
 * exact letter case, since resolvers use it as a nonce (RFC 5452 §9.1, 0x20).
 */
export const matchedQuery: Rule<ExchangeFacts> = {
  name: 'matched-query',
  refusal: 'response answers no query that left',
  refuses: ({ isMatched }) => !isMatched,
};
