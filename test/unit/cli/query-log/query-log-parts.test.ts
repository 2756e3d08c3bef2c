/** Small parts of the query log's door: each a function or two. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LateStore } from '../../../../src/cli/query-log/late-store.ts';
import { retentionOf } from '../../../../src/cli/query-log/retention.ts';
import { shellWord } from '../../../../src/cli/shell-word.ts';
import { GluewallError } from '../../../../src/core/errors.ts';
import type { SourceCoverage } from '../../../../src/querylog/query-log-store.ts';
import { formatLogPlace, parseLogPlace } from '../../../../src/services/log-view.ts';
import { MemoryQueryLog } from '../../../../src/storage/query-log/memory-query-log.ts';

describe('a place in the log', () => {
  it('is read as it was written', () => {
    const place = fc.record({
      number: fc.nat(),
      atMs: fc.double({ min: 0, max: 253_402_300_799_999, noNaN: true }).map((atMs) => Math.round(atMs * 1e4) / 1e4),
    });
    fc.assert(
      fc.property(place, (one) => {
        expect(parseLogPlace(formatLogPlace(one))).toEqual(one);
      }),
    );
  });

  it.each(['', '1', '@1', '1@', '-1@1', '1@1e9', '1@1.', ' 1@1', '9'.repeat(20)])('is none: %j', (text) => {
    expect(parseLogPlace(text)).toBeUndefined();
  });
});

it('a shell takes a word as it is', () => {
  const word = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(word, (text) => {
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
    }),
    { numRuns: 30 },
  );
});

describe('what is kept', () => {
  const store = {
    coverage: async () => ['ns1', 'campus', 'campus/fw1', 'other/x'].map((source) => ({ source }) as SourceCoverage),
  };

  it('is for all when no source says otherwise, and the store is not asked', async () => {
    const settings = { keepMs: 5, keepMsOf: new Map<string, number>(), sizeBytes: 7, sources: [] };
    const unasked = { coverage: () => Promise.reject(new Error('asked')) };
    const { sources: _, ...kept } = settings;
    expect(await retentionOf(settings, unasked)).toEqual(kept);
  });

  it('is for each host of a source of syslog what it is for the source', async () => {
    const settings = { keepMs: 5, keepMsOf: new Map([['campus', 2]]), sizeBytes: 7, sources: [] };
    const { keepMsOf } = await retentionOf(settings, store);
    expect([...keepMsOf]).toEqual([
      ['campus', 2],
      ['campus/fw1', 2],
    ]);
  });
});

it('a store that is opened late is tried until it can be had, and then once', async () => {
  let attempts = 0;
  const late = new LateStore(() => {
    if (++attempts < 3) throw new GluewallError('store-open', 'not yet');
    return new MemoryQueryLog(10);
  });
  await expect(late.position('ns1')).rejects.toMatchObject({ code: 'store-open' });
  await expect(late.search({ limit: 1 })).rejects.toMatchObject({ code: 'store-open' });
  expect(await late.search({ limit: 1 })).toEqual({ entries: [], last: undefined });
  expect(await late.coverage(300_000)).toEqual([]);
  expect(attempts).toBe(3);
  await late.close();
  await late.close();
});
