import { describe, expect, it } from 'vitest';
import { decideQuarantines, type QuarantineSituation } from '../../../../src/cli/response/decide-quarantines.ts';
import { describeStanding, ENDED_EARLY } from '../../../../src/cli/response/quarantine-standing.ts';
import type { Finding } from '../../../../src/findings/finding.ts';
import type { QuarantineOrder } from '../../../../src/firewall/quarantines.ts';
import { FOUND_AT_MS, findingOf } from '../../../support/findings.ts';
import { addressOf } from '../../../support/observations.ts';

const HOUR_MS = 3_600_000;
const HOST = '192.0.2.66';
type Rule = QuarantineSituation['response']['rules'][number];

const ruleOf = (changes: Partial<Rule> = {}): Rule => ({
  findings: ['infected-host'],
  min_score: 0.8,
  action: 'quarantine-dns',
  for: 4 * HOUR_MS,
  ...changes,
});

function decide(
  findings: readonly Finding[],
  changes: Partial<QuarantineSituation> = {},
  rules = [ruleOf()],
  most = 20,
) {
  const decision = decideQuarantines({
    findings,
    orders: [],
    response: { rules, most_hosts: most },
    isProtected: () => false,
    nowMs: FOUND_AT_MS,
    ...changes,
  });
  return {
    begin: decision.begin.map(
      ({ finding, scope, forMs, ruleNumber }) => `${finding.id} ${scope} ${forMs / HOUR_MS} ${ruleNumber}`,
    ),
    end: decision.end.length,
    noRoom: decision.noRoom.map(({ finding }) => finding.id),
  };
}

const UNTIL_MS = FOUND_AT_MS + HOUR_MS;
const begun = (score = 0.85, scope: 'dns' | 'all' = 'dns') => ({
  atMs: FOUND_AT_MS,
  by: 'rule 1',
  text: describeStanding({ scope, untilMs: UNTIL_MS, score }, 1),
});
const ended = { atMs: FOUND_AT_MS, by: '', text: ENDED_EARLY };
const orderOf = (changes: Partial<QuarantineOrder> = {}): QuarantineOrder => ({
  host: { address: addressOf(HOST) },
  scope: 'dns',
  remediation: undefined,
  sinceMs: FOUND_AT_MS,
  untilMs: UNTIL_MS,
  reason: '',
  owner: 'rule',
  ...changes,
});
const NOTHING = { begin: [], end: 0, noRoom: [] };
const closed = { state: 'closed', closed: { atMs: FOUND_AT_MS, by: 'ann', as: 'mistake', reason: 'no' } } as const;

