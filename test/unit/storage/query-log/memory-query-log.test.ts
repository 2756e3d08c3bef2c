import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { MAX_DAYS } from '../../../../src/querylog/query-log-store.ts';
import { MemoryQueryLog } from '../../../../src/storage/query-log/memory-query-log.ts';
import { batchOf, entryOf } from '../../../support/log-entries.ts';
import { describeQueryLog, searchAll } from './query-log-contract.ts';

describeQueryLog('the query log in memory', async () => new MemoryQueryLog(1_000_000));

describe('a full query log in memory', () => {
  it('lets the oldest days go for new ones, and refuses what is older', async () => {
    const store = new MemoryQueryLog(100_000);
    const days = (first: number, count: number) =>
      Array.from({ length: count }, (_, day) => entryOf(0, { atMs: entryOf(0).atMs + (first + day) * DAY_MS }));
    await store.append(batchOf(days(-MAX_DAYS, MAX_DAYS)));
    await store.append(batchOf(days(0, 2)));
    const found = await searchAll(store);
    expect(found).toHaveLength(MAX_DAYS);
    expect(found.at(-1)!.atMs).toBe(days(2 - MAX_DAYS, 1)[0]!.atMs);
    const old = batchOf([...days(2, 1), ...days(-MAX_DAYS, 1)]);
    await expect(store.append(old)).rejects.toMatchObject({ code: 'store-batch' });
    expect(await searchAll(store)).toHaveLength(MAX_DAYS);
  });

  it('lets the oldest entries go', async () => {
    const store = new MemoryQueryLog(3);
    for (const number of [5, 1, 4, 2, 3, 86_400, 6]) await store.append(batchOf([entryOf(number)]));
    const seconds = (await searchAll(store)).map(({ atMs }) => (atMs - entryOf(0).atMs) / 1000);
    expect(seconds).toEqual([86_400, 6, 5]);
    expect(await store.coverage(0)).toMatchObject([{ entries: 3 }]);
  });
});
