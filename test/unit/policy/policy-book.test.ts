import { describe, expect, it } from 'vitest';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { historyOptions } from '../../support/learning.ts';
import { DEFAULT_GROUP, groupOf, policiesOn, ruleOf } from '../../support/policies.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const book = policiesOn(clock, new NsHistory(clock, historyOptions({})), [], [groupOf(7, 'lab', ['192.0.2.10'])]);
  let changes = 0;
  book.subscribe(() => changes++);
  return { book, clock, changes: () => changes };
}

describe('PolicyBook', () => {
  it('has one policy as long as nothing changes', () => {
    const { book, changes } = setUp();
    expect(book.current).toBe(book.current);
    expect(changes()).toBe(0);
  });

  it.each<[string, (book: ReturnType<typeof setUp>['book']) => void]>([
    ['a rule is added', ({ rules }) => rules.add(ruleOf('allow', { to: '203.0.113.1' }))],
    ['a configuration has come', ({ rules }) => rules.configure([ruleOf('allow', {}, { origin: 'configuration' })])],
    ['groups are others', (book) => book.regroup([DEFAULT_GROUP])],
    ['a pack has changed', (book) => book.packsChanged()],
  ])('makes another one when %s, and tells in the same turn', (_what, change) => {
    const { book, changes } = setUp();
    const before = book.current;
    let seen: unknown;
    book.subscribe(() => {
      seen = book.current;
    });
    change(book);
    expect(changes()).toBe(1);
    expect(book.current).not.toBe(before);
    // Who is told sees the new one already.
    expect(seen).toBe(book.current);
  });

  it('what changes nothing is not told', () => {
    const { book, changes } = setUp();
    const before = book.current;
    book.rules.remove('nobody');
    book.rules.expire(1e15);
    expect(changes()).toBe(0);
    expect(book.current).toBe(before);
  });

  it('groups are those of the policy', () => {
    const { book } = setUp();
    expect(book.groups).toBe(book.current.groups);
    expect(book.groups.get('lab')?.id).toBe(7);
    book.regroup([groupOf(9, 'other', ['192.0.2.11']), DEFAULT_GROUP]);
    expect(book.groups.get('lab')).toBeUndefined();
    expect(book.current.groups.get('other')?.id).toBe(9);
  });
});
