import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/address.ts';
import { CaseBook } from '../../../src/traceback/case-book.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const hostsOf = (count: number, from = 0) => ({
  servers: [],
  hosts: new Set(Array.from({ length: count }, (_, index) => (from + index) as Address)),
});

describe('CaseBook', () => {
  it('remembers who named which hosts to whom', () => {
    const book = new CaseBook(new VirtualClock());
    book.noteNamed('AB', 'asker.test', 's.test', hostsOf(2));
    book.noteNamed('ab', 'asker.test', 'f.test', hostsOf(1, 7));
    book.noteNamed('ab', 'asker.test', 'nobody.test', hostsOf(0));
    expect([...book.namedTo('ab', 'asker.test').keys()]).toEqual(['s.test', 'f.test']);
    expect(book.namedTo('ab', 'other.test').size).toBe(0);
    expect(book.namedTo('cd', 'asker.test').size).toBe(0);
  });

  it('forgets the oldest cases when there are too many, or too many hosts', () => {
    const book = new CaseBook(new VirtualClock());
    for (let number = 0; number < 1025; number++) book.noteNamed(`${number}`, 'a.test', 's.test', hostsOf(1));
    expect([book.namedTo('0', 'a.test').size, book.namedTo('1', 'a.test').size]).toEqual([0, 1]);
    book.noteNamed('large', 'a.test', 's.test', hostsOf(99_999));
    expect([book.namedTo('1023', 'a.test').size, book.namedTo('1024', 'a.test').size]).toEqual([0, 1]);
    // What is named anew takes no more room than before.
    book.noteNamed('large', 'a.test', 's.test', hostsOf(99_998));
    expect(book.namedTo('1024', 'a.test').size).toBe(1);
    expect(book.namedTo('large', 'a.test').get('s.test')!.hosts.size).toBe(99_998);
  });

  it('remembers matches, the newest 10,000', () => {
    const book = new CaseBook(new VirtualClock());
    for (let number = 0; number <= 10_000; number++) book.noteMatch(`case ${number}`);
    expect([book.isMatched('case 0'), book.isMatched('CASE 1'), book.isMatched('other')]).toEqual([false, true, false]);
  });

  it('lets a peer be asked the same of a case four times in a while', () => {
    const clock = new VirtualClock();
    const book = new CaseBook(clock);
    const take = (question = 'q', asker = 'a.test') => book.takeWay(question, asker, 'p.test');
    expect([take(), take(), take(), take(), take()]).toEqual([true, true, true, true, false]);
    // Another asker cannot use up what is left to this one.
    expect([take('other'), take('q', 'b.test')]).toEqual([true, true]);
    clock.advance(60_000);
    expect(take()).toBe(true);
  });
});
