import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** What a truncated response holds is not to be relied on (RFC 2181 §9). */
export const wholeResponse: Rule<ExchangeFacts> = {
  name: 'whole-response',
  refusal: 'response is truncated',
  refuses: ({ isTruncated }) => isTruncated,
};
