import { describe, expect, it } from 'vitest';
import {
  type Allow,
  BLOCK_REASONS,
  type Block,
  describeVerdict,
  FIELD,
  mayYetBeLearned,
  SCOPE_FIELDS,
  scopeFields,
  type Verdict,
} from '../../../src/policy/verdict.ts';
import { addressOf } from '../../support/observations.ts';
import { ruleOf } from '../../support/policies.ts';

const NEVER = Number.POSITIVE_INFINITY;
const by = { rule: ruleOf('allow', {}, { id: '4711', reason: 'branch office' }), hits: 0, lastHitAtMs: undefined };
const allow = (reason: Allow['reason'], fields: Partial<Allow> = {}): Allow => ({
  kind: 'allow',
  reason,
  untilMs: NEVER,
  reads: FIELD.destination,
  by: undefined,
  alarm: undefined,
  ...fields,
});
const block = (reason: Block['reason'], fields: Partial<Block> = {}): Block => ({
  kind: 'block',
  reason,
  reads: FIELD.destination,
  by: undefined,
  ...fields,
});

describe('describeVerdict', () => {
  it.each<[string, string, Verdict, boolean]>([
    ['192.0.2.53 is registered glueA record and pass', '192.0.2.53', allow('history'), true],
    ['192.0.2.53 is registered glueA record and pass', '192.0.2.53', allow('history'), false],
    ['192.0.2.53 is registered glueA record that has expired and pass', '192.0.2.53', allow('stale'), true],
    ['2001:db8::53 is registered glueAAAA record and pass', '2001:db8::53', allow('history'), true],
    ['198.51.100.1 is a root server and pass', '198.51.100.1', allow('rootHints'), true],
    ['198.51.100.2 is a seeded address and pass', '198.51.100.2', allow('seed'), true],
    ['198.51.100.3 is allowed by rule 4711 (branch office) and pass', '198.51.100.3', allow('allowRule', { by }), true],
    [
      '192.0.2.53 is registered glueA record and pass, but is asked to recurse and is no known resolver',
      '192.0.2.53',
      allow('history', { alarm: 'recursionDesired' }),
      true,
    ],
    ['203.0.113.8 is unknown and block', '203.0.113.8', block('unknown'), true],
    ['203.0.113.8 is unknown and would block', '203.0.113.8', block('unknown'), false],
    ['2001:db8::8 is unknown and block', '2001:db8::8', block('unknown'), true],
    ['203.0.113.8 is denied by rule 4711 (branch office) and block', '203.0.113.8', block('denyRule', { by }), true],
    ['203.0.113.8 is known, but not for this name, and would block', '203.0.113.8', block('notServed'), false],
  ])('%s', (sentence, address, verdict, enforced) => {
    expect(describeVerdict(addressOf(address), verdict, enforced)).toBe(sentence);
  });
});

it('a lesson may turn what the history lacks, and nothing else', () => {
  expect(BLOCK_REASONS.filter((reason) => mayYetBeLearned(block(reason)))).toEqual(['unknown', 'notServed']);
  expect(mayYetBeLearned(allow('history'))).toBe(false);
});

it('fields and their bits say the same', () => {
  expect(scopeFields(0)).toEqual([]);
  expect(scopeFields(2 ** SCOPE_FIELDS.length - 1)).toEqual(SCOPE_FIELDS);
  for (const field of SCOPE_FIELDS) expect(scopeFields(FIELD[field])).toEqual([field]);
});
