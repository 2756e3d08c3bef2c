/** What every store of the query log does, whatever it is made of. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../../src/core/address.ts';
import { DAY_MS } from '../../../../src/core/clock.ts';
import { ROOT } from '../../../../src/dns/name.ts';
import { type LogEntry, MAX_ANSWERS } from '../../../../src/querylog/log-entry.ts';
import {
  COVERAGE_SLOT_MS,
  dayOf,
  type FoundEntry,
  type LogPlace,
  MAX_ALL_QUARANTINED,
  MAX_DAYS,
  MAX_GAPS,
  MAX_PAGE_ENTRIES,
  MAX_QUARANTINED,
  MAX_SAMPLE_OCTETS,
  MAX_SOURCE_CHARACTERS,
  type QuarantinedRecord,
  type QueryLogStore,
  type Retention,
  type SourceBatch,
} from '../../../../src/querylog/query-log-store.ts';
import {
  ADDRESSES,
  anyEntry,
  anyLikelyEntry,
  bareEntry,
  batchOf,
  entryOf,
  MOMENTS,
  NAMES,
  NOON_MS,
  packEntries,
} from '../../../support/log-entries.ts';
import { type Asked, QueryLogModel } from '../../../support/query-log-model.ts';
import { HOSTILE_NAMES, nameOf } from '../../../support/store-rows.ts';

/** All entries that a question finds, page by page. */
export async function searchAll(store: QueryLogStore, asked: Asked = {}, limit = 1000): Promise<FoundEntry[]> {
  const all: FoundEntry[] = [];
  let after: LogPlace | undefined;
  do {
    const page = await store.search({ ...asked, limit, after });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    if (page.last !== undefined) expect(page.last).toEqual(page.entries.at(-1)?.place);
    all.push(...page.entries);
    after = page.last;
  } while (after !== undefined);
  return all;
}

const SOURCES = ['bind', 'unbound', 'ünï "code" \'; DROP TABLE entry'];
const KEEP_ALL: Retention = {
  keepMs: Number.POSITIVE_INFINITY,
  keepMsOf: new Map(),
  sizeBytes: Number.POSITIVE_INFINITY,
};

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const anyMoment = fc.oneof(
  fc.constantFrom(...MOMENTS),
  fc.constantFrom(...MOMENTS.map((atMs) => atMs + 1)),
  fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0),
);
const anyAsked: fc.Arbitrary<Asked> = fc.record({
  name: maybe(fc.constantFrom(...NAMES)),
  zone: maybe(fc.constantFrom(...NAMES, nameOf('net'))),
  client: maybe(fc.constantFrom(...ADDRESSES)),
  answer: maybe(fc.constantFrom(...ADDRESSES)),
  source: maybe(fc.constantFrom(...SOURCES, 'none')),
  sinceMs: maybe(anyMoment),
  untilMs: maybe(anyMoment),
});
const anyBatch = fc.record({
  source: fc.constantFrom(...SOURCES),
  entries: fc.array(anyLikelyEntry, { maxLength: 12 }),
});

const recordOf = (number: number, more: Partial<QuarantinedRecord> = {}): QuarantinedRecord => ({
  atMs: NOON_MS + number,
  reason: `reason ${number}`,
  sample: Buffer.from(`sample ${number}`),
  ...more,
});
const plain = (records: readonly QuarantinedRecord[]) =>
  records.map(({ sample, ...record }) => ({ ...record, sample: Buffer.from(sample).toString('latin1') }));

