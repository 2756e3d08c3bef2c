import { expect, it } from 'vitest';
import { RECORD_CLASS } from '../../../../src/dns/registry.ts';
import { classIn } from '../../../../src/nsdb/rules/class-in.ts';
import { exchangeFacts } from '../../../support/rule-facts.ts';

it.each(Object.entries(RECORD_CLASS))('class-in: %s', (_name, questionClass) => {
  expect(classIn.refuses(exchangeFacts({ questionClass }))).toBe(questionClass !== RECORD_CLASS.IN);
});
