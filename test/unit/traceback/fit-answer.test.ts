import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AnswerPart, composeAnswer } from '../../../src/traceback/answer-parts.ts';
import { fitAnswer, MAX_ANSWER_BYTES } from '../../../src/traceback/fit-answer.ts';
import {
  type Gap,
  MAX_GAPS,
  MAX_REPORTS,
  type NodeAnswer,
  nodeAnswer,
  type SourceReport,
} from '../../../src/traceback/messages.ts';
import { tracebackOf } from '../../support/node-rig.ts';

const numbers = { expected: 0, clients: 1, coveredMs: 0, otherCases: 0, withheld: 0 };
const report: SourceReport = { path: ['a.example'], ...numbers, hosts: [] };
const gap: Gap = { reason: 'late', detail: 'x'.repeat(400) };
const marks = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(32, '0'));
const finding = { path: ['a.example'], oblivious: { isAsked: true, evaluated: '00'.repeat(32), marks } };

/** As it goes over the wire. */
const answerOf = (part: AnswerPart): NodeAnswer =>
  composeAnswer({ ...tracebackOf('peer.example'), case: randomUUID() }, part);
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('fitAnswer', () => {
  it('leaves alone what is small enough', () => {
    const said = { reports: [report, report], gaps: [gap] };
    expect(fitAnswer(said, MAX_ANSWER_BYTES)).toEqual(said);
  });

  it.each([
    [257, 0],
    [256, 2049],
    [1, 3000],
    [10_000, 10_000],
  ])('%i reports and %i gaps are cut to what a reader takes, and that is said', (reports, gaps) => {
    const said = { reports: Array(reports).fill(report), gaps: Array(gaps).fill(gap) };
    const fitted = fitAnswer(said, MAX_ANSWER_BYTES);
    expect(nodeAnswer.safeParse(answerOf(fitted)).success).toBe(true);
    expect(bytesOf(answerOf(fitted))).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    expect(fitted.gaps.at(-1)).toMatchObject({ reason: 'too many', detail: expect.stringMatching(/are left out$/) });
  });

  it('large findings are cut by their octets', () => {
    const fitted = fitAnswer({ reports: Array(100).fill(finding), gaps: [] }, MAX_ANSWER_BYTES);
    expect(bytesOf(answerOf(fitted))).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
    expect(fitted.reports.length).toBeGreaterThan(5);
    expect(fitted.gaps).toEqual([
      {
        reason: 'too many',
        detail: `the answer was too large: ${100 - fitted.reports.length} reports and 0 gaps are left out`,
      },
    ]);
  });

  it('what nobody reads over the wire is cut by its number alone', () => {
    const said = { reports: Array(300).fill(finding), gaps: Array(MAX_GAPS + 1).fill(gap) };
    const fitted = fitAnswer(said, Number.POSITIVE_INFINITY);
    expect([fitted.reports.length, fitted.gaps.length]).toEqual([MAX_REPORTS, MAX_GAPS]);
  });
});