/** `open` gives a store that holds nothing; the suite closes it. `runs`: how many random cases each property tries. */
export function describeQueryLog(title: string, open: () => Promise<QueryLogStore>, runs = 100): void {
  describe(title, () => {
    const stores: QueryLogStore[] = [];
    const openOne = async () => {
      const store = await open();
      stores.push(store);
      return store;
    };
    const closeAll = async () => {
      for (const store of stores.splice(0)) await store.close();
    };
    /** As `fc.assert` of a property that gets a store of its own. */
    const check = async <T>(arbitrary: fc.Arbitrary<T>, test: (store: QueryLogStore, value: T) => Promise<void>) => {
      const property = fc.asyncProperty(arbitrary, async (value) => {
        try {
          await test(await openOne(), value);
        } finally {
          await closeAll();
        }
      });
      await fc.assert(property, { numRuns: runs });
    };
    afterEach(closeAll);

    describeEntries(openOne, check);
    describeSearch(openOne, check);
    describePages(openOne, check);
    describeSources(openOne);
    describeCoverage(openOne, check);
    describeTrim(openOne, check);
    describeRefusals(openOne);
  });
}

type Open = () => Promise<QueryLogStore>;
type Check = <T>(arbitrary: fc.Arbitrary<T>, test: (store: QueryLogStore, value: T) => Promise<void>) => Promise<void>;

function describeEntries(open: Open, check: Check): void {
  describe('keeps entries', () => {
    it('as they are, whatever they are', { timeout: 60_000 }, async () => {
      await check(fc.array(anyEntry, { minLength: 1, maxLength: 8 }), async (store, entries) => {
        const model = new QueryLogModel();
        model.add('bind', entries);
        await store.append(batchOf(entries));
        expect(await searchAll(store)).toStrictEqual(model.search({}));
      });
    });

    it('of which little is known, and of which all is', async () => {
      const store = await open();
      const full = entryOf(1, {
        name: nameOf('MiXeD.example.ORG'),
        type: 65_535,
        class: 65_535,
        client: parseAddress('2001:db8::1')!,
        clientPort: 65_535,
        server: parseAddress('255.255.255.255')!,
        role: 'authoritative',
        responseCode: 4095,
        answers: Array.from({ length: MAX_ANSWERS }, (_, host) => parseAddress(`2001:db8::${host.toString(16)}`)!),
        mark: 'would block',
      });
      await store.append(batchOf([bareEntry(NOON_MS, ROOT), full]));
      const [last, first, ...more] = await searchAll(store);
      expect(more).toEqual([]);
      expect(last).toStrictEqual({ ...full, source: 'bind', place: { atMs: full.atMs, number: 1 } });
      expect(first).toStrictEqual({
        ...bareEntry(NOON_MS, ROOT),
        source: 'bind',
        place: { atMs: NOON_MS, number: 0 },
      });
    });

    it('with names that hold anything', async () => {
      const store = await open();
      const entries = HOSTILE_NAMES.map((name, number) => entryOf(number, { name }));
      await store.append(batchOf(entries));
      for (const { name, atMs } of entries) {
        expect((await searchAll(store, { name })).map((found) => [found.name, found.atMs])).toEqual([[name, atMs]]);
      }
    });

    it('under a number of their day, in the order in which they came', async () => {
      const store = await open();
      const morrow = entryOf(86_400);
      await store.append(batchOf([entryOf(5), morrow, entryOf(1)]));
      await store.append(batchOf([entryOf(3), entryOf(5), morrow], { source: 'other' }));
      expect((await searchAll(store)).map(({ atMs, place, source }) => [atMs - NOON_MS, place.number, source])).toEqual(
        [
          [86_400_000, 1, 'other'],
          [86_400_000, 0, 'bind'],
          [5000, 3, 'other'],
          [5000, 0, 'bind'],
          [3000, 2, 'other'],
          [1000, 1, 'bind'],
        ],
      );
    });
  });
}

