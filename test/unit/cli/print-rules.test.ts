import { expect, it } from 'vitest';
import { isChanged, type PlacedRule, printRule, printRuleChange, stepOfView } from '../../../src/cli/print-rules.ts';
import type { RuleChangeView } from '../../../src/services/rule-services.ts';

const RULE: PlacedRule = {
  id: '1f3a9c04',
  action: 'allow',
  match: { from: '192.0.2.0/24', to: '198.51.100.53', types: ['A', 'TXT'] },
  origin: 'command',
  reason: 'ticket 4711',
  owner: 'jo',
  created: '2026-11-21T01:00:00.000Z',
  expires: null,
  hits: 0,
  lastHit: null,
  version: '0123456789abcdef',
  line: null,
};
const DONE: RuleChangeView = { outcome: 'added', rule: RULE, kept: true, warnings: [] };
const WHAT = 'allow from 192.0.2.0/24 to 198.51.100.53 type A or TXT';

it('shows what a rule is about, who made it, why, until when, and how often it decided', () => {
  expect(printRule(RULE)).toEqual([
    `1f3a9c04  ${WHAT}  ticket 4711  (since 2026-11-21T01:00:00.000Z by jo, for good, no hits)`,
  ]);
  const configured = { origin: 'configuration', created: null, owner: '', line: 12 } as const;
  const used = { hits: 7, lastHit: '2026-11-21T02:00:00.000Z', expires: '2026-12-01T00:00:00.000Z' };
  expect(printRule({ ...RULE, ...configured, ...used })).toEqual([
    `1f3a9c04  ${WHAT}  ticket 4711  (in the configuration, line 12, until 2026-12-01T00:00:00.000Z, 7 hits, last 2026-11-21T02:00:00.000Z)`,
  ]);
  expect(printRule({ ...RULE, ...configured, line: null, owner: 'jo' })[0]).toContain('(in the configuration by jo, ');
});

it('shows a match that it does not understand as it came', () => {
  expect(printRule({ ...RULE, match: { to: 'moon:1' } })[0]).toContain('allow {"to":"moon:1"}  ticket');
});

it.each([
  [{ action: 'deny', match: { to: '192.0.2.1' } }, 'deny'],
  [{ action: 'allow', match: { to: 'pack:x' } }, 'allow'],
  [{ action: 'deny', match: { to: 'pack:x' } }, 'deny packs'],
  [{ action: 'deny', match: { zone: 'a.example' } }, 'deny'],
] as const)('knows when %j is asked: %s', (rule, step) => {
  expect(stepOfView(rule)).toBe(step);
});

it.each<[Partial<RuleChangeView>, RegExp, boolean]>([
  [{}, /^in force from now on: allow from .* \(rule 1f3a9c04\)$/, true],
  [{ rule: { ...RULE, expires: '2026-12-01T00:00:00.000Z' } }, /^in force from now on until 2026-12-01T/, true],
  [{ outcome: 'renewed' }, /^there was such a rule already; the new one takes its place: allow/, true],
  [{ outcome: 'removed' }, /^no longer in force: allow from/, true],
  [{ outcome: 'full' }, /was not added; remove another first$/, false],
  [{ outcome: 'configured' }, /stands in the configuration: change it there and reload$/, false],
])('says what became of %j', (change, sentence, changed) => {
  const view = { ...DONE, ...change };
  expect(printRuleChange(view)).toEqual([expect.stringMatching(sentence)]);
  expect(isChanged(view)).toBe(changed);
});

it('says what to do where there is no such rule', () => {
  const absent: RuleChangeView = { outcome: 'absent', kept: true, warnings: [] };
  expect(printRuleChange(absent)).toEqual(['there is no such rule: see `gluewall rule list`']);
  expect(isChanged(absent)).toBe(false);
});

it('says plainly what is to be known, and that a change is done by half', () => {
  const view = { ...DONE, kept: false, warnings: ['this allow cannot win', 'it costs'] };
  expect(printRuleChange(view).slice(1)).toEqual([
    'warning: this allow cannot win',
    'warning: it costs',
    expect.stringContaining('the store could not keep this'),
  ]);
  expect(isChanged(view)).toBe(false);
});
