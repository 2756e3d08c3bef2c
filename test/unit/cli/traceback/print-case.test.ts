import { describe, expect, it } from 'vitest';
import { isAnswered, printCase, printCaseList } from '../../../../src/cli/traceback/print-case.ts';
import { type Case, OUTCOMES, summarise } from '../../../../src/traceback/cases/case.ts';
import { reportOf } from '../../../support/scripted-node.ts';

const AT = '2026-11-20T12:00:05.000Z';
const HOST: Case['hosts'][number] = {
  address: '192.0.2.66',
  name: 'bot.lan',
  confidence: 0.934,
  paths: [
    ['node.shop.example', 'node.office.example'],
    ['node.transit.example', 'node.office.example'],
  ],
  expected: 11.57,
  chance: 0.01,
  queries: 2,
  firstAt: AT,
  lastAt: AT,
  cases: [],
  reasons: ['in 2 of 2 cases', 'hardly anybody asks for the name'],
};
const CASE: Case = {
  version: 1,
  id: '0190c2f4-0000-4000-8000-000000000000',
  state: 'open',
  node: 'node.shop.example',
  question: {
    name: 'www.shop.example',
    at: AT,
    source: '198.18.0.7',
    window: { beforeMs: 5000, afterMs: 1000 },
    method: 'oblivious',
    commandAndControl: true,
    timeLimitMs: 30_000,
  },
  openedAt: AT,
  step: 'ended',
  outcome: 'hosts named',
  detail: '2 hosts named by 1 source',
  confirmation: { outcome: 'spoofed', words: 'others asked', verdicts: [] },
  hosts: [HOST, { ...HOST, address: '192.0.2.7', name: undefined, confidence: 0.004, expected: 0.00032 }],
  reports: [],
  suspects: [
    {
      path: ['node.office.example'],
      names: [
        {
          name: 'a.example',
          score: 3,
          hosts: ['192.0.2.66'],
          cases: 1,
          clients: 9,
          beforeMs: 500,
          answers: [],
          reasons: [],
        },
        {
          name: 'orders.example',
          score: 21.26,
          hosts: ['192.0.2.66'],
          cases: 2,
          clients: 0,
          beforeMs: 4000,
          answers: [],
          reasons: ['by none of 240 others, 4 s before'],
        },
      ],
    },
  ],
  gaps: Array.from({ length: 25 }, () => ({
    reason: 'late' as const,
    node: 'node.transit.example',
    detail: 'no answer in time',
  })),
  isComplete: false,
  exchanges: [],
};