function describeSearch(open: Open, check: Check): void {
  describe('finds', () => {
    it('nothing where there is nothing', async () => {
      const store = await open();
      expect(await store.search({ limit: 10 })).toEqual({ entries: [], last: undefined });
      expect(await store.search({ limit: 10, name: NAMES[1]!, after: { atMs: NOON_MS, number: 0 } })).toEqual({
        entries: [],
        last: undefined,
      });
    });

    it('what a plain search of all entries finds, whatever is asked', { timeout: 120_000 }, async () => {
      const anyCase = fc.record({
        batches: fc.array(anyBatch, { maxLength: 6 }),
        questions: fc.array(anyAsked, { minLength: 1, maxLength: 8 }),
        limit: fc.integer({ min: 1, max: 8 }),
      });
      await check(anyCase, async (store, { batches, questions, limit }) => {
        const model = new QueryLogModel();
        for (const { source, entries } of batches) {
          model.add(source, entries);
          await store.append(batchOf(entries, { source }));
        }
        for (const asked of questions) {
          expect(await searchAll(store, asked, limit)).toStrictEqual(model.search(asked));
        }
      });
    });

    it('a name in whatever case, and a zone on the borders of labels', async () => {
      const store = await open();
      const names = ['example.com', 'WWW.Example.com', 'example.com.net', 'xexample.com', 'com', 'a.b.EXAMPLE.COM'];
      await store.append(batchOf(names.map((name, number) => entryOf(number, { name: nameOf(name) }))));
      const found = async (asked: Asked) => (await searchAll(store, asked)).map(({ atMs }) => (atMs - NOON_MS) / 1000);
      expect(await found({ name: nameOf('eXample.COM') })).toEqual([0]);
      expect(await found({ zone: nameOf('EXAMPLE.com') })).toEqual([5, 1, 0]);
      expect(await found({ zone: nameOf('com') })).toEqual([5, 4, 3, 1, 0]);
      expect(await found({ zone: ROOT })).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await found({ zone: nameOf('com'), name: nameOf('example.com.net') })).toEqual([]);
    });

    it('IPv4 and IPv6 apart, and an address that was told twice once', async () => {
      const store = await open();
      const [v4, v6] = [parseAddress('192.0.2.1')!, parseAddress('::ffff:192.0.2.1')!];
      const told = (...answers: Address[]) => ({ answers });
      await store.append(batchOf([entryOf(1, told(v4, v4)), entryOf(2, told(v6)), entryOf(3, told(v6, v4, v6))]));
      const found = async (answer: Address) =>
        (await searchAll(store, { answer }, 1)).map(({ atMs }) => atMs - NOON_MS);
      expect(await found(v4)).toEqual([3000, 1000]);
      expect(await found(v6)).toEqual([3000, 2000]);
    });

    it('what begins with the window, and not what begins with its end', async () => {
      const store = await open();
      await store.append(batchOf([entryOf(1), entryOf(2), entryOf(3)]));
      const window = { sinceMs: NOON_MS + 1000, untilMs: NOON_MS + 3000 };
      for (const more of [{}, { name: entryOf(1).name }, { client: entryOf(1).client }]) {
        expect((await searchAll(store, { ...window, ...more })).map(({ atMs }) => atMs - NOON_MS)).toEqual([
          2000, 1000,
        ]);
      }
    });
  });
}

