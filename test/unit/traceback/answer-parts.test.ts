import { describe, expect, it } from 'vitest';
import { type AnswerPart, mergeParts, throughNode } from '../../../src/traceback/answer-parts.ts';
import { type Gap, MAX_GAPS, MAX_REPORTS, type SourceReport } from '../../../src/traceback/messages.ts';

function reportOf(path: readonly string[], expected = 1): SourceReport {
  return { path: [...path], expected, clients: 10, otherCases: 0, hosts: [], withheld: 0 };
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

  it('gives each an equal share where there is not room for all, and says so', () => {
    const many = (name: string) =>
      Array.from({ length: MAX_REPORTS }, (_, index) => reportOf([name, `${name}${index}`]));
    const gaps = Array.from({ length: MAX_GAPS }, (_, index): Gap => ({ reason: 'late', detail: `${index}` }));
    const merged = mergeParts([partOf(many('a')), partOf(many('b'), gaps), partOf([reportOf(['c'])])]);
    expect(merged.reports).toHaveLength(MAX_REPORTS);
    const count = (name: string) => merged.reports.filter(({ path }) => path[0] === name).length;
    expect([count('a'), count('b'), count('c')]).toEqual([128, 127, 1]);
    expect(merged.gaps).toHaveLength(MAX_GAPS);
    expect(merged.gaps.at(-1)).toMatchObject({
      reason: 'too many',
      detail: `${MAX_REPORTS + 1} reports and 1 gaps are left out`,
    });
  });
});

describe('throughNode', () => {
  it('puts the node before all ways', () => {
    expect(pathsOf(throughNode(partOf([reportOf(['p', 's'])]), 'd'))).toEqual(['d p s']);
  });
});