describe('printCase', () => {
  const lines = printCase(CASE);
  const row = (begin: string) => lines.find((line) => line.startsWith(begin))!;

  it('has a table of hosts whose columns stand below their headings', () => {
    const heading = row('HOST');
    const cell = (line: string, title: string) => line.slice(heading.indexOf(title)).split('  ')[0];
    const first = row('192.0.2.66');
    expect(cell(first, 'NAME')).toBe('bot.lan');
    expect(cell(first, 'CONFIDENCE')).toBe('93 %');
    expect(cell(first, 'ASKED AT')).toMatch(/^2026-\S+Z$/);
    expect(first.slice(heading.indexOf('BY '))).toMatch(/^node\.office\.example {2}/);
    expect(first).toContain('in 2 of 2 cases; hardly anybody asks for the name');
    const second = row('192.0.2.7');
    expect([cell(second, 'NAME'), cell(second, 'CONFIDENCE')]).toEqual(['-', '0.4 %']);
  });

  it('has names that hosts asked for before, the most unusual first', () => {
    const [first, second, note] = lines.slice(lines.indexOf(row('ASKED BEFORE')) + 1);
    expect(row('ASKED BEFORE')).toMatch(/^ASKED BEFORE +HOW UNUSUAL \(bits\) +HOSTS +REASONS$/);
    expect(first).toMatch(/^orders\.example +21 +192\.0\.2\.66 +by none of 240 others, 4 s before$/);
    expect(second).toMatch(/^a\.example +3 +192\.0\.2\.66$/);
    expect(note).toBe('below 8 bits it says little');
  });

  it('says what is missing, a bounded number of gaps, and what to do next', () => {
    expect(lines.filter((line) => line.startsWith('late '))).toHaveLength(20);
    expect(lines).toContain('… and 5 more (--json has all)');
    expect(lines.join('\n')).toContain('gluewall traceback export 0190c2f4 --output FOLDER');
  });

  /** A case that ended so: what it says after what it has found. */
  const nextOf = (parts: Partial<Case>) => {
    const text = printCase({ ...CASE, hosts: [], suspects: [], gaps: [], ...parts }).join('\n');
    return text.slice(text.lastIndexOf('\n\n'));
  };
  const said = (outcome: 'no query' | 'unknown') => ({ outcome, words: 'so', verdicts: [] });
  const report = (withheld: number) => reportOf('node.office.example', [], withheld);

  it.each([
    ['hosts named', {}, ['no proof', 'export'], ['again']],
    ['not spoofed', {}, ['export'], ['again', 'proof']],
    ['not confirmed', { confirmation: said('no query') }, ['--name', '--at', '--before'], ['--override', 'export']],
    ['not confirmed', { confirmation: said('unknown') }, ['what is missing', '--override REASON'], ['--before']],
    ['no host named', { reports: [report(3)] }, ['other attacks'], ['--before', '--override']],
    ['no host named', { reports: [report(0)] }, ['--before'], ['other attacks', 'what is missing']],
    ['no host named', { gaps: CASE.gaps }, ['what is missing', '--before'], ['other attacks']],
    ['late', {}, ['longer --time-limit'], ['--before', 'export']],
    ['late', { hosts: [HOST] }, ['longer --time-limit', 'export'], ['--before']],
    ['cancelled', {}, ['the same request'], ['--time-limit']],
    ['interrupted', {}, ['the same request'], ['--time-limit']],
    ['failed', {}, ['mended'], ['--time-limit', '--before']],
  ] as const)('of a case that ended with %s has a next step that fits (%#)', (outcome, parts, wanted, astray) => {
    const next = nextOf({ outcome, ...parts } as Partial<Case>);
    for (const words of [...wanted, 'gluewall traceback close 0190c2f4 --reason TEXT']) expect(next).toContain(words);
    for (const words of astray) expect(next).not.toContain(words);
  });

  it('only a case that says who it was is a success', () => {
    expect(OUTCOMES.filter((outcome) => isAnswered({ ...CASE, outcome }))).toEqual(['not spoofed', 'hosts named']);
  });

  it('says nothing of what comes next when it is closed, or worked on', () => {
    const closed = printCase({ ...CASE, state: 'closed', closed: { at: AT, reason: 'cleaned' } }).join('\n');
    expect(closed).toContain('cleaned');
    expect(closed).not.toContain('gluewall traceback');
    const open = printCase({ ...CASE, outcome: undefined, step: 'confirm', hosts: [], gaps: [], suspects: [] });
    expect(open[0]).toContain('being worked on, confirm');
    expect(open.join('\n')).not.toContain('HOST');
  });
});

describe('printCaseList', () => {
  it('has a line for each case', () => {
    const [heading, line, ...rest] = printCaseList([summarise(CASE)]);
    expect(heading).toMatch(/^CASE +STATE +NAME/);
    expect(line).toMatch(/^0190c2f4 +open +www\.shop\.example +.*hosts named \(25 gaps\) +2 +192\.0\.2\.66 93 %$/);
    expect(rest).toEqual([]);
  });

  it('says of a case without gaps that it has none, however it ended', () => {
    const [, line] = printCaseList([summarise({ ...CASE, outcome: 'cancelled', gaps: [] })]);
    expect(line).toMatch(/ cancelled +2 /);
  });

  it('says how to open the first', () => expect(printCaseList([])[0]).toContain('gluewall traceback request'));
});