describe('which hosts rules put in quarantine', () => {
  it('those of open findings of their kinds, from their score on', () => {
    expect(decide([findingOf('F-1')])).toEqual({ ...NOTHING, begin: ['F-1 dns 4 1'] });
    expect(decide([findingOf('F-1', { state: 'acknowledged' })]).begin).toEqual(['F-1 dns 4 1']);
    expect(decide([findingOf('F-1', closed)])).toEqual(NOTHING);
    expect(decide([findingOf('F-1', { score: 0.79 })])).toEqual(NOTHING);
    expect(decide([findingOf('F-1', { kind: 'foreign-resolver', score: 1 })])).toEqual(NOTHING);
    expect(decide([findingOf('F-1')], {}, [ruleOf({ action: 'rpz' })])).toEqual(NOTHING);
  });

  it('nobody whose subject is no address', () => {
    expect(decide([findingOf('F-1', { subject: 'k3.example' })])).toEqual(NOTHING);
  });

  it('nobody whose address others had lately, who may send in its name', () => {
    const detail = { mac: '02:00:00:00:00:01', others: ['02:00:00:00:00:02'] };
    expect(decide([findingOf('F-1', { detail })])).toEqual(NOTHING);
    expect(decide([findingOf('F-1', { detail: { ...detail, others: [] } })]).begin).toEqual(['F-1 dns 4 1']);
  });

  it('nobody who is protected', () => {
    expect(decide([findingOf('F-1')], { isProtected: () => true })).toEqual(NOTHING);
  });

  it('nobody for what is over', () => {
    const at = (nowMs: number) => decide([findingOf('F-1')], { nowMs }).begin.length;
    expect([at(FOUND_AT_MS + 4 * HOUR_MS - 1), at(FOUND_AT_MS + 4 * HOUR_MS)]).toEqual([1, 0]);
  });

  it('as the rule that drops most says, then the longest', () => {
    const rules = [
      ruleOf({ for: HOUR_MS }),
      ruleOf({ for: 2 * HOUR_MS }),
      ruleOf({ action: 'quarantine', min_score: 0.95, for: HOUR_MS }),
    ];
    expect(decide([findingOf('F-1')], {}, rules).begin).toEqual(['F-1 dns 2 2']);
    expect(decide([findingOf('F-1', { score: 0.95 })], {}, rules).begin).toEqual(['F-1 all 1 3']);
  });

  it('once for each finding, and again when clearly more speaks for it, or a wider rule', () => {
    const held = (changes: Partial<Finding>, rules = [ruleOf()], orders = [orderOf()]) =>
      decide([findingOf('F-1', { changes: [begun()], ...changes })], { orders }, rules).begin;
    expect(held({})).toEqual([]);
    expect(held({}, [ruleOf()], [])).toEqual([]);
    expect(held({ score: 0.9 })).toEqual([]);
    expect(held({ score: 0.93 })).toEqual(['F-1 dns 4 1']);
    expect(held({}, [ruleOf({ action: 'quarantine' })])).toEqual(['F-1 all 4 1']);
    expect(held({ score: 0.86, changes: [begun(0.85, 'all')] }, [ruleOf({ action: 'quarantine' })])).toEqual([]);
  });

  it('not again after a person has ended one', () => {
    expect(decide([findingOf('F-1', { score: 1, changes: [begun(), ended] })])).toEqual(NOTHING);
    const again = { atMs: FOUND_AT_MS, by: 'gluewall', text: 'reopened: it goes on' };
    expect(decide([findingOf('F-1', { changes: [begun(), ended, again] })]).begin).toEqual(['F-1 dns 4 1']);
  });

  it('none that a person has put there', () => {
    expect(decide([findingOf('F-1')], { orders: [orderOf({ owner: 'ann' })] })).toEqual(NOTHING);
    expect(decide([findingOf('F-1')], { orders: [orderOf({ owner: '' })] })).toEqual(NOTHING);
  });

  it('so many at once, the surest first; a host once', () => {
    const many = [0.81, 0.99, 0.9].map((score, index) =>
      findingOf(`F-${index}`, { subject: `192.0.2.${index + 1}`, score }),
    );
    const flood = findingOf('F-8', { kind: 'answer-flood', subject: '192.0.2.2', score: 0.95 });
    const rules = [ruleOf({ findings: ['infected-host', 'answer-flood'] })];
    expect(decide([...many, flood], {}, rules, 2)).toEqual({
      begin: ['F-1 dns 4 1', 'F-2 dns 4 1'],
      end: 0,
      noRoom: ['F-0'],
    });
    const held = [findingOf('F-1', { changes: [begun()] }), many[0]!];
    expect(decide(held, { orders: [orderOf()] }, [ruleOf()], 1)).toEqual({ begin: [], end: 0, noRoom: ['F-0'] });
    expect(decide(held, { orders: [orderOf({ owner: 'ann' })] }, [ruleOf()], 1).begin).toEqual(['F-0 dns 4 1']);
  });
});

describe('which hosts they let go', () => {
  const end = (finding: Partial<Finding>, changes: Partial<QuarantineSituation> = {}, rules = [ruleOf()]) =>
    decide([findingOf('F-1', { changes: [begun()], ...finding })], { orders: [orderOf()], ...changes }, rules).end;

  it('those of findings that were closed', () => {
    expect(end({})).toBe(0);
    expect(end(closed)).toBe(1);
  });

  it('those who are protected by now, and those whom no rule is about any more', () => {
    expect(end({}, { isProtected: () => true })).toBe(1);
    expect(end({}, {}, [])).toBe(1);
    expect(end({ score: 0.1 })).toBe(0);
  });

  it('none that a person has put there', () => {
    expect(end(closed, { orders: [orderOf({ owner: 'ann' })] })).toBe(0);
    expect(end(closed, { orders: [orderOf({ host: { mac: 1 } })] })).toBe(0);
    expect(end({ ...closed, changes: [] })).toBe(0);
  });

  it('what a switch still had after a restart, known by its end', () => {
    expect(end(closed, { orders: [orderOf({ owner: '', untilMs: UNTIL_MS - 1500 })] })).toBe(1);
    expect(end(closed, { orders: [orderOf({ owner: '', untilMs: UNTIL_MS - 60_000 })] })).toBe(0);
  });

  it('not while another finding has it there', () => {
    const other = findingOf('F-2', { kind: 'answer-flood', changes: [begun()] });
    const rules = [ruleOf({ findings: ['infected-host', 'answer-flood'] })];
    const both = [findingOf('F-1', { ...closed, changes: [begun()] }), other];
    expect(decide(both, { orders: [orderOf()] }, rules).end).toBe(0);
  });
});
