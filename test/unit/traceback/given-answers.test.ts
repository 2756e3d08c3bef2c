import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { GivenAnswers } from '../../../src/traceback/given-answers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const addresses = (count: number, from = 0) => Array.from({ length: count }, (_, index) => (from + index) as Address);
const hostsOf = (count: number, from = 0) => ({ servers: [], hosts: new Set(addresses(count, from)) });
const LOOKBACK_MS = 900_000;

function create() {
  const clock = new VirtualClock();
  const given = new GivenAnswers(clock);
  const search = (window: string, hosts: readonly Address[], lookbackMs = LOOKBACK_MS) =>
    Array.from(given.takeSearch(window, hosts, lookbackMs), ([node, named]) => [node, [...named.hosts]]);
  const isKnown = (window: string) => search(window, addresses(1)).length > 0;
  return { clock, given, search, isKnown };
}

describe('GivenAnswers', () => {
  it('lets hosts be searched of whom they were named to, by who named them', () => {
    const { given, search } = create();
    given.noteNamed('one', 's.test', hostsOf(2));
    given.noteNamed('one', 'f.test', hostsOf(2, 1));
    given.noteNamed('one', 'nobody.test', hostsOf(0));
    expect(search('one', addresses(9))).toEqual([
      ['s.test', [0, 1]],
      ['f.test', [1, 2]],
    ]);
    expect(search('two', addresses(9))).toEqual([]);
  });

  it('lets a host be searched once: the same again, and not otherwise', () => {
    const { given, search } = create();
    given.noteNamed('one', 's.test', hostsOf(2));
    expect(search('one', addresses(1))).toEqual([['s.test', [0]]]);
    expect(search('one', addresses(1))).toEqual([['s.test', [0]]]);
    expect(search('one', addresses(2), LOOKBACK_MS + 1)).toEqual([['s.test', [1]]]);
    // Naming it anew does not make it new.
    given.noteNamed('one', 's.test', hostsOf(1));
    expect(search('one', addresses(1), LOOKBACK_MS + 1)).toEqual([]);
  });

  it('forgets what was named after an hour', () => {
    const { clock, given, isKnown } = create();
    given.noteNamed('one', 's.test', hostsOf(1));
    clock.advance(3_599_999);
    expect(isKnown('one')).toBe(true);
    clock.advance(1);
    expect(isKnown('one')).toBe(false);
    given.noteNamed('one', 'other.test', hostsOf(1));
    expect(isKnown('one')).toBe(true);
  });

  it('forgets the oldest when there are too many cases, or too many hosts', () => {
    const { given, isKnown } = create();
    for (let number = 0; number < 1025; number++) given.noteNamed(`${number}`, 's.test', hostsOf(1));
    expect([isKnown('0'), isKnown('1')]).toEqual([false, true]);
    given.noteNamed('large', 's.test', hostsOf(99_999));
    expect([isKnown('1023'), isKnown('1024')]).toEqual([false, true]);
    // What is named anew takes no more room than before.
    given.noteNamed('large', 's.test', hostsOf(99_998));
    expect([isKnown('1024'), isKnown('large')]).toEqual([true, true]);
  });

  it('remembers matches, the newest 10,000', () => {
    const { given } = create();
    for (let number = 0; number <= 10_000; number++) given.noteMatch(`attack ${number}`);
    expect([given.isMatched('attack 0'), given.isMatched('attack 1'), given.isMatched('other')]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
