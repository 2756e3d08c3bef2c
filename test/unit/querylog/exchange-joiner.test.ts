import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { EntryBatchWriter, readEntries } from '../../../src/querylog/entry-batch.ts';
import { ExchangeJoiner } from '../../../src/querylog/exchange-joiner.ts';
import type { LogEntry } from '../../../src/querylog/log-entry.ts';
import { entryOf } from '../../support/log-entries.ts';

const QUERY = entryOf(0, { responseCode: undefined, server: undefined, clientPort: undefined });
const RESPONSE = entryOf(1, { responseCode: 3, answers: [parseAddress('203.0.113.80')!], role: 'authoritative' });
const WHOLE: LogEntry = { ...RESPONSE, atMs: QUERY.atMs };

class Rig {
  readonly writer = new EntryBatchWriter();
  joiner = new ExchangeJoiner(this.writer);

  restart(): void {
    const state: unknown = JSON.parse(JSON.stringify(this.joiner.state()));
    this.joiner = new ExchangeJoiner(this.writer);
    this.joiner.resume(state);
  }

  taking(): LogEntry[] {
    return [...readEntries(this.writer.take())];
  }

  entries(): LogEntry[] {
    this.joiner.settle();
    return this.taking();
  }
}

describe('ExchangeJoiner', () => {
  it('takes the time of the query, and else what the response tells', () => {
    const rig = new Rig();
    rig.joiner.query('a', QUERY);
    expect([rig.taking(), rig.joiner.size]).toEqual([[], 1]);
    rig.joiner.response('a', RESPONSE);
    expect([rig.taking(), rig.joiner.size]).toEqual([[WHOLE], 0]);
  });

  it('gives the same when the response comes first', () => {
    const rig = new Rig();
    rig.joiner.response('a', RESPONSE);
    rig.joiner.query('a', { ...QUERY, clientPort: 50_000 });
    expect([rig.taking(), rig.joiner.size]).toEqual([[WHOLE], 0]);
  });

  it('keeps what the query says of server and port', () => {
    const rig = new Rig();
    const server = parseAddress('198.51.100.99')!;
    rig.joiner.query('a', { ...QUERY, server, clientPort: 7 });
    rig.joiner.response('a', RESPONSE);
    expect(rig.taking()).toEqual([{ ...WHOLE, server, clientPort: 7 }]);
  });

  it('joins each response with one query, the one that has waited longest', () => {
    const rig = new Rig();
    for (const seconds of [0, 1, 2]) rig.joiner.query('a', entryOf(seconds, { responseCode: undefined }));
    rig.joiner.response('a', RESPONSE);
    rig.joiner.response('a', RESPONSE);
    expect(rig.entries().map(({ atMs, responseCode }) => [atMs - QUERY.atMs, responseCode])).toEqual([
      [0, 3],
      [1000, 3],
      [2000, undefined],
    ]);
  });

  it('lets a bounded number of responses wait for a query', () => {
    const rig = new Rig();
    for (let number = 0; number < 2000; number++) rig.joiner.response(`r${number}`, RESPONSE);
    const { size } = rig.joiner;
    expect(size).toBeGreaterThan(400);
    expect(size).toBeLessThan(600);
    expect(rig.taking()).toHaveLength(2000 - size);
    for (let number = 0; number < 2000; number++) rig.joiner.query(`q${number}`, QUERY);
    expect([rig.taking(), rig.joiner.size]).toEqual([[], 2000 + size]);
    expect(rig.entries()).toHaveLength(2000 + size);
  });

  it('lets go after 5 s of the log, whichever half comes', () => {
    const rig = new Rig();
    rig.joiner.query('a', QUERY);
    rig.joiner.response('b', entryOf(5));
    expect(rig.taking()).toEqual([]);
    rig.joiner.response('c', entryOf(6));
    expect(rig.taking()).toEqual([QUERY]);
    rig.joiner.query('d', entryOf(11));
    expect(rig.taking()).toEqual([entryOf(5)]);
    expect(rig.joiner.size).toBe(2);
  });

  it('goes on with what waited, in whatever order its times are', () => {
    const rig = new Rig();
    for (const [key, seconds] of [
      ['x', 4],
      ['a', 0],
      ['c', 8],
    ] as const) {
      rig.joiner.query(key, entryOf(seconds, { responseCode: undefined }));
    }
    rig.joiner.response('x', entryOf(8));
    rig.taking();
    rig.restart();
    expect(rig.joiner.size).toBe(2);
    rig.joiner.response('a', entryOf(3, { responseCode: 2 }));
    expect(rig.taking()).toMatchObject([{ atMs: QUERY.atMs, responseCode: 2 }]);
  });

  it('loses and doubles nothing, whatever comes in which order, with restarts between', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      isResponse: fc.boolean(),
      seconds: fc.nat(20),
      isRestarted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [plain, restarted] = [new Rig(), new Rig()];
        for (const { key, isResponse, seconds, isRestarted } of steps) {
          for (const { joiner } of [plain, restarted]) {
            if (isResponse) joiner.response(key, entryOf(seconds, { responseCode: 1 }));
            else joiner.query(key, entryOf(seconds, { responseCode: undefined }));
          }
          if (isRestarted) restarted.restart();
        }
        const entries = plain.entries();
        expect(restarted.entries()).toEqual(entries);
        const responses = steps.filter(({ isResponse }) => isResponse).length;
        expect(entries.filter(({ responseCode }) => responseCode === 1)).toHaveLength(responses);
        expect(entries.length).toBeGreaterThanOrEqual(Math.max(responses, steps.length - responses));
        expect(entries.length).toBeLessThanOrEqual(steps.length);
      }),
    );
  });
});
