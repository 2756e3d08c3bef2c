import { RCODE } from '../../dns/registry.ts';
import type { ExchangeFacts } from './facts.ts';
import type { Rule } from './rule.ts';

/** NS records of failures are about something else (RFC 2308 §2). */
export const responseCode: Rule<ExchangeFacts> = {
  name: 'response-code',
  refusal: 'response code is not NOERROR',
  refuses: ({ rcode }) => rcode !== RCODE.NOERROR,
};
