import { setImmediate } from 'node:timers/promises';
import type { Address } from '../../core/address.ts';
import { type ConfirmationTest, type Finding, type Gap, MAX_MARKS } from '../messages.ts';
import { answerHashTest, createHashTest } from './hash-test.ts';
import { answerObliviousTest, createObliviousTest, type OpenObliviousTest } from './oblivious-test.ts';
import type { TestQuestion } from './test-input.ts';

/** Two ways to ask whether an address asked for the name (decision 16). */
export const CONFIRMATION_METHODS = ['hash', 'oblivious'] as const;
export type ConfirmationMethod = (typeof CONFIRMATION_METHODS)[number];

/** A finding without the way that it came. */
export type TestAnswer = Finding extends infer F ? (F extends Finding ? Omit<F, 'path'> : never) : never;

/** What a source says of the address: that it asked for the name, that only others did, or that nobody did (paper 1, 6.2). */
export type Verdict = 'match' | 'no match' | 'no query';

/** What one source says, and the way its answer came. */
export interface SourceVerdict {
  readonly path: readonly string[];
  readonly verdict: Verdict;
}

/** A test that was made here: what is sent, and how findings about it are read. */
export interface OpenTest {
  readonly test: ConfirmationTest;
  /** Findings that cannot be are gaps `nonsense` of the source that is said to have sent them. */
  read(
    findings: readonly Finding[],
  ): Promise<{ readonly verdicts: readonly SourceVerdict[]; readonly gaps: readonly Gap[] }>;
}

/** Makes a test that hides the address, with fresh random numbers. */
export function createTest(method: ConfirmationMethod, question: TestQuestion): OpenTest {
  if (method === 'hash') return openTest({ hash: createHashTest(question) }, readHash);
  const oblivious = createObliviousTest(question);
  return openTest({ oblivious: oblivious.test }, (answer) => readOblivious(oblivious, answer));
}

/**
 * A source's answer: whether the address of the test is among `askers`, the different hosts that asked for the name in the window, newest
 * first. Rejects with Problem `malformed` when the test is none, and with the reason of `signal` when that ends it.
 */
export async function answerTest(
  test: ConfirmationTest,
  question: Omit<TestQuestion, 'address'>,
  askers: readonly Address[],
  signal: AbortSignal,
): Promise<TestAnswer> {
  return 'hash' in test
    ? { hash: await answerHashTest(test.hash, question, askers, signal) }
    : { oblivious: await answerObliviousTest(test.oblivious, question, askers, signal) };
}

/** How many of so many askers such a test leaves out, the oldest: a gap `too many`. */
export function askersLeftOut(test: ConfirmationTest, askers: number): number {
  return 'hash' in test ? 0 : Math.max(0, askers - MAX_MARKS);
}

function openTest(test: ConfirmationTest, readAnswer: (answer: TestAnswer) => Verdict | undefined): OpenTest {
  return {
    test,
    async read(findings) {
      const verdicts: SourceVerdict[] = [];
      const gaps: Gap[] = [];
      for (const { path, ...answer } of findings) {
        const verdict = readAnswer(answer);
        if (verdict === undefined) gaps.push(nonsenseOf(path));
        else verdicts.push({ path, verdict });
        // Each may be a millisecond of work.
        await setImmediate();
      }
      return { verdicts, gaps };
    },
  };
}

function readHash(answer: TestAnswer): Verdict | undefined {
  return 'hash' in answer ? verdictOf(answer.hash.isAsked, answer.hash.isMatch) : undefined;
}

function readOblivious(test: OpenObliviousTest, answer: TestAnswer): Verdict | undefined {
  return 'oblivious' in answer ? verdictOf(answer.oblivious.isAsked, test.isMarked(answer.oblivious)) : undefined;
}

function verdictOf(isAsked: boolean, isMatch: boolean | undefined): Verdict | undefined {
  if (isMatch === undefined || (isMatch && !isAsked)) return undefined;
  if (!isAsked) return 'no query';
  return isMatch ? 'match' : 'no match';
}

function nonsenseOf(path: readonly string[]): Gap {
  return { reason: 'nonsense', node: path.at(-1)!, detail: 'its answer to the confirmation cannot be' };
}
