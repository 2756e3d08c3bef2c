import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeList,
  EMPTY_LIST,
  type EntryPage,
  type InboxChange,
  type InboxList,
  MAX_WAITING,
  unknownEntries,
} from '../../../page/src/inbox/live-merge.ts';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import { entryView } from '../../support/entry-view.ts';

const isOpen = ({ state }: EntryView) => state !== 'acknowledged';
const page = (items: readonly EntryView[], next: string | null = null): EntryPage => ({
  items,
  next,
  lookedBackTo: null,
});
const loaded = (...items: EntryView[]) => changeList(EMPTY_LIST, { kind: 'loaded', page: page(items) });
const ids = (entries: readonly EntryView[]) => entries.map(({ id }) => id);
const told = (list: InboxList, ...entries: EntryView[]) => changeList(list, { kind: 'told', entries, fits: isOpen });

describe('the list of the inbox', () => {
  it('lets new entries wait, and moves nothing', () => {
    const list = told(loaded(entryView(2, 20), entryView(1, 10)), entryView(3, 30));
    expect(ids(list.rows)).toEqual([2, 1]);
    expect(ids(list.waiting)).toEqual([3]);
  });

  it('brings a changed row up to date where it stands', () => {
    const list = told(loaded(entryView(2, 20), entryView(1, 10)), entryView(1, 40, { change: 9, events: 7 }));
    expect(ids(list.rows)).toEqual([2, 1]);
    expect(list.rows[1]).toMatchObject({ events: 7, change: 9 });
    expect(list.waiting).toEqual([]);
  });

  it('is not put back by what was told before', () => {
    const now = entryView(1, 40, { change: 9, events: 7 });
    expect(told(loaded(now), entryView(1, 10, { change: 8, events: 6 })).rows).toEqual([now]);
  });

  it('shows what waits in its order when it is asked to', () => {
    const waiting = told(loaded(entryView(2, 20), entryView(1, 10)), entryView(3, 30), entryView(1, 40, { change: 9 }));
    const list = changeList(waiting, { kind: 'merged', fits: isOpen });
    expect(ids(list.rows)).toEqual([1, 3, 2]);
    expect(list.waiting).toEqual([]);
  });

  it('keeps a row that somebody else acknowledged until it is merged', () => {
    const done = told(
      loaded(entryView(2, 20), entryView(1, 10)),
      entryView(2, 20, { change: 9, state: 'acknowledged' }),
    );
    expect(ids(done.rows)).toEqual([2, 1]);
    expect(ids(changeList(done, { kind: 'merged', fits: isOpen }).rows)).toEqual([1]);
  });

  it('takes out what the reader acknowledges, and puts it back where it was', () => {
    const list = loaded(entryView(3, 30), entryView(2, 20), entryView(1, 10));
    const acted = (entries: readonly EntryView[], from: InboxList) =>
      changeList(from, { kind: 'acted', entries, fits: isOpen });
    const without = acted([entryView(2, 20, { change: 9, state: 'acknowledged' })], list);
    expect(ids(without.rows)).toEqual([3, 1]);
    expect(ids(acted([entryView(2, 20, { change: 10 })], without).rows)).toEqual([3, 2, 1]);
  });

  it('keeps every row in its place where a search asks for states', () => {
    const entries = [entryView(2, 20, { change: 9, state: 'acknowledged' })];
    const list = changeList(loaded(entryView(2, 20), entryView(1, 10)), { kind: 'acted', entries, fits: undefined });
    expect(ids(list.rows)).toEqual([2, 1]);
    expect(list.rows[0]!.state).toBe('acknowledged');
  });

  it('leaves entries that come on a later page to that page', () => {
    const list = changeList(EMPTY_LIST, { kind: 'loaded', page: page([entryView(5, 50), entryView(4, 40)], 'more') });
    expect(told(list, entryView(1, 10)).waiting).toEqual([]);
    expect(unknownEntries(list, [entryView(1, 10)])).toEqual([]);
    const all = changeList(list, { kind: 'appended', page: page([entryView(4, 40), entryView(1, 10)]) });
    expect(ids(all.rows)).toEqual([5, 4, 1]);
    expect(all.next).toBeNull();
  });

  it('takes no new ones of a search that only the console can judge', () => {
    const list = changeList(loaded(entryView(1, 10)), { kind: 'told', entries: [entryView(2, 20)], fits: undefined });
    expect(list.waiting).toEqual([]);
    expect(ids(changeList(list, { kind: 'looked', page: page([entryView(2, 20), entryView(1, 10)]) }).waiting)).toEqual(
      [2],
    );
  });

  it('knows when more is new than one look finds', () => {
    const looked = changeList(loaded(entryView(1, 10)), { kind: 'looked', page: page([entryView(9, 90)], 'more') });
    expect(looked.hasMissed).toBe(true);
    expect(changeList(looked, { kind: 'loaded', page: page([entryView(9, 90)]) }).hasMissed).toBe(false);
  });

  it('holds no more than it may', () => {
    const many = Array.from({ length: MAX_WAITING + 1 }, (_, index) => entryView(index + 10, index + 10));
    const list = told(loaded(entryView(1, 1)), ...many);
    expect(list.waiting).toHaveLength(MAX_WAITING);
    expect(list.waiting[0]!.id).toBe(MAX_WAITING + 10);
    expect(list.hasMissed).toBe(true);
  });

  it('has no entry twice, moves no row and loses none, whatever is told', () => {
    const entry = fc
      .tuple(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 99 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 50 }),
      )
      .map(([id, last, isDone, change]) => entryView(id, last, { change, state: isDone ? 'acknowledged' : 'open' }));
    const first = fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 6 });
    const change: fc.Arbitrary<InboxChange> = fc.oneof(
      fc.array(entry, { maxLength: 4 }).map((entries) => ({ kind: 'told' as const, entries, fits: isOpen })),
      fc
        .uniqueArray(entry, { selector: ({ id }) => id, maxLength: 4 })
        .map((items) => ({ kind: 'looked' as const, page: page(items) })),
    );
    fc.assert(
      fc.property(first, fc.array(change, { maxLength: 8 }), (items, changes) => {
        const start = loaded(...items);
        const list = changes.reduce(changeList, start);
        expect(ids(list.rows)).toEqual(ids(start.rows));
        const merged = changeList(list, { kind: 'merged', fits: undefined });
        const all = ids(merged.rows);
        expect(new Set(all).size).toBe(all.length);
        expect([...all].sort()).toEqual(ids([...list.rows, ...list.waiting]).sort());
        const lasts = merged.rows.map(({ last }) => last);
        expect(lasts).toEqual([...lasts].sort().reverse());
      }),
    );
  });
});
