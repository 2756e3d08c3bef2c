import { describe, expect, it } from 'vitest';
import { AskedWays } from '../../../src/traceback/asked-ways.ts';
import type { NodeAnswer } from '../../../src/traceback/messages.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const ANSWER: NodeAnswer = { kind: 'traceback', case: '6dbb3b36-6f0c-4f0a-9d5f-1f1f4b1f7c11', reports: [], gaps: [] };

function create() {
  const clock = new VirtualClock();
  const ways = new AskedWays(clock);
  return { clock, ways, take: (question: string, asker: string) => ways.take(question, asker, 'p.test') };
}

describe('AskedWays', () => {
  it('lets a peer be asked the same for two, once each, and anew after a minute', () => {
    const { clock, take } = create();
    expect([take('q', 'a'), take('q', 'a'), take('q', 'b'), take('q', 'c')]).toEqual([true, false, true, false]);
    expect(take('other', 'a')).toBe(true);
    clock.advance(59_999);
    expect(take('q', 'a')).toBe(false);
    clock.advance(1);
    expect(take('q', 'a')).toBe(true);
  });

  it('holds what the peer said, of the newest 32 questions, for a minute', () => {
    const { clock, ways } = create();
    expect(ways.answer('0', 'p.test')).toBeUndefined();
    for (let number = 0; number <= 32; number++) ways.hold(`${number}`, 'p.test', ANSWER);
    expect(ways.answer('0', 'p.test')).toBeUndefined();
    expect(ways.answer('1', 'p.test')).toBe(ANSWER);
    expect(ways.answer('1', 'q.test')).toBeUndefined();
    clock.advance(60_000);
    expect(ways.answer('1', 'p.test')).toBeUndefined();
  });

  it('forgets the oldest of more than 10,000 questions', () => {
    const { take } = create();
    for (let number = 0; number <= 10_000; number++) take(`${number}`, 'a');
    expect([take('10000', 'a'), take('1', 'a'), take('0', 'a')]).toEqual([false, false, true]);
  });
});
