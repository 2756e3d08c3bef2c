import { describe, expect, it } from 'vitest';
import { MemoryQueryLog } from '../../../../src/storage/query-log/memory-query-log.ts';
import { batchOf, entryOf } from '../../../support/log-entries.ts';
import { describeQueryLog, searchAll } from './query-log-contract.ts';

describeQueryLog('the query log in memory', async () => new MemoryQueryLog(1_000_000));

describe('a full query log in memory', () => {
  it('lets the oldest entries go', async () => {
    const store = new MemoryQueryLog(3);
    for (const number of [5, 1, 4, 2, 3, 86_400, 6]) await store.append(batchOf([entryOf(number)]));
    const seconds = (await searchAll(store)).map(({ atMs }) => (atMs - entryOf(0).atMs) / 1000);
    expect(seconds).toEqual([86_400, 6, 5]);
    expect(await store.coverage(0)).toMatchObject([{ entries: 3 }]);
  });
});
