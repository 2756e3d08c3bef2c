import { expect, it } from 'vitest';
import { RCODE } from '../../../../src/dns/registry.ts';
import { responseCode } from '../../../../src/nsdb/rules/response-code.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it.each(Object.entries(RCODE))('response-code: %s', (_name, rcode) => {
  expect(responseCode.refuses(exchangeFacts({ rcode }))).toBe(rcode !== RCODE.NOERROR);
});
