import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingQueries } from '../../../src/nsdb/pending-queries.ts';
import { type ExchangeFields, queryAt, responseAt } from '../../support/observations.ts';
import { openObservation } from '../../support/opened-observation.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TIME_MS = 5000;
const LONGEST_NAME = [63, 63, 63, 61].map((length) => 'x'.repeat(length)).join('.');

function setUp(size = 100) {
  const clock = new VirtualClock();
  const pending = new PendingQueries({ timeMs: TIME_MS, size });
  const open = (fields: ExchangeFields = {}) => {
    pending.open(openObservation(queryAt(clock.nowMs(), fields)), clock.nowMs());
    return clock.nowMs();
  };
  /** When the query was seen that the response answers. */
  const close = (fields: ExchangeFields = {}) => {
    const isFound = pending.close(openObservation(responseAt(clock.nowMs(), fields)), clock.nowMs());
    return isFound ? pending.closedAtMs : undefined;
  };
  return { clock, pending, open, close };
}

const IPV6 = { client: '2001:db8::2', server: '2001:db8::53' };

describe('PendingQueries', () => {
  it('gives a response the query it answers, once', () => {
    const { clock, pending, open, close } = setUp();
    const atMs = open();
    clock.advance(10);
    expect(pending.size).toBe(1);
    expect(close()).toBe(atMs);
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
    ['query name, longer', { name: 'www.example.org.a' }],
    ['query name, shorter', { name: 'www.example' }],
    ['letter case of the query name', { name: 'www.Example.org' }],
    ['query type', { type: 28 }],
    ['query class', { class: 3 }],
    ['family of the addresses', IPV6],
  ])('a response with another %s is no match, and the query goes on waiting', (_what, other) => {
    const { open, close } = setUp();
    const atMs = open();
    expect(close(other)).toBeUndefined();
    expect(close()).toBe(atMs);
  });

  it.each(['client', 'server'] as const)('looks at all octets of an IPv6 %s', (side) => {
    const { open, close } = setUp();
    const atMs = open(IPV6);
    for (const other of ['2001:db8::ffff', '2001:db8:0:1::53', '2001:db8:1::53', '2001:db9::53'])
      expect(close({ ...IPV6, [side]: other })).toBeUndefined();
    expect(close(IPV6)).toBe(atMs);
  });

  it.each(['wWw.eXample.ORG', '.', LONGEST_NAME, 'a\\.b.example', '\\000.example'])('matches the name %s', (name) => {
    const { open, close } = setUp();
    const atMs = open({ name });
    expect(close({ name })).toBe(atMs);
  });

  it('an entry that held a long name before holds a short one as well', () => {
    const { open, close } = setUp(1);
    open({ name: LONGEST_NAME });
    close({ name: LONGEST_NAME });
    const atMs = open({ name: 'a' });
    expect(close({ name: 'a.x' })).toBeUndefined();
    expect(close({ name: 'a' })).toBe(atMs);
  });

  it('waits until the time is over and no longer', () => {
    const { clock, pending, open, close } = setUp();
    const atMs = open();
    clock.advance(TIME_MS);
    expect(close()).toBe(atMs);
    open();
    clock.advance(TIME_MS + 1);
    expect(close()).toBeUndefined();
    expect(pending.size).toBe(0);
  });

  it('refuses a late response even when an entry out of order stands before its query', () => {
    const { clock, pending, close } = setUp();
    pending.open(openObservation(queryAt(0, { id: 1 })), clock.nowMs() + 100);
    pending.open(openObservation(queryAt(0, { id: 2 })), clock.nowMs());
    clock.advance(TIME_MS + 1);
    expect(close({ id: 2 })).toBeUndefined();
  });

  it('counts a retransmission as the same query, with the time of the newer', () => {
    const { clock, pending, open, close } = setUp();
    open();
    clock.advance(3000);
    const againMs = open();
    expect(pending.size).toBe(1);
    clock.advance(3000);
    expect(close()).toBe(againMs);
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

  it('behaves as a map in the order of its making, whatever comes and goes', () => {
    const step = fc.record({
      do: fc.constantFrom('open', 'open', 'close', 'wait'),
      id: fc.nat({ max: 3 }),
      name: fc.constantFrom('a', 'A', LONGEST_NAME),
      isIpv6: fc.boolean(),
      ms: fc.nat({ max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const most = 5;
        const { clock, pending, open, close } = setUp(most);
        const model = new Map<string, number>();
        let evicted = 0;
        for (const { do: what, id, name, isIpv6, ms } of steps) {
          const fields = { id, name, ...(isIpv6 ? IPV6 : {}) };
          const key = JSON.stringify(fields);
          if (what === 'wait') clock.advance(ms);
          if (what === 'open') {
            for (const [other, atMs] of model) if (atMs < clock.nowMs() - TIME_MS) model.delete(other);
            model.delete(key);
            const oldest = model.keys().next().value;
            if (model.size >= most && oldest !== undefined) {
              model.delete(oldest);
              evicted++;
            }
            model.set(key, open(fields));
          }
          if (what === 'close') {
            const atMs = model.get(key);
            model.delete(key);
            expect(close(fields)).toBe(atMs !== undefined && atMs >= clock.nowMs() - TIME_MS ? atMs : undefined);
          }
          expect([pending.size, pending.evicted]).toEqual([model.size, evicted]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
