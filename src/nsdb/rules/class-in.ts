import { RECORD_CLASS } from '../../dns/registry.ts';
import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** Other classes have name servers of their own (RFC 1035 §3.2.4). */
export const classIn: Rule<ExchangeFacts> = {
  name: 'class-in',
  refusal: 'question is not of class IN',
  refuses: ({ questionClass }) => questionClass !== RECORD_CLASS.IN,
};