function describePages(open: Open, check: Check): void {
  describe('gives pages', () => {
    it('of the size that was asked for, and of none and too many', async () => {
      const store = await open();
      const count = MAX_PAGE_ENTRIES + 3;
      await store.append(batchOf(Array.from({ length: count }, (_, number) => entryOf(number / 8))));
      const page = await store.search({ limit: 3 });
      expect(page.entries.map(({ place }) => place.number)).toEqual([count - 1, count - 2, count - 3]);
      expect(page.last).toEqual(page.entries[2]!.place);
      for (const limit of [0, -1, Number.NaN]) {
        expect(await store.search({ limit })).toEqual({ entries: [], last: undefined });
      }
      const most = await store.search({ limit: Number.POSITIVE_INFINITY, name: entryOf(1).name });
      expect(most.entries).toHaveLength(MAX_PAGE_ENTRIES);
      const rest = await store.search({ limit: 3, name: entryOf(1).name, after: most.last });
      expect(rest.entries.map(({ place }) => place.number)).toEqual([2, 1, 0]);
      expect(rest.last).toBeUndefined();
    });

    it('that hold each entry once, also while others come', { timeout: 120_000 }, async () => {
      const anyCase = fc.record({
        first: fc.array(anyLikelyEntry, { minLength: 1, maxLength: 20 }),
        later: fc.array(fc.array(anyLikelyEntry, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
        asked: anyAsked,
        limit: fc.integer({ min: 1, max: 4 }),
      });
      await check(anyCase, async (store, { first, later, asked, limit }) => {
        const model = new QueryLogModel();
        model.add('bind', first);
        await store.append(batchOf(first));
        const waiting = [...later];
        const found: FoundEntry[] = [];
        let after: LogPlace | undefined;
        do {
          const page = await store.search({ ...asked, limit, after });
          found.push(...page.entries);
          after = page.last;
          const batch = waiting.shift();
          if (batch !== undefined) await store.append(batchOf(batch, { source: 'later' }));
        } while (after !== undefined);
        const keys = found.map(({ place }) => `${place.atMs}/${place.number}`);
        expect(new Set(keys).size).toBe(keys.length);
        const early = found.filter(({ source }) => source === 'bind');
        expect(early).toStrictEqual(asked.source === 'none' ? [] : model.search(asked));
      });
    });
  });
}

function describeSources(open: Open): void {
  describe('keeps of each source', () => {
    const position = { fingerprint: 'ab12', offset: 2 ** 40, state: '{"open":["\\u0000",{}]}' };

    it('how far it has been read', async () => {
      const store = await open();
      expect(await store.position('bind')).toBeUndefined();
      await store.append(batchOf([entryOf(1)], { position }));
      await store.append(batchOf([], { source: SOURCES[2]!, position: { ...position, offset: 7 } }));
      await store.append(batchOf([entryOf(2)]));
      expect(await store.position('bind')).toEqual(position);
      expect(await store.position(SOURCES[2]!)).toEqual({ ...position, offset: 7 });
      const next = { position: { ...position, offset: 8 }, from: position };
      await store.append(batchOf([entryOf(3), entryOf(86_400)], next));
      expect(await store.position('bind')).toEqual({ ...position, offset: 8 });
      expect(await searchAll(store)).toHaveLength(4);
    });

    it('only what goes on from where it has been read', async () => {
      const store = await open();
      const elsewhere = { code: 'store-position' };
      const batchFrom = (from: SourceBatch['from'], more: Partial<SourceBatch> = {}) =>
        batchOf([entryOf(2)], { position: { ...position, offset: 9 }, from, quarantined: [recordOf(1)], ...more });
      await expect(store.append(batchFrom(position))).rejects.toMatchObject(elsewhere);
      expect(await store.position('bind')).toBeUndefined();
      await store.append(batchOf([entryOf(1)], { position }));
      const others = [undefined, { ...position, offset: 9 }, { ...position, fingerprint: 'cd34' }];
      for (const from of others) await expect(store.append(batchFrom(from))).rejects.toMatchObject(elsewhere);
      await expect(store.append(batchFrom(position, { source: 'other' }))).rejects.toMatchObject(elsewhere);
      expect(await store.position('bind')).toEqual(position);
      expect(await searchAll(store)).toHaveLength(1);
      expect(await store.quarantined(undefined)).toEqual([]);
      await store.append(batchFrom({ fingerprint: position.fingerprint, offset: position.offset }));
      await store.append(batchFrom(position, { position: undefined }));
      expect(await searchAll(store)).toHaveLength(3);
    });

    it('one of two batches that go on from the same place', async () => {
      const store = await open();
      await store.append(batchOf([entryOf(1)], { position }));
      const next = batchOf([entryOf(2)], { position: { ...position, offset: 9 }, from: position });
      const both = await Promise.allSettled([
        store.append({ ...next, entries: next.entries.slice() }),
        store.append({ ...next, entries: next.entries.slice() }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'store-position' } });
      expect(await searchAll(store)).toHaveLength(2);
    });

    it('the newest records that could not be read, and their beginning', async () => {
      const store = await open();
      expect(await store.quarantined(undefined)).toEqual([]);
      const records = Array.from({ length: MAX_QUARANTINED + 10 }, (_, number) => recordOf(number));
      const sample = Buffer.alloc(MAX_SAMPLE_OCTETS + 1, 0xff);
      await store.append(batchOf([], { source: 'other', quarantined: [recordOf(1000, { sample })] }));
      await store.append(batchOf([entryOf(1)], { quarantined: records.slice(0, 60) }));
      await store.append(batchOf([], { quarantined: records.slice(60) }));
      const kept = records.slice(10).reverse();
      expect(plain(await store.quarantined('bind'))).toEqual(
        plain(kept).map((record) => ({ ...record, source: 'bind' })),
      );
      expect(plain(await store.quarantined('other'))).toEqual([
        { source: 'other', atMs: NOON_MS + 1000, reason: 'reason 1000', sample: '\xff'.repeat(MAX_SAMPLE_OCTETS) },
      ]);
      expect(await store.quarantined(undefined)).toHaveLength(MAX_QUARANTINED + 1);
    });

    it('records that could not be read of however many sources, the newest', { timeout: 60_000 }, async () => {
      const store = await open();
      const sources = MAX_ALL_QUARANTINED / MAX_QUARANTINED + 2;
      for (let source = 0; source < sources; source++) {
        const quarantined = Array.from({ length: MAX_QUARANTINED }, (_, number) => recordOf(number));
        await store.append(batchOf([], { source: `host ${source}`, quarantined }));
      }
      const kept = await store.quarantined(undefined);
      expect(kept).toHaveLength(MAX_ALL_QUARANTINED);
      expect(kept[0]!.source).toBe(`host ${sources - 1}`);
      expect(kept.at(-1)!.source).toBe('host 2');
    });
  });
}

function describeCoverage(open: Open, check: Check): void {
  describe('says what it covers', () => {
    it('as the entries are', { timeout: 120_000 }, async () => {
      const anyCase = fc.record({
        batches: fc.array(anyBatch, { maxLength: 6 }),
        gapMs: fc.constantFrom(0, 1, COVERAGE_SLOT_MS, DAY_MS / 2, DAY_MS, 3 * DAY_MS, Number.POSITIVE_INFINITY),
      });
      await check(anyCase, async (store, { batches, gapMs }) => {
        const model = new QueryLogModel();
        for (const { source, entries } of batches) {
          model.add(source, entries);
          await store.append(batchOf(entries, { source }));
        }
        expect(await store.coverage(gapMs)).toStrictEqual(model.coverage(gapMs));
      });
    });

    it('with the longest gaps, in order of time', async () => {
      const store = await open();
      const entries: LogEntry[] = [entryOf(0)];
      for (let number = 0; number < MAX_GAPS + 20; number++) {
        const slots = number < 20 ? 2 : 3;
        entries.push(entryOf(0, { atMs: entries.at(-1)!.atMs + slots * COVERAGE_SLOT_MS }));
      }
      await store.append(batchOf(entries));
      const [coverage] = await store.coverage(0);
      expect(coverage!.gaps).toHaveLength(MAX_GAPS);
      expect(coverage!.gaps[0]).toEqual({
        fromMs: entries[20]!.atMs + COVERAGE_SLOT_MS,
        toMs: entries[21]!.atMs,
      });
      expect(coverage!.gaps.at(-1)!.toMs).toBe(entries.at(-1)!.atMs);
    });
  });
}

function describeTrim(open: Open, check: Check): void {
  describe('lets go', () => {
    const morning = Date.UTC(2026, 0, 20);

    it('of whole days that ended too long ago', async () => {
      const store = await open();
      for (const day of [0, 1, 2, 3]) await store.append(batchOf([entryOf(day * 86_400), entryOf(day * 86_400 + 1)]));
      expect(await store.trim(KEEP_ALL, morning)).toEqual({ days: 0, entries: 0 });
      expect(await store.trim({ ...KEEP_ALL, keepMs: 3 * DAY_MS }, morning)).toEqual({ days: 1, entries: 2 });
      const seconds = (await searchAll(store)).map(({ atMs }) => (atMs - NOON_MS) / 1000);
      expect(seconds).toEqual([259_201, 259_200, 172_801, 172_800, 86_401, 86_400]);
      expect(await store.coverage(Number.POSITIVE_INFINITY)).toMatchObject([
        { entries: 6, firstAtMs: NOON_MS + DAY_MS },
      ]);
      expect(await store.trim({ ...KEEP_ALL, keepMs: 3 * DAY_MS }, morning)).toEqual({ days: 0, entries: 0 });
    });

    it('of the days of one source earlier, also of what could not be read', async () => {
      const store = await open();
      for (const source of ['bind', 'unbound']) {
        const quarantined = [recordOf(0), recordOf(3 * DAY_MS)];
        const entries = [0, 1, 2, 3].map((day) => entryOf(day * 86_400, { answers: [ADDRESSES[0]!] }));
        await store.append(batchOf(entries, { source, quarantined }));
      }
      await store.append(batchOf([entryOf(1)]));
      const retention = {
        ...KEEP_ALL,
        keepMs: 4 * DAY_MS,
        keepMsOf: new Map([
          ['bind', DAY_MS],
          ['unbound', 1e15],
        ]),
      };
      expect(await store.trim(retention, morning)).toEqual({ days: 0, entries: 4 });
      for (const asked of [{}, { name: entryOf(0).name }, { answer: ADDRESSES[0]! }, { client: entryOf(0).client }]) {
        const found = await searchAll(store, asked);
        expect(found.map(({ source, atMs }) => [source, (atMs - NOON_MS) / DAY_MS])).toEqual([
          ['unbound', 3],
          ['bind', 3],
          ['unbound', 2],
          ['unbound', 1],
          ['unbound', 0],
        ]);
      }
      expect(await store.coverage(Number.POSITIVE_INFINITY)).toMatchObject([
        { source: 'bind', entries: 1, firstAtMs: NOON_MS + 3 * DAY_MS },
        { source: 'unbound', entries: 4 },
      ]);
      const kept = (await store.quarantined(undefined)).map(({ source, atMs }) => [source, (atMs - NOON_MS) / DAY_MS]);
      expect(kept).toEqual([
        ['unbound', 3],
        ['unbound', 0],
        ['bind', 3],
      ]);
    });

    it('and then keeps what comes anew', { timeout: 120_000 }, async () => {
      const anyCase = fc.record({
        before: fc.array(anyBatch, { maxLength: 4 }),
        behind: fc.array(anyBatch, { maxLength: 4 }),
        keepDays: fc.integer({ min: 0, max: 6 }),
        keepDaysOfBind: fc.integer({ min: 0, max: 6 }),
        asked: anyAsked,
      });
      await check(anyCase, async (store, { before, behind, keepDays, keepDaysOfBind, asked }) => {
        const append = async (batches: typeof before) => {
          for (const { source, entries } of batches) await store.append(batchOf(entries, { source }));
        };
        await append(before);
        const keepMsOf = new Map([['bind', keepDaysOfBind * DAY_MS]]);
        const { entries } = await store.trim({ ...KEEP_ALL, keepMs: keepDays * DAY_MS, keepMsOf }, morning);
        const isKept = (source: string, { atMs }: LogEntry) => {
          const days = source === 'bind' ? Math.min(keepDays, keepDaysOfBind) : keepDays;
          return dayOf(morning) - dayOf(atMs) - 1 <= days;
        };
        const all = before.flatMap(({ source, entries }) => entries.map((entry) => ({ ...entry, source })));
        const kept = all.filter((entry) => isKept(entry.source, entry));
        expect(entries).toBe(all.length - kept.length);
        await append(behind);
        kept.push(...behind.flatMap(({ source, entries }) => entries.map((entry) => ({ ...entry, source }))));
        const model = new QueryLogModel();
        for (const { source, ...entry } of kept) model.add(source, [entry]);
        const withoutNumbers = ({ place: _place, ...entry }: FoundEntry) => entry;
        const found = await searchAll(store, asked, 5);
        expect(found.map(withoutNumbers)).toStrictEqual(model.search(asked).map(withoutNumbers));
        expect(await store.coverage(0)).toStrictEqual(model.coverage(0));
      });
    });

    it('never of today and later where there is too much', async () => {
      const store = await open();
      await store.append(batchOf([0, 1, 2, 3].map((day) => entryOf(day * 86_400))));
      if ((await store.sizeBytes()) === undefined) return;
      // An entry of tomorrow, of a clock that is fast, protects nothing.
      const trimmed = await store.trim({ ...KEEP_ALL, sizeBytes: 0 }, NOON_MS + 2 * DAY_MS);
      expect(trimmed).toEqual({ days: 2, entries: 2 });
      expect((await searchAll(store)).map(({ atMs }) => (atMs - NOON_MS) / DAY_MS)).toEqual([3, 2]);
    });

    it('of the oldest days where there is too much, and never of the newest', async () => {
      const store = await open();
      for (const day of [2, 0, 1]) {
        await store.append(batchOf(Array.from({ length: 2000 }, (_, number) => entryOf(day * 86_400 + number))));
      }
      const sizeBytes = await store.sizeBytes();
      if (sizeBytes === undefined) return;
      expect(sizeBytes).toBeGreaterThan(10_000);
      expect(await store.trim({ ...KEEP_ALL, sizeBytes: 2 * sizeBytes }, morning)).toEqual({ days: 0, entries: 0 });
      expect(await store.trim({ ...KEEP_ALL, sizeBytes: 0 }, morning)).toEqual({ days: 2, entries: 4000 });
      const found = await searchAll(store);
      expect(found).toHaveLength(2000);
      expect(dayOf(found[0]!.atMs)).toBe(dayOf(NOON_MS) + 2);
      expect(await store.sizeBytes()).toBeLessThan(sizeBytes);
    });
  });
}

function describeRefusals(open: Open): void {
  describe('refuses', () => {
    const position = { fingerprint: '', offset: 1, state: '' };

    it('a batch that cannot be kept, all of it', async () => {
      const store = await open();
      const sound = packEntries([entryOf(1), entryOf(86_400), entryOf(2)]);
      const many = Array.from({ length: MAX_DAYS + 1 }, (_, day) => bareEntry(day * DAY_MS, ROOT));
      const bad = [
        batchOf([], { entries: sound.subarray(0, -1), position }),
        batchOf([entryOf(1, { atMs: -1 })], { position }),
        batchOf([entryOf(1, { atMs: Date.UTC(10_000, 0) })], { position }),
        batchOf([entryOf(1)], { source: '', position }),
        batchOf([entryOf(1)], { source: 'x'.repeat(MAX_SOURCE_CHARACTERS + 1), position }),
        batchOf(many, { position, quarantined: [recordOf(1)] }),
      ];
      for (const batch of bad) await expect(store.append(batch)).rejects.toMatchObject({ code: 'store-batch' });
      expect(await searchAll(store)).toEqual([]);
      expect(await store.position('bind')).toBeUndefined();
      expect(await store.quarantined(undefined)).toEqual([]);
      expect(await store.coverage(0)).toEqual([]);
      await store.append(batchOf([], { entries: sound, source: 'x'.repeat(MAX_SOURCE_CHARACTERS), position }));
      expect(await searchAll(store)).toHaveLength(3);
    });

    it('everything once it is closed', async () => {
      const store = await open();
      await store.append(batchOf([entryOf(1)]));
      await store.close();
      await store.close();
      const closed = { name: 'GluewallError', code: 'store-closed' };
      await expect(store.append(batchOf([entryOf(2)]))).rejects.toMatchObject(closed);
      await expect(store.position('bind')).rejects.toMatchObject(closed);
      await expect(store.search({ limit: 1 })).rejects.toMatchObject(closed);
      await expect(store.coverage(0)).rejects.toMatchObject(closed);
      await expect(store.quarantined(undefined)).rejects.toMatchObject(closed);
      await expect(store.trim(KEEP_ALL, NOON_MS)).rejects.toMatchObject(closed);
      await expect(store.sizeBytes()).rejects.toMatchObject(closed);
    });
  });
}
