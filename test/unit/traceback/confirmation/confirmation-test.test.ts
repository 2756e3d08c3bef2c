import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, addressFromOctets, parseAddress } from '../../../../src/core/address.ts';
import { parseName } from '../../../../src/dns/name.ts';
import {
  answerTest,
  askersLeftOut,
  CONFIRMATION_METHODS,
  createTest,
} from '../../../../src/traceback/confirmation/confirmation-test.ts';
import { confirmAnswer, confirmRequest, type Finding, MAX_MARKS } from '../../../../src/traceback/messages.ts';
import { Problem } from '../../../../src/traceback/problem.ts';

const CASE = '6f1ed002-ab55-4f63-8b9f-1d0c5d3b6a01';
const NAME = parseName('www.example.org')!;
const ATTACKER = address('192.0.2.7');
const NEVER = new AbortController().signal;
/** Canonical encodings of ristretto255 (RFC 9496 §4.3.1) and others: the identity; a field element that is not reduced; a negative one. */
const IDENTITY = '00'.repeat(32);
const NO_ELEMENTS = [
  IDENTITY,
  'ff'.repeat(32),
  `ed${'ff'.repeat(30)}7f`,
  `01${'00'.repeat(31)}`,
  `f3${'ff'.repeat(30)}7f`,
];

describe.each(CONFIRMATION_METHODS)('confirmation by %s', (method) => {
  const question = { caseId: CASE, name: NAME };

  async function verdictFor(asked: Address, askers: readonly Address[], about = question) {
    const open = createTest(method, { ...question, address: asked });
    const { verdicts, gaps } = await open.read([findingOf(await answerTest(open.test, about, askers, NEVER))]);
    expect(gaps).toEqual([]);
    return verdicts[0]!.verdict;
  }

  it('says match, no match and no query', async () => {
    const others = [address('192.0.2.8'), address('2001:db8::7')];
    expect(await verdictFor(ATTACKER, [...others, ATTACKER])).toBe('match');
    expect(await verdictFor(ATTACKER, others)).toBe('no match');
    expect(await verdictFor(ATTACKER, [])).toBe('no query');
  });

  it('holds for IPv6, and tells it from IPv4 with the same octets', async () => {
    const ipv6 = address('2001:db8::c000:207');
    expect(await verdictFor(ipv6, [ipv6])).toBe('match');
    expect(await verdictFor(ATTACKER, [address('::c000:207'), address('::ffff:c000:207')])).toBe('no match');
  });

  it('finds the one host wherever it stands', async () => {
    const crowd = Array.from({ length: 5 }, (_, index) => address(`198.51.100.${index}`));
    for (let place = 0; place <= crowd.length; place++) {
      expect(await verdictFor(ATTACKER, crowd.toSpliced(place, 0, ATTACKER)), `at ${place}`).toBe('match');
    }
  });

  it('compares names without regard to case, and no others', async () => {
    expect(await verdictFor(ATTACKER, [ATTACKER], { ...question, name: parseName('WwW.eXample.ORG')! })).toBe('match');
    expect(await verdictFor(ATTACKER, [ATTACKER], { ...question, name: parseName('ww.example.org')! })).toBe(
      'no match',
    );
  });

  it('is of one case', async () => {
    const other = CASE.replace('6f', '7f');
    expect(await verdictFor(ATTACKER, [ATTACKER], { ...question, caseId: other })).toBe('no match');
    expect(await verdictFor(ATTACKER, [ATTACKER], { ...question, caseId: CASE.toUpperCase() })).toBe('match');
  });

  it('speaks the words of the schema', async () => {
    const open = createTest(method, { ...question, address: ATTACKER });
    const finding = findingOf(await answerTest(open.test, question, [ATTACKER], NEVER));
    expect(confirmRequest.shape.test.parse(open.test)).toEqual(open.test);
    expect(confirmAnswer.shape.findings.parse([finding])).toEqual([finding]);
  });

  it('is never the same twice', () => {
    const tests = Array.from({ length: 5 }, () =>
      JSON.stringify(createTest(method, { ...question, address: ATTACKER }).test),
    );
    expect(new Set(tests).size).toBe(5);
  });

  it('lets others run while it works, and ends when nobody waits', async () => {
    const askers = Array.from(
      { length: 3000 },
      (_, index) => addressFromOctets(Buffer.from([198, 18, index >> 8, index & 255]))!,
    );
    const abort = new AbortController();
    const reason = new Error('gone');
    const open = createTest(method, { ...question, address: ATTACKER });
    const answer = answerTest(open.test, question, askers, abort.signal);
    await setTimeout(1);
    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await expect(answerTest(open.test, question, [], abort.signal)).rejects.toBe(reason);
  });

  it('reads no answer of the other kind, and none that contradicts itself', async () => {
    const open = createTest(method, { ...question, address: ATTACKER });
    const other = createTest(method === 'hash' ? 'oblivious' : 'hash', { ...question, address: ATTACKER });
    const asked = findingOf(await answerTest(open.test, question, [ATTACKER], NEVER));
    const foreign = findingOf(await answerTest(other.test, question, [ATTACKER], NEVER));
    const denied =
      'hash' in asked
        ? { ...asked, hash: { ...asked.hash, isAsked: false } }
        : { ...asked, oblivious: { ...asked.oblivious, isAsked: false } };
    const { verdicts, gaps } = await open.read([foreign, asked, denied]);
    expect(verdicts).toEqual([{ path: asked.path, verdict: 'match' }]);
    expect(gaps.map(({ reason, node }) => ({ reason, node }))).toEqual(
      Array(2).fill({ reason: 'nonsense', node: 'source.example' }),
    );
  });
});

