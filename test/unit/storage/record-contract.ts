/** What every store does with accounts, the record of changes, and the figures of minutes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change, ChangePlace, ChangeQuery, KeptRecord } from '../../../src/accounts/account-store.ts';
import { KEPT_MINUTES_MS } from '../../../src/events/minute-store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { NOW_MS } from '../../support/store-rows.ts';

const MINUTE_MS = 60_000;
const HOSTILE = 'it\'s \0 \x1b[0m \u{1f600} " \\';

const changeOf = (number: number, more: Partial<Change> = {}): Change => ({
  ...{ atMs: NOW_MS + Math.floor(number / 4), by: 'ann', token: undefined, from: '192.0.2.1', operation: 'rule add' },
  ...{ subject: `rule-${number}`, before: undefined, after: '{"a":1}', refused: '' },
  ...more,
});

async function changesOf(store: Store, query: Partial<ChangeQuery> = {}): Promise<Change[]> {
  const all: Change[] = [];
  const anything = { sinceMs: undefined, untilMs: undefined, by: undefined, operation: undefined, subject: undefined };
  let before: ChangePlace | undefined;
  do {
    const { rows, next } = await store.findChanges({ ...anything, limit: 7, ...query, before });
    all.push(...rows.map(({ id: _id, ...change }) => change));
    before = next;
  } while (before !== undefined);
  return all;
}

/** To be called among the tests of a store; `openNew` gives an empty one each time. */
export function describeRecords(openNew: () => Promise<Store>): void {
  describe('of records', () => {
    const byKey = (one: KeptRecord, other: KeptRecord) =>
      `${one.kind} ${one.id}` < `${other.kind} ${other.id}` ? -1 : 1;

    it('keeps the last one saved of each kind and id', async () => {
      const store = await openNew();
      expect(await store.loadRecords()).toEqual([]);
      const records: KeptRecord[] = [
        { kind: 'user', id: 'ann', json: JSON.stringify({ a: HOSTILE }) },
        { kind: 'user', id: 'ANN', json: '{}' },
        { kind: 'token', id: 'ann', json: '[]' },
        { kind: 'view', id: HOSTILE.replace('\0', ''), json: '"x"' },
      ];
      await store.saveRecords(records);
      await store.saveRecords([]);
      await store.deleteRecords([]);
      expect((await store.loadRecords()).toSorted(byKey)).toEqual(records.toSorted(byKey));
      await store.saveRecords([{ kind: 'user', id: 'ann', json: '{"b":2}' }]);
      await store.deleteRecords([
        { kind: 'token', id: 'ann' },
        { kind: 'session', id: 'ann' },
      ]);
      const left = [{ kind: 'user', id: 'ann', json: '{"b":2}' }, records[1]!, records[3]!] as const;
      expect((await store.loadRecords()).toSorted(byKey)).toEqual([...left].toSorted(byKey));
    });

    it('gives all of many', async () => {
      const store = await openNew();
      const records = Array.from({ length: 1200 }, (_, number) => ({
        ...{ kind: number % 2 === 0 ? 'session' : 'token', id: `${number}`, json: '{}' },
      })) as KeptRecord[];
      await store.saveRecords(records);
      expect((await store.loadRecords()).toSorted(byKey)).toEqual(records.toSorted(byKey));
    });
  });

  describe('of changes', () => {
    it('gives every field, the newest first, page by page', async () => {
      const store = await openNew();
      expect(await changesOf(store)).toEqual([]);
      const changes = [
        ...Array.from({ length: 30 }, (_, number) => changeOf(number, { by: number % 3 === 0 ? 'bob' : 'ann' })),
        changeOf(40, { token: HOSTILE, before: JSON.stringify(HOSTILE), after: undefined, subject: HOSTILE }),
        changeOf(44, { by: 'sign-in', from: 'socket', operation: 'session open', refused: 'sign-in-refused' }),
      ];
      for (const change of changes) await store.addChange(change);
      const newest = changes.toReversed();
      expect(await changesOf(store)).toStrictEqual(newest);
      expect(await changesOf(store, { by: 'bob' })).toStrictEqual(newest.filter(({ by }) => by === 'bob'));
      expect(await changesOf(store, { operation: 'session open' })).toStrictEqual(newest.slice(0, 1));
      expect(await changesOf(store, { subject: HOSTILE })).toStrictEqual(newest.slice(1, 2));
      expect(await changesOf(store, { subject: 'rule' })).toEqual([]);
      const times = { sinceMs: NOW_MS + 2, untilMs: NOW_MS + 5 };
      const within = newest.filter(({ atMs }) => atMs >= times.sinceMs && atMs < times.untilMs);
      expect(await changesOf(store, { ...times, limit: 3 })).toStrictEqual(within);
      expect(store.unreadableRows).toBe(0);
    });
  });

  describe('of minutes', () => {
    it('adds what is given of one minute', { timeout: 60_000 }, async () => {
      const anyMinutes = fc.array(
        fc.record({
          atMs: fc.integer({ min: 0, max: 5 }).map((minute) => minute * MINUTE_MS),
          figures: fc.dictionary(fc.constantFrom('allow', 'block', "it's"), fc.integer({ min: 0, max: 9 }), {
            noNullPrototype: true,
          }),
        }),
        { maxLength: 8 },
      );
      const property = fc.asyncProperty(anyMinutes, anyMinutes, async (first, second) => {
        const store = await openNew();
        await store.addMinutes(first);
        await store.addMinutes(second);
        const all = [...first, ...second];
        const sums = [...new Set(all.map(({ atMs }) => atMs))]
          .sort((one, other) => one - other)
          .map((atMs) => {
            const figures: Record<string, number> = {};
            for (const minute of all.filter((given) => given.atMs === atMs)) {
              for (const [name, figure] of Object.entries(minute.figures))
                figures[name] = (figures[name] ?? 0) + figure;
            }
            return { atMs, figures };
          });
        expect(await store.minutes(0, Number.POSITIVE_INFINITY)).toEqual(sums);
        await store.close();
      });
      await fc.assert(property, { numRuns: 10 });
    });

    it('gives those of a time, and lets go of old ones', async () => {
      const store = await openNew();
      const minutes = Array.from({ length: 4500 }, (_, number) => ({
        atMs: number * MINUTE_MS,
        figures: { allow: number },
      }));
      await store.addMinutes(minutes);
      expect(await store.minutes(0, Number.POSITIVE_INFINITY)).toEqual(minutes);
      expect(await store.minutes(10 * MINUTE_MS, 12 * MINUTE_MS)).toEqual(minutes.slice(10, 12));
      expect(await store.minutes(10 * MINUTE_MS, 10 * MINUTE_MS)).toEqual([]);
      const late = { atMs: KEPT_MINUTES_MS + 2 * MINUTE_MS, figures: {} };
      await store.addMinutes([late]);
      expect(await store.minutes(0, Number.POSITIVE_INFINITY)).toEqual([...minutes.slice(2), late]);
    });
  });
}
