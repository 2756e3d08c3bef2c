import { describe, expect, it } from 'vitest';
import { AnswerMemory } from '../../../src/correlation/answer-memory.ts';
import { address, answer, BEGIN_MS, OUTSIDE, outside } from '../../support/host-events.ts';

const IPV6 = address('2001:db8::7');
const HOUR_MS = 3_600_000;

describe('AnswerMemory', () => {
  it('says how an address stands with a host', () => {
    const memory = new AnswerMemory(1);
    memory.note(3, answer(0, { addresses: [OUTSIDE, IPV6], ttlSeconds: 60 }));
    const standings = [1000, 1001, 60_000, 60_001].map((atMs) => memory.standing(3, OUTSIDE, BEGIN_MS + atMs));
    expect(standings).toEqual(['at-once', 'within-ttl', 'within-ttl', 'earlier']);
    expect(memory.standing(3, IPV6, BEGIN_MS + 5)).toBe('at-once');
    expect(memory.standing(3, outside(1), BEGIN_MS)).toBe('never');
    expect(memory.standing(2, OUTSIDE, BEGIN_MS)).toBe('never');
    expect(memory.standing(99, OUTSIDE, BEGIN_MS)).toBe('never');
  });

  it('knows whether answers to a host are seen at all', () => {
    const memory = new AnswerMemory(1);
    memory.note(3, answer(0));
    expect([2, 3, 99].map((host) => memory.hasAnswers(host))).toEqual([false, true, false]);
  });

  it('keeps what is pushed out of the newest for hours, not for days', () => {
    const memory = new AnswerMemory(1);
    memory.note(0, answer(0, { addresses: [OUTSIDE] }));
    for (let index = 0; index < 40; index++) memory.note(0, answer(index, { addresses: [outside(index)] }));
    expect(memory.standing(0, OUTSIDE, BEGIN_MS + 100)).toBe('earlier');
    memory.note(0, answer(100 * HOUR_MS, { addresses: [outside(1)] }));
    expect(memory.standing(0, OUTSIDE, BEGIN_MS + 100 * HOUR_MS)).toBe('never');
  });

  it('tells an address that a resolver has just named from one that a server asked directly did', () => {
    const memory = new AnswerMemory(1);
    memory.note(0, answer(0, { addresses: [OUTSIDE] }));
    memory.note(0, answer(0, { addresses: [outside(1)], isDirect: true }));
    expect(memory.isJustResolved(0, OUTSIDE, BEGIN_MS + HOUR_MS)).toBe(true);
    expect(memory.isJustResolved(0, OUTSIDE, BEGIN_MS + HOUR_MS + 1)).toBe(false);
    expect(memory.isJustResolved(0, outside(1), BEGIN_MS)).toBe(false);
    expect(memory.standing(0, outside(1), BEGIN_MS + 2000)).toBe('within-ttl');
  });

  it('forgets a host', () => {
    const memory = new AnswerMemory(1);
    memory.note(0, answer(0, { addresses: [OUTSIDE] }));
    memory.forget(0);
    memory.forget(99);
    expect(memory.hasAnswers(0)).toBe(false);
    expect(memory.standing(0, OUTSIDE, BEGIN_MS)).toBe('never');
  });

  it('takes an answer with a thousand addresses', () => {
    const memory = new AnswerMemory(1);
    memory.note(0, answer(0, { addresses: Array.from({ length: 1000 }, (_, index) => outside(index)) }));
    expect(memory.standing(0, outside(31), BEGIN_MS)).not.toBe('never');
  });
});
