import { beforeEach, describe, expect, it } from 'vitest';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import type { LogEntry } from '../../../src/querylog/log-entry.ts';
import { ReplyBook } from '../../../src/querylog/reply-book.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const AT_MS = Date.UTC(2026, 10, 21, 12);

const entry = (atMs: number, responseCode?: number): LogEntry => ({
  atMs: AT_MS + atMs,
  name: nameOf('a.example'),
  type: 1,
  class: 1,
  client: addressOf('192.0.2.1'),
  clientPort: undefined,
  server: undefined,
  role: 'recursive',
  responseCode,
  answers: [],
  mark: undefined,
});

describe('ReplyBook', () => {
  let entries: EntryBatchWriter;
  let book: ReplyBook;
  /** Times of what has gone into the log, and response codes. */
  const taking = () => [...readEntries(entries.take())].map(({ atMs, responseCode }) => [atMs - AT_MS, responseCode]);

  beforeEach(() => {
    entries = new EntryBatchWriter();
    book = new ReplyBook(entries);
  });

  it('joins a response to the query that waits', () => {
    book.query('a', entry(0));
    book.response('a', { ...entry(900, 3), clientPort: 4242, server: addressOf('192.0.2.53') }, 900);
    const [joined] = readEntries(entries.take());
    expect(joined).toEqual({ ...entry(0, 3), clientPort: 4242, server: addressOf('192.0.2.53') });
  });

  it('has an entry for a response of which no query was told', () => {
    book.response('a', entry(0, 0), 0);
    book.query('b', entry(10_000));
    book.response('c', entry(11_000, 2), 9000);
    book.response('d', entry(12_000, 5), 0);
    expect(taking()).toEqual([
      [0, 0],
      [11_000, 2],
      [12_000, 5],
    ]);
  });

  it('leaves the other responses where they wait when it has one of a key that waits', () => {
    book.query('a', entry(0));
    book.more(
      'a',
      entry(1),
      () => false,
      () => expect.fail('none suits'),
    );
    book.response('a', entry(5, 3), 5);
    expect(taking()).toEqual([[0, 3]]);
    book.settle();
    expect(taking()).toEqual([[1, undefined]]);
  });

  it('has none for a response whose query went into the log before it came, also after a restart', () => {
    book.query('slow', entry(0));
    book.query('other', entry(6000));
    expect(taking()).toEqual([[0, undefined]]);
    book.response('slow', entry(8000, 2), 8000);
    const resumed = new ReplyBook(entries);
    resumed.resume(JSON.parse(JSON.stringify(book.state())));
    resumed.response('slow', entry(9000, 2), 9000);
    resumed.response('lost', entry(9000, 2), 100);
    expect(taking()).toEqual([[9000, 2]]);
    resumed.response('other', entry(9500, 0), 3500);
    expect(taking()).toEqual([[6000, 0]]);
  });

  it('takes up nothing that is no state', () => {
    for (const state of [undefined, null, 7, 'x', [], { open: 7, firstQueryMs: 'x', forgottenMs: null }])
      book.resume(state);
    book.response('a', entry(0, 0), 0);
    expect(taking()).toEqual([[0, 0]]);
  });
});
