import { describe, expect, it } from 'vitest';
import { type Holdable, HoldBook, type HoldOptions } from '../../../src/firewall/hold-book.ts';
import { addressOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const A = '203.0.113.1';
const B = '203.0.113.2';

function setUp(options: Partial<HoldOptions> = {}) {
  const clock = new VirtualClock(0);
  const overdue: string[] = [];
  const book = new HoldBook<Holdable>(clock, { timeMs: 50, packets: 4, bytes: 1000, ...options }, ({ key }) =>
    overdue.push(`${key} at ${clock.nowMs()}`),
  );
  const put = (key: string, destination = A, bytes = 100) =>
    book.put({ key, destination: addressOf(destination), bytes, packets: 1 });
  const take = (destination: string) => book.takeFor(addressOf(destination)).map(({ key }) => key);
  return { clock, book, overdue, put, take };
}

describe('HoldBook', () => {
  it('lets each item go when its own time is over, in order', () => {
    const { clock, book, overdue, put } = setUp();
    expect(put('a')).toBe('held');
    clock.advance(20);
    put('b', B);
    put('c');
    clock.advance(29);
    expect(overdue).toEqual([]);
    clock.advance(1);
    expect(overdue).toEqual(['a at 50']);
    clock.advance(100);
    expect(overdue).toEqual(['a at 50', 'b at 70', 'c at 70']);
    expect(book.size).toBe(0);
    expect(book.bytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('hands out all that wait for a destination, oldest first, once', () => {
    const { clock, book, overdue, put, take } = setUp();
    put('a');
    put('b', B);
    put('c');
    expect(take(A)).toEqual(['a', 'c']);
    expect(take(A)).toEqual([]);
    expect(book.size).toBe(1);
    expect(book.bytes).toBe(100);
    clock.advance(50);
    expect(overdue).toEqual(['b at 50']);
  });

  it('merges what is held already, without prolonging it; afterwards it is new', () => {
    const { clock, book, overdue, put } = setUp();
    put('a');
    clock.advance(30);
    expect(put('a')).toBe('merged');
    expect(book.size).toBe(1);
    expect(book.bytes).toBe(100);
    clock.advance(20);
    expect(overdue).toEqual(['a at 50']);
    expect(put('a')).toBe('held');
  });

  it('is bounded in packets', () => {
    const { book, put, take } = setUp();
    for (const key of ['a', 'b', 'c', 'd']) expect(put(key)).toBe('held');
    expect(put('e')).toBe('full');
    expect(put('a')).toBe('merged');
    expect(book.size).toBe(4);
    take(A);
    expect(put('e')).toBe('held');
  });

  it('is bounded in octets; what keeps no octets still counts as a packet', () => {
    const { book, put } = setUp();
    expect(put('a', A, 900)).toBe('held');
    expect(put('b', A, 101)).toBe('full');
    expect(put('c', A, 100)).toBe('held');
    expect(put('d', A, 0)).toBe('held');
    expect(book.bytes).toBe(1000);
  });

  it('of size 0 holds nothing', () => {
    const { clock, put } = setUp({ packets: 0 });
    expect(put('a')).toBe('full');
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes new items while it lets go of old ones, each for its full time', () => {
    const clock = new VirtualClock(0);
    const overdue: string[] = [];
    const book: HoldBook<Holdable> = new HoldBook(clock, { timeMs: 50, packets: 4, bytes: 1000 }, ({ key }) => {
      overdue.push(`${key} at ${clock.nowMs()}`);
      if (key === 'a') book.put({ key: 'again', destination: addressOf(B), bytes: 1, packets: 1 });
    });
    book.put({ key: 'a', destination: addressOf(A), bytes: 1, packets: 1 });
    clock.advance(10);
    book.put({ key: 'b', destination: addressOf(A), bytes: 1, packets: 1 });
    clock.advance(200);
    expect(overdue).toEqual(['a at 50', 'b at 60', 'again at 100']);
  });

  it('stop lets go of all without a word; safe twice', () => {
    const { clock, book, overdue, put, take } = setUp();
    put('a');
    put('b', B);
    book.stop();
    book.stop();
    clock.advance(1000);
    expect(overdue).toEqual([]);
    expect(take(A)).toEqual([]);
    expect(book.size).toBe(0);
    expect(book.bytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
