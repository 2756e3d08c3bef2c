import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fitAnswer, MAX_ANSWER_BYTES } from '../../../src/traceback/fit-answer.ts';
import { type ConfirmAnswer, type Gap, nodeAnswer, type SourceReport } from '../../../src/traceback/messages.ts';

const report: SourceReport = { path: ['a.example'], expected: 0, clients: 1, otherCases: 0, hosts: [], withheld: 0 };
const gap: Gap = { reason: 'late', detail: 'x'.repeat(400) };
const marks = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(32, '0'));
const finding = { path: ['a.example'], oblivious: { isAsked: true, evaluated: '00'.repeat(32), marks } };

const traceback = (reports: SourceReport[], gaps: Gap[]) =>
  ({ kind: 'traceback', case: randomUUID(), reports, gaps }) as const;

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('fitAnswer', () => {
  it('leaves alone what is small enough', () => {
    const answer = traceback([report, report], [gap]);
    expect(fitAnswer(answer)).toEqual(answer);
  });

  it.each([
    [257, 0],
    [256, 2049],
    [1, 3000],
    [10_000, 10_000],
  ])('%i reports and %i gaps are cut to what a reader takes, and that is said', (reports, gaps) => {
    const fitted = fitAnswer(traceback(Array(reports).fill(report), Array(gaps).fill(gap)));
    expect(nodeAnswer.safeParse(fitted).success).toBe(true);
    expect(bytesOf(fitted)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    expect(fitted.gaps.at(-1)).toMatchObject({ reason: 'too many', detail: expect.stringMatching(/are left out$/) });
  });

  it('large findings are cut by their octets', () => {
    const answer: ConfirmAnswer = { kind: 'confirm', case: randomUUID(), findings: Array(100).fill(finding), gaps: [] };
    const fitted = fitAnswer(answer) as ConfirmAnswer;
    expect(bytesOf(fitted)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    expect(fitted.findings.length).toBeGreaterThan(5);
    expect(fitted.gaps).toEqual([
      {
        reason: 'too many',
        detail: `the answer was too large: ${100 - fitted.findings.length} reports and 0 gaps are left out`,
      },
    ]);
  });
});
