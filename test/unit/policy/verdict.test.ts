import { describe, expect, it } from 'vitest';
import type { Standing } from '../../../src/nsdb/ns-history.ts';
import { type Allow, type Block, decide, describeVerdict } from '../../../src/policy/verdict.ts';
import { allowEntry } from '../../support/allow-entries.ts';
import { addressOf } from '../../support/observations.ts';

const NEVER = Number.POSITIVE_INFINITY;
const learned: Standing = { origin: 'learned', untilMs: 5000, isStale: false };

describe('decide', () => {
  it('allow-list before history before unknown', () => {
    expect(decide(allowEntry('192.0.2.1', { expiresAtMs: 9000 }), learned)).toEqual({
      kind: 'allow',
      reason: 'allowList',
      untilMs: 9000,
      scope: 'destination',
    });
    expect(decide(allowEntry('192.0.2.1'), undefined)).toMatchObject({ kind: 'allow', reason: 'allowList' });
    expect(decide(undefined, learned)).toEqual({
      kind: 'allow',
      reason: 'history',
      untilMs: 5000,
      scope: 'destination',
    });
    expect(decide(undefined, undefined)).toEqual({ kind: 'block', reason: 'unknown', scope: 'destination' });
  });

  it.each(['rootHints', 'seed'] as const)('names %s as the reason', (origin) => {
    expect(decide(undefined, { origin, untilMs: NEVER, isStale: false })).toMatchObject({
      reason: origin,
      untilMs: NEVER,
    });
  });
});

describe('describeVerdict', () => {
  const allow = (reason: Allow['reason']): Allow => ({ kind: 'allow', reason, untilMs: NEVER, scope: 'destination' });
  const block: Block = { kind: 'block', reason: 'unknown', scope: 'destination' };

  it.each<[string, string, Allow | Block, boolean]>([
    ['192.0.2.53 is registered glueA record and pass', '192.0.2.53', allow('history'), true],
    ['192.0.2.53 is registered glueA record and pass', '192.0.2.53', allow('history'), false],
    ['2001:db8::53 is registered glueAAAA record and pass', '2001:db8::53', allow('history'), true],
    ['198.51.100.1 is a root server and pass', '198.51.100.1', allow('rootHints'), true],
    ['198.51.100.2 is a seeded address and pass', '198.51.100.2', allow('seed'), true],
    ['198.51.100.3 is on the allow-list and pass', '198.51.100.3', allow('allowList'), true],
    ['203.0.113.8 is unknown and block', '203.0.113.8', block, true],
    ['203.0.113.8 is unknown and would block', '203.0.113.8', block, false],
    ['2001:db8::8 is unknown and block', '2001:db8::8', block, true],
  ])('%s', (sentence, address, verdict, enforced) => {
    expect(describeVerdict(addressOf(address), verdict, enforced)).toBe(sentence);
  });
});

it('says of an address in its time of grace that it has expired', () => {
  const verdict = decide(undefined, { ...learned, isStale: true });
  expect(verdict).toEqual({ kind: 'allow', reason: 'stale', untilMs: 5000, scope: 'destination' });
  expect(describeVerdict(addressOf('192.0.2.1'), verdict, true)).toBe(
    '192.0.2.1 is registered glueA record that has expired and pass',
  );
});
