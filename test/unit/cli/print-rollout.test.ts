import { expect, it } from 'vitest';
import { printRolloutRow, printRolloutSummary } from '../../../src/cli/print-rollout.ts';
import type { RolloutRow, RolloutSummary } from '../../../src/services/report-rollout.ts';

const ROW: RolloutRow = {
  client: '192.0.2.10',
  clientName: 'laptop.test',
  group: 'office',
  destination: '203.0.113.8',
  reason: 'unknown',
  count: 12,
  firstSeen: '2026-11-18T00:00:00.000Z',
  lastSeen: '2026-11-20T00:00:00.000Z',
  names: ['a.test', 'b.test'],
  nameServer: { name: 'ns.old.test', zone: 'old.test', expires: '2026-11-19T00:00:00.000Z' },
  command: 'gluewall allow add 203.0.113.8 --from 192.0.2.10 --reason "found in monitoring"',
  remark: null,
};
const SUMMARY: RolloutSummary = {
  group: null,
  since: '2026-11-14T00:00:00.000Z',
  until: '2026-11-21T00:00:00.000Z',
  events: 12,
  pairs: 1,
  newPairs: 0,
  settled: { rows: 0, events: 0 },
  uncounted: 0,
  monitoredSeconds: 400_000,
  isShortEnough: true,
  missing: [],
  rule: 'short enough to enforce: so and so',
};

it('shows a row with the command that would allow it', () => {
  expect(printRolloutRow(ROW)).toEqual([
    '12×  192.0.2.10 (laptop.test) → 203.0.113.8  not in the history  [office]  2026-11-18T00:00:00.000Z to 2026-11-20T00:00:00.000Z  asked for a.test, b.test',
    '    last known as ns.old.test of old.test, until 2026-11-19T00:00:00.000Z',
    '    gluewall allow add 203.0.113.8 --from 192.0.2.10 --reason "found in monitoring"',
  ]);
});

it('leaves out what is not known', () => {
  const bare = { clientName: null, names: [], nameServer: null, command: null, remark: 'a remark' };
  expect(printRolloutRow({ ...ROW, ...bare, reason: 'tooYoung', count: 1 })).toEqual([
    '1×  192.0.2.10 → 203.0.113.8  not known for long enough  [office]  2026-11-18T00:00:00.000Z',
    '    a remark',
  ]);
});

it('ends with a sentence on whether to enforce, and the rule behind it', () => {
  expect(printRolloutSummary(SUMMARY)).toEqual([
    '12 queries would have been blocked from 2026-11-14T00:00:00.000Z to 2026-11-21T00:00:00.000Z; pairs of client and destination that are left: 1',
    'The list is short enough to enforce.',
    '(short enough to enforce: so and so)',
  ]);
  const long = { pairs: 0, group: 'office', settled: { rows: 2, events: 5 }, uncounted: 7, missing: ['this', 'that'] };
  expect(printRolloutSummary({ ...SUMMARY, ...long, isShortEnough: false })).toEqual([
    '12 queries of group office would have been blocked from 2026-11-14T00:00:00.000Z to 2026-11-21T00:00:00.000Z; nothing of it is left',
    '5 of the queries (2 rows) would pass by now',
    '7 queries are of further pairs, for which there was no room here',
    'The list is not short enough to enforce yet; missing: this; that.',
    '(short enough to enforce: so and so)',
  ]);
});
