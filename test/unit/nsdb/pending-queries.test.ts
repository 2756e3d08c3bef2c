import { describe, expect, it } from 'vitest';
import { PendingQueries } from '../../../src/nsdb/pending-queries.ts';
import { type ExchangeFields, queryAt, responseAt } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TIME_MS = 5000;

function setUp(size = 100) {
  const clock = new VirtualClock();
  const pending = new PendingQueries(clock, { timeMs: TIME_MS, size });
  const open = (fields: ExchangeFields = {}) => {
    const query = queryAt(clock.nowMs(), fields);
    pending.open(query);
    return query;
  };
  const close = (fields: ExchangeFields = {}) => pending.close(responseAt(clock.nowMs(), fields));
  return { clock, pending, open, close };
}

describe('PendingQueries', () => {
  it('gives a response the query it answers, once', () => {
    const { pending, open, close } = setUp();
    const query = open();
    expect(pending.size).toBe(1);
    expect(close()).toBe(query);
    expect(pending.size).toBe(0);
    expect(close()).toBeUndefined();
  });

  it.each<[string, ExchangeFields]>([
    ['client', { client: '192.0.2.3' }],
    ['client port', { clientPort: 40001 }],
    ['server', { server: '198.51.100.54' }],
    ['server port', { serverPort: 54 }],
    ['transport', { transport: 'tcp' }],
    ['ID', { id: 0x1235 }],
    ['query name', { name: 'www.example.net' }],
    ['letter case of the query name', { name: 'www.Example.org' }],
    ['query type', { type: 28 }],
    ['query class', { class: 3 }],
    ['family of the addresses', { client: '2001:db8::2', server: '2001:db8::53' }],
  ])('a response with another %s is no match, and the query goes on waiting', (_what, other) => {
    const { open, close } = setUp();
    const query = open();
    expect(close(other)).toBeUndefined();
    expect(close()).toBe(query);
  });

  it('matches a name with mixed letter case in the same case', () => {
    const { open, close } = setUp();
    const query = open({ name: 'wWw.eXample.ORG' });
    expect(close({ name: 'wWw.eXample.ORG' })).toBe(query);
  });

  it('matches over IPv6', () => {
    const { open, close } = setUp();
    const fields = { client: '2001:db8::2', server: '2001:db8::53' };
    const query = open(fields);
    expect(close(fields)).toBe(query);
  });

  it('waits until the time is over and no longer', () => {
    const { clock, pending, open, close } = setUp();
    const query = open();
    clock.advance(TIME_MS);
    expect(close()).toBe(query);
    open();
    clock.advance(TIME_MS + 1);
    expect(close()).toBeUndefined();
    expect(pending.size).toBe(0);
  });

  it('refuses a late response even when an entry out of order stands before its query', () => {
    const { clock, pending, close } = setUp();
    pending.open(queryAt(clock.nowMs() + 100, { id: 1 }));
    pending.open(queryAt(clock.nowMs(), { id: 2 }));
    clock.advance(TIME_MS + 1);
    expect(close({ id: 2 })).toBeUndefined();
  });

  it('counts a retransmission as the same query, with the time of the newer', () => {
    const { clock, pending, open, close } = setUp();
    open();
    clock.advance(3000);
    const again = open();
    expect(pending.size).toBe(1);
    clock.advance(3000);
    expect(close()).toBe(again);
    expect(close()).toBeUndefined();
  });

  it('is bounded: the oldest makes room and is counted', () => {
    const { pending, open, close } = setUp(3);
    for (const id of [1, 2, 3, 4]) open({ id });
    expect(pending.size).toBe(3);
    expect(pending.evicted).toBe(1);
    expect(close({ id: 1 })).toBeUndefined();
    expect(close({ id: 2 })).toBeDefined();
    expect(close({ id: 4 })).toBeDefined();
  });

  it('a retransmission in a full table pushes nothing out', () => {
    const { pending, open, close } = setUp(2);
    open({ id: 1 });
    open({ id: 2 });
    open({ id: 1 });
    expect(pending.evicted).toBe(0);
    open({ id: 3 });
    expect(close({ id: 2 })).toBeUndefined();
    expect(close({ id: 1 })).toBeDefined();
  });

  it('what is overdue makes room without counting as pushed out', () => {
    const { clock, pending, open } = setUp(2);
    open({ id: 1 });
    open({ id: 2 });
    clock.advance(TIME_MS + 1);
    open({ id: 3 });
    expect(pending.size).toBe(1);
    expect(pending.evicted).toBe(0);
  });
});
