import { afterEach, describe, expect, it, vi } from 'vitest';
import { openSqliteStore } from '../../../src/storage/sqlite-store.ts';
import { packed, tripleOf } from '../../support/store-rows.ts';
import { loadAll } from './store-contract.ts';

const threadScript = new URL('../../support/fake-store-thread.mjs', import.meta.url);
const open = (behaviour: string) => openSqliteStore(`/nowhere/${behaviour}`, { events: 1, threadScript });

afterEach(() => vi.useRealTimers());

describe('opening', () => {
  it.each([
    ['throws', 'store-open', 'nothing works'],
    ['ends', 'store-open', 'its thread ended'],
    ['refuses', 'store-busy', 'somebody has it'],
  ])('is refused when the thread %s', async (behaviour, code, message) => {
    await expect(open(behaviour)).rejects.toMatchObject({
      name: 'GluewallError',
      code,
      message: expect.stringContaining(message),
    });
  });

  it('is refused when there is no such thread', async () => {
    const missing = new URL('./missing.mjs', import.meta.url);
    const opening = openSqliteStore('/nowhere/x', { events: 1, threadScript: missing });
    await expect(opening).rejects.toMatchObject({ code: 'store-open' });
  });

  it('is refused when no answer comes in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const opening = expect(open('silent')).rejects.toMatchObject({
      code: 'store-open',
      message: expect.stringContaining('no answer in 60 s'),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    await opening;
  });

  it('is waited for as long as rows of an older version are moved', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const told = new BroadcastChannel('moves');
    try {
      const said = new Promise((resolve) => {
        told.onmessage = resolve;
      });
      const opening = open('moves');
      await vi.advanceTimersByTimeAsync(50_000);
      await said;
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(50_000);
      told.postMessage('opened');
      await (await opening).store.close();
    } finally {
      told.close();
    }
  });

  it('says where a damaged file went', async () => {
    const { store, setAside } = await open('sets-aside');
    expect(setAside).toBe('there');
    await store.close();
  });
});

describe('asking', () => {
  it('gives back what failed with its code, and goes on', async () => {
    const { store } = await open('fails');
    for (let time = 0; time < 3; time++) {
      await expect(store.saveTriples(packed([tripleOf(1)]))).rejects.toMatchObject({
        code: 'store-write',
        message: 'no room',
      });
    }
    await expect(loadAll(store)).rejects.toMatchObject({ code: 'store-write' });
    await store.close();
  });

  it('tells the unreadable rows that the thread has counted', async () => {
    const { store } = await open('well');
    expect(store.unreadableRows).toBe(0);
    await loadAll(store);
    expect(store.unreadableRows).toBe(7);
    await store.close();
  });

  it('is refused when too much waits already', async () => {
    const { store } = await open('hangs');
    const waiting = Array.from({ length: 256 }, () => store.loadWarmup());
    const settled = Promise.allSettled(waiting);
    await expect(store.loadWarmup()).rejects.toMatchObject({ code: 'store-overload' });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closed = store.close();
    await vi.advanceTimersByTimeAsync(10_000);
    await closed;
    const outcomes = (await settled).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.code : 'answered',
    );
    expect(new Set(outcomes)).toEqual(new Set(['store-closed']));
  });

  it.each([
    ['dies', 'out of order'],
    ['exits', 'its thread ended'],
  ])('is refused once the thread %s', async (behaviour, reason) => {
    const { store } = await open(behaviour);
    const closed = { code: 'store-closed', message: expect.stringContaining(reason) };
    await expect(Promise.all([store.loadWarmup(), store.saveEvents([])])).rejects.toMatchObject(closed);
    await expect(store.loadWarmup()).rejects.toMatchObject(closed);
    await store.close();
    await store.close();
  });
});
