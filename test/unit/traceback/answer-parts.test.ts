import { describe, expect, it } from 'vitest';
import {
  type AnswerPart,
  partOf as checkedPart,
  mergeParts,
  throughNode,
} from '../../../src/traceback/answer-parts.ts';
import { fitAnswer, MAX_ANSWER_BYTES } from '../../../src/traceback/fit-answer.ts';
import {
  type Gap,
  MAX_GAPS,
  MAX_REPORTS,
  type NodeRequest,
  type SourceReport,
} from '../../../src/traceback/messages.ts';
import { silentSources } from '../../../src/traceback/silent-sources.ts';

function reportOf(path: readonly string[], expected = 1): SourceReport {
  return { path: [...path], expected, clients: 10, otherCases: 0, coveredMs: 0, hosts: [], withheld: 0 };
}

const partOf = (reports: readonly SourceReport[], gaps: readonly Gap[] = []): AnswerPart => ({ reports, gaps });
const pathsOf = ({ reports }: AnswerPart) => reports.map(({ path }) => path.join(' '));

describe('mergeParts', () => {
  it('tells once what one source says, by the shortest way', () => {
    const merged = mergeParts([
      partOf([reportOf(['f1', 'f2', 's'])]),
      partOf([reportOf(['f3', 's']), reportOf(['f3', 'other'])]),
      partOf([reportOf(['f4', 'f5', 's'])]),
    ]);
    expect(pathsOf(merged)).toEqual(['f3 s', 'f3 other']);
  });

  it('tells both when a source does not say the same', () => {
    expect(pathsOf(mergeParts([partOf([reportOf(['p', 's'], 2)]), partOf([reportOf(['s'])])]))).toEqual(['p s', 's']);
  });

  it('tells a gap once, and others of the same node beside', () => {
    const gap = (detail: string): Gap => ({ reason: 'late', node: 'p', detail });
    expect(mergeParts([partOf([], [gap('a')]), partOf([], [gap('a'), gap('b')])]).gaps).toEqual([gap('a'), gap('b')]);
  });

  it('lets each speak in turn: where there is not room for all, each has an equal share', () => {
    const many = (name: string) =>
      Array.from({ length: MAX_REPORTS }, (_, index) => reportOf([name, `${name}${index}`]));
    const gaps = Array.from({ length: MAX_GAPS }, (_, index): Gap => ({ reason: 'late', detail: `${index}` }));
    const all = mergeParts([partOf(many('a')), partOf(many('b'), gaps), partOf([reportOf(['c'])])]);
    const merged = fitAnswer(all, MAX_ANSWER_BYTES);
    expect(merged.reports).toHaveLength(MAX_REPORTS);
    const count = (name: string) => merged.reports.filter(({ path }) => path[0] === name).length;
    expect([count('a'), count('b'), count('c')]).toEqual([128, 127, 1]);
    expect(merged.gaps).toHaveLength(MAX_GAPS);
    expect(merged.gaps.at(-1)).toMatchObject({
      reason: 'too many',
      detail: `the answer was too large: ${MAX_REPORTS + 1} reports and 1 gaps are left out`,
    });
  });
});

describe('throughNode', () => {
  it('puts the node before all ways', () => {
    expect(pathsOf(throughNode(partOf([reportOf(['p', 's'])]), 'd'))).toEqual(['d p s']);
  });
});

describe('partOf', () => {
  const CASE = '0190c2f4-0000-4000-8000-000000000001';
  const REQUEST: NodeRequest = {
    kind: 'traceback',
    request: CASE,
    case: CASE,
    sentAt: '2026-11-20T12:00:00.000Z',
    path: ['d'],
    hopLimit: 15,
    timeLimitMs: 1000,
    name: 'www.example.org',
    at: '2026-11-20T12:00:00.000Z',
    window: { beforeMs: 5000, afterMs: 1000 },
    servers: [],
    ground: { confirmed: 'spoofed' },
  };
  const answered = (reports: readonly SourceReport[], gaps: readonly Gap[] = []) =>
    checkedPart({ kind: 'traceback', case: CASE, reports: [...reports], gaps: [...gaps] }, REQUEST, 'p');

  it('takes no way with a node twice', () => {
    expect(answered([reportOf(['p', 'f', 's'])])).toBeDefined();
    expect(answered([reportOf(['p', 'f', 'f'])])).toBeUndefined();
    expect(answered([reportOf(['p', 's', 'p'])])).toBeUndefined();
  });

  it('one peer has at most four sources that did not answer, and says how many more', () => {
    const gap = (reason: Gap['reason'], detail: string): Gap => ({ reason, detail });
    const four = ['late', 'refused', 'no log', 'nonsense'].map((reason) => gap(reason as Gap['reason'], reason));
    expect(answered([], four)!.gaps).toEqual(four);
    const loop = gap('loop', 'no silence');
    const many = Array.from({ length: MAX_GAPS - 5 }, (_, index) => gap('late', `${index}`));
    const { gaps } = answered([], [...four, loop, ...many])!;
    expect(gaps).toEqual([
      ...four,
      loop,
      { reason: 'too many', node: 'p', detail: `${MAX_GAPS - 5} more sources behind it have not answered, it says` },
    ]);
    expect(silentSources(gaps)).toBe(4);
  });
});
