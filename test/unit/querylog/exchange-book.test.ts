import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { EntryBatchReader, EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { addAnswer, ExchangeBook } from '../../../src/querylog/exchange-book.ts';
import { type LogEntry, MAX_ANSWERS } from '../../../src/querylog/log-entry.ts';
import { QueueRoom } from '../../../src/querylog/queue-room.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const AT_MS = Date.UTC(2026, 10, 21, 12);

const entry = (atMs: number, more: Partial<LogEntry> = {}): LogEntry => ({
  atMs,
  name: nameOf('a.example'),
  type: 1,
  class: 1,
  client: addressOf('192.0.2.1'),
  clientPort: 4242,
  server: addressOf('2001:db8::53'),
  role: 'recursive',
  responseCode: undefined,
  answers: [],
  mark: undefined,
  ...more,
});

describe('ExchangeBook', () => {
  let entries: EntryBatchWriter;
  let book: ExchangeBook;
  const taking = () => [...readEntries(entries.take())];
  const timesTaken = () => taking().map(({ atMs }) => atMs - AT_MS);

  beforeEach(() => {
    entries = new EntryBatchWriter();
    book = new ExchangeBook(entries);
  });

  it('lets an entry into the log when it is finished, with what was told of it', () => {
    book.add('a', entry(AT_MS));
    expect(entries.count).toBe(0);
    const open = book.find('a')!;
    open.responseCode = 3;
    addAnswer(open, addressOf('203.0.113.1'));
    book.finish('a');
    expect(taking()).toEqual([entry(AT_MS, { responseCode: 3, answers: [addressOf('203.0.113.1')] })]);
    expect([book.size, book.find('a')]).toEqual([0, undefined]);
    book.finish('a');
    expect(entries.count).toBe(0);
  });

  it('does not change what it was given', () => {
    const given = entry(AT_MS);
    book.add('a', given);
    book.find('a')!.responseCode = 3;
    addAnswer(book.find('a')!, addressOf('203.0.113.1'));
    expect(given).toEqual(entry(AT_MS));
  });

  it('tells of the oldest of equal keys first, or of the first that suits, or of the last', () => {
    for (const port of [1, 2, 3]) book.add('a', entry(AT_MS + port, { clientPort: port }));
    book.add('b', entry(AT_MS + 4));
    expect(book.find('a')!.clientPort).toBe(1);
    expect(book.find('a', ({ clientPort }) => clientPort! > 1)!.clientPort).toBe(2);
    expect(book.find('a', () => false)).toBeUndefined();
    expect(book.last('a')!.clientPort).toBe(3);
    expect(book.all('a').map(({ clientPort }) => clientPort)).toEqual([1, 2, 3]);
    book.finish(
      'a',
      book.find('a', ({ clientPort }) => clientPort === 2),
    );
    book.finish('a');
    expect(timesTaken()).toEqual([2, 1]);
    expect(book.find('a')!.clientPort).toBe(3);
    book.finish('a', entry(AT_MS));
    expect(book.size).toBe(2);
  });

  it('knows the key of the only one that waits', () => {
    expect(book.onlyKey).toBeUndefined();
    book.add('a', entry(AT_MS));
    expect(book.onlyKey).toBe('a');
    book.add('b', entry(AT_MS));
    expect(book.onlyKey).toBeUndefined();
    book.finish('a');
    expect(book.onlyKey).toBe('b');
  });

  it('lets go of what has waited for more than five seconds of the log', () => {
    for (const ms of [0, 1000, 5000]) book.add('a', entry(AT_MS + ms));
    expect([timesTaken(), book.forgottenMs]).toEqual([[], Number.NEGATIVE_INFINITY]);
    book.add('b', entry(AT_MS + 6000));
    expect([timesTaken(), book.forgottenMs]).toEqual([[0], AT_MS]);
    book.add('c', entry(AT_MS + 11_001));
    expect([timesTaken(), book.forgottenMs]).toEqual([[1000, 5000, 6000], AT_MS + 6000]);
  });

  it('does not let what came from the future hold up what follows', () => {
    book.add('a', entry(AT_MS));
    book.add('future', entry(AT_MS + 86_400_000));
    for (let second = 1; second <= 10; second++) book.add('b', entry(AT_MS + second * 1000));
    expect(timesTaken()).toEqual([0, 86_400_000, 1000, 2000, 3000, 4000]);
  });

  it('lets go of the oldest when those that wait need more than 4 MiB', () => {
    for (let count = 1; count <= 30_000; count++) book.add(`${count % 7}`, entry(AT_MS, { clientPort: count }));
    const few = book.size;
    expect(few).toBeGreaterThan(8000);
    expect(taking().map(({ clientPort }) => clientPort)).toEqual(
      Array.from({ length: 30_000 - few }, (_, at) => at + 1),
    );
    book.settle();
    expect([book.size, entries.count]).toEqual([0, few]);
    const name = nameOf(Array.from({ length: 4 }, () => 'x'.repeat(61)).join('.'));
    const answers = Array.from({ length: MAX_ANSWERS }, (_, at) => addressOf(`2001:db8::${at}`));
    for (let count = 0; count < 30_000; count++) book.add(`${count} ${name}`, entry(AT_MS, { name, answers }));
    expect(book.size).toBeLessThan(few / 4);
    expect(book.size).toBeGreaterThan(1000);
  });

  it('keeps a short state, whatever octets are in what waits', () => {
    const name = nameOf(Array.from({ length: 4 }, () => '\\001'.repeat(61)).join('.'));
    for (let count = 0; count < 30_000; count++) {
      const client = addressOf(`2001:db8::${(count % 9999) + 1}`);
      book.add(`${client}#${count} 1 1 ${name}`, entry(AT_MS, { name, client }));
    }
    const text = JSON.stringify({ reader: JSON.stringify(book.state()) });
    expect(book.size).toBeGreaterThan(4000);
    expect(text.length).toBeLessThan(4 * 1024 * 1024);
    const resumed = new ExchangeBook(new EntryBatchWriter());
    resumed.resume(JSON.parse(JSON.parse(text).reader));
    expect([resumed.size, resumed.last(`${addressOf('2001:db8::2')}#29998 1 1 ${name}`)?.name]).toEqual([
      book.size,
      name,
    ]);
  });

  it('shares memory with others beyond what is its own, and gives it back', () => {
    const room = new QueueRoom(1_000_000);
    const books = Array.from({ length: 50 }, () => new ExchangeBook(entries, room));
    for (const one of books) for (let count = 0; count < 5000; count++) one.add(`${count}`, entry(AT_MS));
    expect(room.taken).toBeGreaterThan(990_000);
    expect(room.taken).toBeLessThanOrEqual(1_000_000);
    const sizes = books.map(({ size }) => size);
    expect(Math.min(...sizes)).toBeGreaterThan(60);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(50 * 80 + 2500);
    expect(entries.count).toBe(250_000 - sizes.reduce((sum, size) => sum + size));
    for (const one of books.slice(1)) one.settle();
    for (let count = 0; count < 1000; count++) books[0]!.finish(`${4999 - count}`);
    expect(books[0]!.size).toBe(Math.max(0, sizes[0]! - 1000));
    books[0]!.settle();
    expect(room.taken).toBe(0);
    expect(entries.count).toBe(250_000);
    books[1]!.add('k'.repeat(2_000_000), entry(AT_MS));
    expect(books[1]!.size).toBe(1);
    books[1]!.add('a', entry(AT_MS));
    expect([books[1]!.size, books[1]!.find('a')?.atMs]).toEqual([1, AT_MS]);
  });

  it('takes about as long for each of many as for each of few', () => {
    const given = entry(AT_MS);
    const timeMs = (waiting: number) => {
      const startedAtMs = performance.now();
      for (let count = 0; count < 100_000; count++) {
        book.add(`${count}`, given);
        if (count >= waiting) book.finish(`${count - waiting}`);
        if (entries.count > 10_000) entries.take();
      }
      book.settle();
      return performance.now() - startedAtMs;
    };
    timeMs(10);
    const few = Math.min(timeMs(10), timeMs(10));
    expect(Math.min(timeMs(16_000), timeMs(16_000))).toBeLessThan(few * 8 + 50);
  });

  it('keeps sixty-four addresses of an answer, each once', () => {
    book.add('a', entry(AT_MS));
    const open = book.find('a')!;
    for (let count = 0; count < 2 * MAX_ANSWERS; count++) addAnswer(open, addressOf(`203.0.113.${count >> 1}`));
    expect(open.answers).toHaveLength(MAX_ANSWERS);
    for (let count = 0; count < MAX_ANSWERS; count++) addAnswer(open, addressOf(`2001:db8::${count}`));
    expect(open.answers.filter((address) => typeof address === 'string')).toEqual([]);
  });

  it('goes on from its state as if it had not stopped', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      afterMs: fc.constantFrom(0, 900, 4000, -10_000),
      isEnd: fc.boolean(),
      isRestart: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [ends, ended] = [new EntryBatchWriter(), new EntryBatchWriter()];
        const whole = new ExchangeBook(ends);
        let part = new ExchangeBook(ended);
        let atMs = AT_MS;
        for (const { key, afterMs, isEnd, isRestart } of steps) {
          atMs += afterMs;
          const next = entry(atMs, { answers: [addressOf('203.0.113.1'), addressOf('2001:db8::1')], mark: 'blocked' });
          for (const one of [whole, part]) {
            if (isEnd) one.finish(key);
            else one.add(key, next);
          }
          if (!isRestart) continue;
          const state = JSON.parse(JSON.stringify(part.state()));
          const { forgottenMs } = part;
          part = new ExchangeBook(ended);
          part.resume(state, forgottenMs);
        }
        expect(part.forgottenMs).toBe(whole.forgottenMs);
        whole.settle();
        part.settle();
        expect([...readEntries(ended.take())]).toEqual([...readEntries(ends.take())]);
      }),
    );
  });

  it('takes up nothing that is no entry, and writes nothing that cannot be read', () => {
    book.add('a', entry(AT_MS));
    book.add('b', entry(AT_MS));
    const good = JSON.parse(JSON.stringify(book.state()));
    book.settle();
    entries.take();
    for (const keys of [undefined, null, 7, 'x', [], [7, 'b'], [['x', 'y', 'z'], [7]]]) book.resume({ ...good, keys });
    expect(book.size).toBe(0);
    book.resume({ ...good, keys: [[], ['b']] });
    expect([book.size, book.find('b')?.atMs]).toEqual([2, AT_MS]);
    book.settle();
    entries.take();
    const octets = Buffer.from(good.entries, 'base64');
    for (let at = 0; at < octets.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = Buffer.from(octets);
        changed[at] = value;
        for (const one of [changed, octets.subarray(0, at)]) book.resume({ ...good, entries: one.toString('base64') });
      }
    }
    book.settle();
    const reader = new EntryBatchReader(entries.take());
    let found = reader.next();
    while (found === 'entry') found = reader.next();
    expect(found).toBe('end');
    for (const state of [undefined, null, 7, 'x', [], {}, { length: 3 }, { ...good, entries: 7 }]) book.resume(state);
    expect(book.size).toBe(0);
  });
});
