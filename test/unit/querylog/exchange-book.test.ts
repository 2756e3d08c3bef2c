import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { addAnswer, ExchangeBook } from '../../../src/querylog/exchange-book.ts';
import { type LogEntry, MAX_ANSWERS } from '../../../src/querylog/log-entry.ts';
import { addressOf, nameOf } from '../../support/observations.ts';

const AT_MS = Date.UTC(2026, 10, 21, 12);
const MAX_OPEN = 16_384;

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

  it('lets go of the oldest when too many wait', () => {
    for (let count = 0; count < MAX_OPEN + 3; count++)
      book.add(`${count % 7}`, entry(AT_MS, { clientPort: count % 60_000 }));
    expect(book.size).toBe(MAX_OPEN);
    expect(taking().map(({ clientPort }) => clientPort)).toEqual([undefined, 1, 2]);
    book.settle();
    expect([book.size, entries.count]).toEqual([0, MAX_OPEN]);
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
    const good = JSON.parse(JSON.stringify(entry(AT_MS)));
    const changes = {
      atMs: [null, '0', Number.NaN],
      name: [
        null,
        '',
        'a',
        '\x01',
        '\x01a',
        '\x40a\0',
        '\0\0',
        '\x01\u0100\0',
        `${'\x3f'.padEnd(64, 'a').repeat(4)}\0`,
      ],
      type: [null, -1, 65_536, 1.5, '1'],
      class: [null, -1, 65_536],
      answers: [null, 'x', [1.5], [2 ** 31], ['x'], ['\u0100'.repeat(16)], Array(MAX_ANSWERS + 1).fill(1)],
    };
    const bad = Object.entries(changes).flatMap(([key, values]) => values.map((value) => ({ ...good, [key]: value })));
    book.resume([null, 7, [], ['a'], ['a', null], [7, good], ...bad.map((one) => ['a', one]), ['b', good]]);
    expect(book.size).toBe(1);
    const odd = { clientPort: 70_000, client: 'x', server: 2 ** 40, responseCode: -1, role: 'x', mark: 7 };
    book.resume([['c', { ...good, ...odd }]]);
    book.settle();
    const nothing = Object.fromEntries(Object.keys(odd).map((key) => [key, undefined]));
    expect(taking()).toEqual([entry(AT_MS), { ...entry(AT_MS), ...nothing }]);
    for (const state of [undefined, null, 7, 'x', {}, { length: 3 }]) book.resume(state);
    expect(book.size).toBe(0);
  });
});
