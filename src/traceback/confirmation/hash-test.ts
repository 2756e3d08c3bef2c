import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Address } from '../../core/address.ts';
import { inBreaths } from './breath.ts';
import { type TestQuestion, testInput } from './test-input.ts';

const NONCE_OCTETS = 32;
/** Some milliseconds of work. */
const ASKERS_TOGETHER = 1000;

/** Paper 1, 4.5, in hexadecimal: HMAC-SHA-256 (RFC 2104) over the question, under the nonce of the case. */
interface HashTest {
  readonly nonce: string;
  readonly tag: string;
}

/** `isMatch`: the address of the test is one of those that asked. */
interface HashAnswer {
  readonly isAsked: boolean;
  readonly isMatch: boolean;
}

export function createHashTest(question: TestQuestion): HashTest {
  const nonce = randomBytes(NONCE_OCTETS);
  return { nonce: nonce.toString('hex'), tag: tagOf(nonce, question).toString('hex') };
}

/**
 * Compares the tag with that of every asker, in a time that says nothing of which one it is, or whether any.
 * `test` is in the form of the schema.
 */
export async function answerHashTest(
  test: HashTest,
  question: Omit<TestQuestion, 'address'>,
  askers: readonly Address[],
  signal: AbortSignal,
): Promise<HashAnswer> {
  const nonce = Buffer.from(test.nonce, 'hex');
  const tag = Buffer.from(test.tag, 'hex');
  let matches = 0;
  await inBreaths(askers, ASKERS_TOGETHER, signal, (address) => {
    matches += Number(timingSafeEqual(tag, tagOf(nonce, { ...question, address })));
  });
  return { isAsked: askers.length > 0, isMatch: matches > 0 };
}

function tagOf(nonce: Uint8Array, question: TestQuestion): Buffer {
  return createHmac('sha256', nonce).update(testInput('hash', question)).digest();
}