describe('confirmation by hash', () => {
  it('matches no tag with an octet changed, nor under another nonce', async () => {
    const { test } = createTest('hash', { caseId: CASE, name: NAME, address: ATTACKER });
    if (!('hash' in test)) throw new Error('no hash');
    const { nonce, tag } = test.hash;
    const isMatch = async (hash: typeof test.hash) => {
      const answer = await answerTest({ hash }, { caseId: CASE, name: NAME }, [ATTACKER], NEVER);
      return 'hash' in answer && answer.hash.isMatch;
    };
    expect(await isMatch({ nonce, tag })).toBe(true);
    for (let octet = 0; octet < 32; octet++) {
      expect(await isMatch({ nonce, tag: flip(tag, octet) }), `tag ${octet}`).toBe(false);
      expect(await isMatch({ nonce: flip(nonce, octet), tag }), `nonce ${octet}`).toBe(false);
    }
  });
});

describe('confirmation by an oblivious test', () => {
  const question = { caseId: CASE, name: NAME };
  const hosts = (count: number) =>
    Array.from({ length: count }, (_, index) => addressFromOctets(Buffer.from([198, 18, index >> 8, index & 255]))!);

  async function answerOf(
    askers: readonly Address[],
    test = createTest('oblivious', { ...question, address: ATTACKER }).test,
  ) {
    const answer = await answerTest(test, question, askers, NEVER);
    if (!('oblivious' in answer)) throw new Error('no oblivious answer');
    return answer.oblivious;
  }

  it.each([
    [0, 16],
    [1, 16],
    [16, 16],
    [17, 32],
    [33, 64],
  ])('%i askers have %i marks, all different and in order', async (askers, marks) => {
    const answer = await answerOf(hosts(askers));
    expect(answer.isAsked).toBe(askers > 0);
    expect(new Set(answer.marks).size).toBe(marks);
    expect(answer.marks).toEqual([...answer.marks].sort());
  });

  it('marks under a key that is used once: nothing of two answers to one test is the same', async () => {
    const { test } = createTest('oblivious', { ...question, address: ATTACKER });
    const [one, two] = [await answerOf(hosts(3), test), await answerOf(hosts(3), test)];
    expect(one.evaluated).not.toBe(two.evaluated);
    expect(new Set([...one.marks, ...two.marks]).size).toBe(one.marks.length + two.marks.length);
  });

  it('does the same work for one asker as for all that a power of two holds', async () => {
    // Counted in turns of the event loop, which is what the work is cut into.
    const turnsOf = async (askers: number) => {
      let turns = 0;
      let isDone = false;
      const count = () => {
        turns++;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      await answerOf(hosts(askers));
      isDone = true;
      return turns;
    };
    const [none, one, all] = [await turnsOf(0), await turnsOf(1), await turnsOf(16)];
    expect(Math.abs(none - all)).toBeLessThanOrEqual(1);
    expect(Math.abs(one - all)).toBeLessThanOrEqual(1);
    expect(await turnsOf(17)).toBeGreaterThan(all + 2);
  });

  it('says how many askers a test leaves out where there are too many', () => {
    const { test } = createTest('oblivious', { ...question, address: ATTACKER });
    expect(askersLeftOut(test, MAX_MARKS)).toBe(0);
    expect(askersLeftOut(test, MAX_MARKS + 3)).toBe(3);
    expect(askersLeftOut(createTest('hash', { ...question, address: ATTACKER }).test, MAX_MARKS + 3)).toBe(0);
  });

  it.each(NO_ELEMENTS)('refuses %s as malformed', async (blinded) => {
    const answer = answerTest({ oblivious: { blinded } }, question, [ATTACKER], NEVER);
    await expect(answer).rejects.toSatisfy((error) => error instanceof Problem && error.type === 'malformed');
  });

  it.each(NO_ELEMENTS)('reads no answer with the element %s', async (evaluated) => {
    const open = createTest('oblivious', { ...question, address: ATTACKER });
    const answer = await answerOf([ATTACKER], open.test);
    const { verdicts, gaps } = await open.read([findingOf({ oblivious: { ...answer, evaluated } })]);
    expect(verdicts).toEqual([]);
    expect(gaps).toHaveLength(1);
  });

  it('answers any octets, or refuses them as malformed', async () => {
    const seed = Date.now() >>> 0;
    const isRefused = async (blinded: string) => {
      try {
        await answerTest({ oblivious: { blinded } }, question, [], NEVER);
        return false;
      } catch (error) {
        return error instanceof Problem && error.type === 'malformed';
      }
    };
    let refused = 0;
    const octets = fc.uint8Array({ minLength: 0, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(octets, async (of) => {
        const wasRefused = await isRefused(Buffer.from(of).toString('hex'));
        refused += Number(wasRefused);
        // Of no other length there is an element.
        expect(wasRefused || of.length === 32).toBe(true);
      }),
      { seed, numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('takes an answer with any octet changed for no match or nonsense, and never fails', async () => {
    const open = createTest('oblivious', { ...question, address: ATTACKER });
    const answer = await answerOf([ATTACKER], open.test);
    expect((await open.read([findingOf({ oblivious: answer })])).verdicts[0]!.verdict).toBe('match');
    const changed = Array.from({ length: 32 }, (_, octet) => ({ ...answer, evaluated: flip(answer.evaluated, octet) }));
    const { verdicts, gaps } = await open.read(changed.map((oblivious) => findingOf({ oblivious })));
    expect(verdicts.length + gaps.length).toBe(32);
    expect(verdicts.filter(({ verdict }) => verdict !== 'no match')).toEqual([]);
  });
});

function findingOf(answer: object): Finding {
  return { path: ['forwarder.example', 'source.example'], ...answer } as Finding;
}

function flip(digits: string, octet: number): string {
  const octets = Buffer.from(digits, 'hex');
  octets[octet]! ^= 0x10;
  return octets.toString('hex');
}

function address(text: string): Address {
  return parseAddress(text)!;
}
