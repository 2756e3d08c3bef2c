import { randomBytes } from 'node:crypto';
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import type { Address } from '../../core/address.ts';
import { MAX_MARKS } from '../messages.ts';
import { Problem } from '../problem.ts';
import { inBreaths } from './breath.ts';
import { type TestQuestion, testInput } from './test-input.ts';

/** RFC 9497, mode OPRF, suite ristretto255-SHA512; the library's types leave out Evaluate (§3.3.1). */
const oprf = ristretto255_oprf.oprf as typeof ristretto255_oprf.oprf & {
  evaluate(secretKey: Uint8Array, input: Uint8Array): Uint8Array;
};
const SEED_OCTETS = 32;
const MARK_OCTETS = 16;
const LEAST_MARKS = 16;
/** About as long as the input of an asker. */
const FILLER_OCTETS = 96;
/** Some milliseconds of work. */
const EVALUATIONS_TOGETHER = 4;

/** In hexadecimal: the element of the question, blinded. */
interface ObliviousTest {
  readonly blinded: string;
}

/** In hexadecimal: that element under the key of this answer, and a mark for each asker under the same key, among made-up ones. */
interface ObliviousAnswer {
  readonly isAsked: boolean;
  readonly evaluated: string;
  readonly marks: string[];
}

/** A test and what only its maker can read: whether an answer has the mark of its question. */
export interface OpenObliviousTest {
  readonly test: ObliviousTest;
  /** Undefined: the answer has an element that is none. About a millisecond. */
  isMarked(answer: ObliviousAnswer): boolean | undefined;
}

export function createObliviousTest(question: TestQuestion): OpenObliviousTest {
  const input = testInput('oblivious', question);
  const { blind, blinded } = oprf.blind(input);
  return {
    test: { blinded: hex(blinded) },
    isMarked({ evaluated, marks }) {
      const output = orUndefined(() => oprf.finalize(input, blind, Buffer.from(evaluated, 'hex')));
      return output && marks.includes(markOf(output));
    },
  };
}

/**
 * Evaluates the blinded element and marks the askers, under a key that is used this once. There are as many marks, and as much work
 * is done, as the next power of two says, at least 16: made-up askers fill it up. Of more than MAX_MARKS askers the first are taken.
 * About 1.5 ms a mark. Rejects with Problem `malformed` when the element is none of the group, or the identity (RFC 9497 §3.3).
 */
export async function answerObliviousTest(
  { blinded }: ObliviousTest,
  question: Omit<TestQuestion, 'address'>,
  askers: readonly Address[],
  signal: AbortSignal,
): Promise<ObliviousAnswer> {
  const { secretKey } = oprf.deriveKeyPair(randomBytes(SEED_OCTETS), Buffer.alloc(0));
  const evaluated = orUndefined(() => oprf.blindEvaluate(secretKey, Buffer.from(blinded, 'hex')));
  if (evaluated === undefined)
    throw new Problem('malformed', 'test.oblivious.blinded: want an element of ristretto255');
  const inputs = askers.slice(0, MAX_MARKS).map((address) => testInput('oblivious', { ...question, address }));
  const isAsked = inputs.length > 0;
  while (inputs.length < markCount(askers.length)) inputs.push(randomBytes(FILLER_OCTETS));
  const marks: string[] = [];
  await inBreaths(inputs, EVALUATIONS_TOGETHER, signal, (input) => {
    marks.push(markOf(oprf.evaluate(secretKey, input)));
  });
  return { isAsked, evaluated: hex(evaluated), marks: marks.sort() };
}

/** The power of two that holds them. */
function markCount(askers: number): number {
  const most = Math.min(MAX_MARKS, Math.max(LEAST_MARKS, askers));
  return 2 ** Math.ceil(Math.log2(most));
}

function markOf(output: Uint8Array): string {
  return hex(output.subarray(0, MARK_OCTETS));
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** What the library throws on is an element that a peer has sent. */
function orUndefined<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
