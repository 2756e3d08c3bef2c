/** What the inbox of every store does, whatever the store is made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { canonicalName } from '../../../src/dns/name.ts';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import { ENTRY_STATES, SEVERITIES } from '../../../src/inbox/entry.ts';
import {
  type EntryChange,
  type KeptEvent,
  type ListedEntry,
  MAX_ENTRY_COMMENTS,
  type RowPage,
  type RowPlace,
} from '../../../src/inbox/inbox-store.ts';
import { EVERYTHING, type Search, type SearchTerm } from '../../../src/inbox/search.ts';
import { severityOf } from '../../../src/inbox/severity.ts';
import { WALK_ROWS } from '../../../src/storage/inbox/walk-back.ts';
import type { Store, StoreOptions } from '../../../src/storage/store.ts';
import { addressOf, eventOf, HOSTILE_NAMES, NOW_MS, nameOf } from '../../support/store-rows.ts';

const HOUR_MS = 3_600_000;
const CLIENTS = ['192.0.2.1', '192.0.2.200', '::ffff:192.0.2.1', '2001:db8::1'].map(addressOf);
const DESTINATIONS = ['198.51.100.1', '203.0.113.7', '2001:db8:f::53'].map(addressOf);
const NAMES = ['evil.example', 'EVIL.example', 'www.evil.example', '.', 'other.test'].map(nameOf);
const HINT = { zone: nameOf('example'), nameServer: nameOf('ns.example'), expiresAtMs: NOW_MS };

/** All pages of a list, each from where the last one said. */
async function allPages<T>(next: (before: RowPlace | undefined) => Promise<RowPage<T>>): Promise<T[]> {
  const all: T[] = [];
  let place: RowPlace | undefined;
  do {
    const page = await next(place);
    all.push(...page.rows);
    place = page.next;
  } while (place !== undefined);
  return all;
}

const entriesOf = (store: Store, search: Search = EVERYTHING, limit = 100, nowMs = NOW_MS): Promise<ListedEntry[]> =>
  allPages((before) => store.findEntries({ search, before, limit }, nowMs));
const eventsOf = (store: Store, search: Search = EVERYTHING, limit = 100): Promise<KeptEvent[]> =>
  allPages((before) => store.findKeptEvents({ search, before, limit }));
const searchOf = (...terms: readonly SearchTerm[]): Search => ({ ...EVERYTHING, terms });
const isBlocked = (event: VerdictEvent) => severityOf(event) !== undefined;
const keyOf = ({ client, destination, queryName }: Pick<VerdictEvent, 'client' | 'destination' | 'queryName'>) =>
  `${formatAddress(client)} ${formatAddress(destination)} ${queryName && canonicalName(queryName)}`;

/** What the events make of the inbox, by other means than the stores'. The newest first. */
function modelOf(events: readonly VerdictEvent[]): object[] {
  const byKey = new Map<string, VerdictEvent[]>();
  for (const event of events.filter(isBlocked)) byKey.set(keyOf(event), [...(byKey.get(keyOf(event)) ?? []), event]);
  const entries = [...byKey.values()].map((unordered) => {
    const group = unordered.toSorted((one, other) => one.atMs - other.atMs);
    const newest = group.at(-1)!;
    return {
      client: newest.client,
      destination: newest.destination,
      queryName: newest.queryName && canonicalName(newest.queryName),
      firstAtMs: group[0]!.atMs,
      lastAtMs: newest.atMs,
      events: group.length,
      packets: group.reduce((sum, { packetsAtLeast }) => sum + packetsAtLeast, 0),
      severity: SEVERITIES.find((severity) => group.some((event) => severityOf(event) === severity)),
      state: 'open',
      stateBy: undefined,
      stateAtMs: undefined,
      untilMs: undefined,
      comments: 0,
      newest: {
        clientMac: newest.clientMac,
        clientName: newest.clientName,
        group: newest.group,
        datapathId: newest.datapathId,
        inPort: newest.inPort,
        transport: newest.transport,
        queryType: newest.queryType,
        recursionDesired: newest.recursionDesired,
        enforced: newest.enforced,
        reason: newest.reason,
        ruleId: newest.ruleId,
        hint: newest.hint,
        message: newest.message,
      },
      hours: Array.from({ length: 24 }, (_, hour) => {
        const at = Math.floor(NOW_MS / HOUR_MS) - 23 + hour;
        return group.filter(({ atMs }) => Math.floor(atMs / HOUR_MS) === at).length;
      }),
    };
  });
  return entries.toSorted((one, other) => other.lastAtMs - one.lastAtMs);
}

function plain({ id: _id, change: _change, newest: { eventId: _eventId, ...newest }, ...entry }: ListedEntry): object {
  return { ...entry, newest };
}

const anyBatchEvent = fc.record({
  client: fc.constantFrom(...CLIENTS),
  destination: fc.constantFrom(...DESTINATIONS),
  queryName: fc.constantFrom(undefined, ...NAMES),
  verdict: fc.constantFrom('block', 'block', 'allow'),
  reason: fc.constantFrom('unknown', 'denyRule', 'tooYoung'),
  hint: fc.constantFrom(undefined, HINT),
  recursionDesired: fc.constantFrom(undefined, true, false),
  enforced: fc.boolean(),
  packetsAtLeast: fc.integer({ min: 1, max: 5 }),
  clientMac: fc.constantFrom(undefined, 0, 0xffffffffffff),
  rank: fc.integer(),
}) as fc.Arbitrary<Partial<VerdictEvent> & { readonly rank: number }>;

/** To be called among the tests of a store; `openNew` gives an empty one each time. */
export function describeInbox(openNew: (options?: StoreOptions) => Promise<Store>): void {
  describe('of the inbox', () => {
    it('has no entries at first', async () => {
      const store = await openNew();
      expect(await entriesOf(store)).toEqual([]);
      expect(await store.lastEntryChange()).toBe(0);
      expect(await store.entriesChangedAfter(0, 10, NOW_MS)).toEqual({ entries: [], count: 0, change: 0 });
      expect(await store.entriesById([1, 2], NOW_MS)).toEqual([]);
      expect(await store.openEntries()).toEqual([]);
      expect(await store.busiest('client', 0, 10)).toEqual([]);
      expect(await store.keptEvent(1)).toBeUndefined();
      expect(await store.entryOfEvent(1)).toBeUndefined();
      expect(await store.commentsOf(1)).toEqual([]);
    });

    it('is what the events make of it, in whatever portions and order they come', { timeout: 120_000 }, async () => {
      const anyBatches = fc.record({
        drawn: fc.array(anyBatchEvent, { minLength: 1, maxLength: 40 }),
        size: fc.integer({ min: 1, max: 15 }),
      });
      let writer = 0;
      const property = fc.asyncProperty(anyBatches, async ({ drawn, size }) => {
        const store = await openNew();
        // Each has a time of its own: which of one time is the newest depends on their order.
        const events = drawn.map(({ rank, ...event }, number) => ({
          rank,
          event: eventOf(-number * 1_700_000, event),
        }));
        const shuffled = events.toSorted((one, other) => one.rank - other.rank).map(({ event }) => event);
        writer++;
        for (let start = 0; start < shuffled.length; start += size) {
          const mark = { writer: `${writer}`.padStart(32, '0'), sequence: start + 1 };
          // An answer that was lost is asked for again.
          for (let time = 0; time < 2; time++) await store.saveEvents(shuffled.slice(start, start + size), mark);
        }
        const found = await entriesOf(store, EVERYTHING, 3);
        expect(found.map(plain)).toStrictEqual(modelOf(shuffled));
        for (const { id, lastAtMs, newest } of found) {
          const kept = await store.keptEvent(newest.eventId!);
          expect(kept?.event.atMs).toBe(lastAtMs);
          expect(await store.entryOfEvent(newest.eventId!)).toBe(id);
        }
        expect((await eventsOf(store, EVERYTHING, 7)).map(({ event }) => event)).toStrictEqual(
          shuffled.toSorted((one, other) => other.atMs - one.atMs),
        );
        await store.close();
      });
      await fc.assert(property, { numRuns: 25 });
    });

    it('keeps names that want to be something else', async () => {
      const store = await openNew();
      const events = HOSTILE_NAMES.map((queryName, number) =>
        eventOf(number, { queryName, clientName: "it's \0 \x1b[0m \u{1f600}" }),
      );
      await store.saveEvents(events);
      const found = await entriesOf(store);
      expect(found.map(plain)).toStrictEqual(modelOf(events));
      expect(store.unreadableRows).toBe(0);
    });

    it('gives every entry once, page by page, while events are saved', async () => {
      const store = await openNew();
      const count = 150;
      await store.saveEvents(
        // Some of one time: no page may leave out or repeat one where it ends.
        Array.from({ length: count }, (_, number) =>
          eventOf(Math.floor(number / 9), { queryName: nameOf(`n${number}.example`) }),
        ),
      );
      let saved = 0;
      const seen = await allPages(async (before) => {
        const again = { queryName: nameOf(`n${count - 1 - saved}.example`) };
        await store.saveEvents([
          eventOf(1000 + saved, again),
          eventOf(2000 + saved, { queryName: nameOf(`x${saved}`) }),
        ]);
        saved++;
        return store.findEntries({ search: EVERYTHING, before, limit: 7 }, NOW_MS);
      });
      const names = seen.map(({ queryName }) => queryName);
      expect(new Set(names).size).toBe(names.length);
      const touched = new Set(Array.from({ length: saved }, (_, number) => nameOf(`n${count - 1 - number}.example`)));
      for (let number = 0; number < count; number++) {
        const name = nameOf(`n${number}.example`);
        if (!touched.has(name)) expect(names).toContain(name);
      }
    });

    it('finds what a search asks for, of entries and of events', async () => {
      const store = await openNew();
      const events = Array.from({ length: 240 }, (_, number) =>
        eventOf(number, {
          client: CLIENTS[number % 4]!,
          destination: DESTINATIONS[number % 3]!,
          queryName: [undefined, ...NAMES][number % 6],
          queryType: [1, 28, 255][number % 3],
          reason: (['unknown', 'denyRule', 'tooYoung'] as const)[number % 3]!,
          enforced: number % 5 > 0,
          recursionDesired: number % 7 > 3,
        }),
      );
      await store.saveEvents(events);
      const all = await entriesOf(store);
      await store.changeEntries(
        all.slice(0, 9).map(({ id }, number) => ({
          ...{ id, state: number % 2 === 0 ? 'escalated' : 'acknowledged', untilMs: NOW_MS, ifStateChange: undefined },
        })),
        'ann',
        NOW_MS,
      );
      const entries = await entriesOf(store);
      expect(entries).toHaveLength(all.length);
      const isIn = ({ client }: Pick<VerdictEvent, 'client'>) => formatAddress(client).startsWith('192.0.2.');
      const isBelow = ({ queryName }: Pick<ListedEntry, 'queryName'>) =>
        queryName !== undefined && canonicalName(queryName).endsWith(nameOf('evil.example'));
      type Wanted = Pick<VerdictEvent, 'client' | 'destination' | 'queryName' | 'queryType'>;
      const network = { address: '192.0.2.0', prefixLength: 24 };
      const address = { address: formatAddress(CLIENTS[2]!), prefixLength: undefined };
      const below = { name: 'evil.example', match: 'below' } as const;
      const cases: readonly (readonly [SearchTerm, (row: Wanted) => boolean])[] = [
        [{ field: 'client', isNegated: false, anyOf: [network] }, isIn],
        [{ field: 'client', isNegated: true, anyOf: [network] }, (row) => !isIn(row)],
        [{ field: 'client', isNegated: false, anyOf: [address] }, ({ client }) => client === CLIENTS[2]],
        [
          { field: 'destination', isNegated: false, anyOf: [{ address: '203.0.113.7', prefixLength: undefined }] },
          ({ destination }) => destination === DESTINATIONS[1],
        ],
        [{ field: 'name', isNegated: false, anyOf: [below] }, isBelow],
        [{ field: 'name', isNegated: true, anyOf: [below] }, (row) => !isBelow(row)],
        [
          { field: 'name', isNegated: false, anyOf: [{ name: '', match: 'none' }] },
          ({ queryName }) => queryName === undefined,
        ],
        [{ field: 'type', isNegated: false, anyOf: [1, 255] }, ({ queryType }) => queryType !== 28],
      ];
      for (const [term, isWanted] of cases) {
        const found = await entriesOf(store, searchOf(term), 4);
        const wanted = entries.filter((entry) => isWanted({ ...entry, queryType: entry.newest.queryType }));
        expect(found, JSON.stringify(term)).toStrictEqual(wanted);
        const kept = await eventsOf(store, searchOf(term), 11);
        expect(kept.map(({ event }) => event)).toStrictEqual(events.filter(isWanted).toReversed());
      }
      for (const state of ENTRY_STATES) {
        const found = await entriesOf(store, searchOf({ field: 'state', isNegated: true, anyOf: [state] }), 5);
        expect(found).toStrictEqual(entries.filter((entry) => entry.state !== state));
      }
      const bad = searchOf({ field: 'severity', isNegated: false, anyOf: ['high'] });
      expect(await entriesOf(store, bad)).toStrictEqual(entries.filter(({ severity }) => severity === 'high'));
      const times = { ...EVERYTHING, sinceMs: NOW_MS + 100, untilMs: NOW_MS + 200 };
      expect((await eventsOf(store, times)).map(({ event }) => event)).toStrictEqual(
        events.slice(100, 200).toReversed(),
      );
    });

    it('finds few among many in steps, none of which has to look at all', { timeout: 120_000 }, async () => {
      const count = WALK_ROWS + 500;
      const every = Math.round(0.45 * WALK_ROWS);
      const store = await openNew({ events: count });
      const events = Array.from({ length: count }, (_, number) =>
        eventOf(number, {
          queryName: nameOf(`n${number}.many.example`),
          queryType: number % every === 1 ? 16 : 1,
          packet: undefined,
        }),
      );
      for (let start = 0; start < count; start += 5000) await store.saveEvents(events.slice(start, start + 5000));
      const search = searchOf({ field: 'type', isNegated: false, anyOf: [16] });
      const wanted = events.filter(({ queryType }) => queryType === 16).toReversed();
      expect((await eventsOf(store, search, 2)).map(({ event }) => event)).toStrictEqual(wanted);
      const found = await entriesOf(store, search, 2);
      expect(found.map(({ queryName }) => queryName)).toEqual(wanted.map(({ queryName }) => queryName));
      const first = await store.findEntries({ search, before: undefined, limit: 50 }, NOW_MS);
      expect(first.rows).toHaveLength(2);
      expect(first.next).toBeDefined();
      const named = { field: 'name', isNegated: false, anyOf: [{ name: 'many.example', match: 'below' }] } as const;
      expect(await entriesOf(store, searchOf(named), 1000)).toHaveLength(count);
    });

    describe('when its state is changed', () => {
      const change = (id: number, more: Partial<EntryChange> = {}): EntryChange => ({
        ...{ id, state: 'acknowledged', untilMs: NOW_MS + 5000, ifStateChange: undefined },
        ...more,
      });
      const open = async () => {
        const store = await openNew();
        await store.saveEvents([eventOf(0), eventOf(1, { queryName: nameOf('b.example') })]);
        const [b, a] = await entriesOf(store);
        const get = async (id = a!.id) => (await store.entriesById([id], NOW_MS))[0]!;
        return { store, a: a!, b: b!, get };
      };

      it('says who did it and when, and what was before', async () => {
        const { store, a, b, get } = await open();
        const changes = [
          change(a.id),
          change(b.id, { state: 'escalated' }),
          change(a.id, { state: 'open' }),
          change(99),
        ];
        const changed = await store.changeEntries(changes, 'ann', NOW_MS + 0.5);
        const before = { state: 'open', untilMs: undefined };
        expect(changed).toMatchObject([
          { id: a.id, before },
          { id: b.id, before },
        ]);
        const by = { stateBy: 'ann', stateAtMs: NOW_MS + 0.5 };
        expect(await get()).toMatchObject({ state: 'acknowledged', untilMs: NOW_MS + 5000, ...by });
        expect(await get(b.id)).toMatchObject({ state: 'escalated', untilMs: undefined, ...by });
        expect((await get()).change).toBeGreaterThan(b.change);
        expect(await store.openEntries()).toEqual([{ severity: 'medium', state: 'escalated', count: 1 }]);
        expect(await store.changeEntries([], 'ann', NOW_MS)).toEqual([]);
      });

      it('is undone as long as nobody has changed it since', async () => {
        const { store, a, b, get } = await open();
        const changed = await store.changeEntries([change(a.id), change(b.id)], 'ann', NOW_MS);
        await store.changeEntries([change(b.id, { state: 'escalated' })], 'bob', NOW_MS);
        const undo = changed.map(({ id, before, stateChange }) => ({ id, ...before, ifStateChange: stateChange }));
        const undone = await store.changeEntries(undo, 'ann', NOW_MS + 1);
        expect(undone.map(({ id }) => id)).toEqual([a.id]);
        expect(await get()).toMatchObject({ state: 'open', untilMs: undefined });
        expect(await get(b.id)).toMatchObject({ state: 'escalated', stateBy: 'bob' });
        expect(await store.changeEntries(undo, 'ann', NOW_MS + 2)).toEqual([]);
      });

      it('opens anew when it is seen after its time, or worse than it was', async () => {
        const { store, a, get } = await open();
        await store.changeEntries([change(a.id)], 'ann', NOW_MS);
        await store.saveEvents([eventOf(4999), eventOf(3000, { reason: 'tooYoung' })]);
        expect(await get()).toMatchObject({ state: 'acknowledged', severity: 'medium', events: 3 });
        await store.saveEvents([eventOf(5001, { reason: 'tooYoung' })]);
        const anew = { state: 'open', stateBy: undefined, stateAtMs: undefined, untilMs: undefined };
        expect(await get()).toMatchObject({ ...anew, severity: 'medium', events: 4 });
        await store.changeEntries([change(a.id, { untilMs: NOW_MS + 9000 })], 'ann', NOW_MS);
        await store.saveEvents([eventOf(9001, { reason: 'tooYoung' })]);
        // The worst since it was acknowledged.
        expect(await get()).toMatchObject({ ...anew, severity: 'low' });
        const [changed] = await store.changeEntries([change(a.id, { untilMs: NOW_MS + 99_000 })], 'ann', NOW_MS);
        await store.saveEvents([eventOf(9002, { reason: 'denyRule' })]);
        expect(await get()).toMatchObject({ ...anew, severity: 'high' });
        const undo = { id: a.id, ...changed!.before, ifStateChange: changed!.stateChange };
        expect(await store.changeEntries([undo], 'ann', NOW_MS)).toEqual([]);
      });

      it('stays escalated, and tells of worse', async () => {
        const { store, a, get } = await open();
        await store.changeEntries([change(a.id, { state: 'escalated' })], 'ann', NOW_MS);
        await store.saveEvents([eventOf(9_000_000, { reason: 'denyRule' })]);
        expect(await get()).toMatchObject({ state: 'escalated', stateBy: 'ann', severity: 'high', events: 2 });
      });

      it('keeps what was said of it, up to so much', async () => {
        const { store, a, get } = await open();
        const said = { atMs: NOW_MS + 0.25, by: 'ann', text: "it's \0 \x1b[0m \u{1f600}\n" };
        for (let count = 0; count < MAX_ENTRY_COMMENTS; count++) {
          expect(await store.addEntryComment(a.id, { ...said, by: `ann${count}` })).toBe(true);
        }
        expect(await store.addEntryComment(a.id, said)).toBe(false);
        expect(await store.addEntryComment(99, said)).toBe(false);
        const comments = await store.commentsOf(a.id);
        expect(comments).toHaveLength(MAX_ENTRY_COMMENTS);
        expect(comments.at(-1)).toEqual({ ...said, by: `ann${MAX_ENTRY_COMMENTS - 1}` });
        expect(await get()).toMatchObject({ comments: MAX_ENTRY_COMMENTS });
      });
    });

    it('tells what has changed after a change', async () => {
      const store = await openNew();
      const names = ['a', 'b', 'c'].map(nameOf);
      for (const [number, queryName] of names.entries()) await store.saveEvents([eventOf(number, { queryName })]);
      const last = await store.lastEntryChange();
      const all = await store.entriesChangedAfter(0, 10, NOW_MS);
      expect(all).toMatchObject({ count: 3, change: last });
      expect(all.entries.map(({ queryName }) => queryName)).toEqual(names.toReversed());
      await store.saveEvents([eventOf(9, { verdict: 'allow', reason: 'history' })]);
      expect(await store.entriesChangedAfter(last, 10, NOW_MS)).toEqual({ entries: [], count: 0, change: last });
      await store.saveEvents([eventOf(9, { queryName: names[0] })]);
      await store.addEntryComment(all.entries[1]!.id, { atMs: NOW_MS, by: 'ann', text: 'hm' });
      const after = await store.entriesChangedAfter(last, 1, NOW_MS);
      expect(after).toMatchObject({ count: 2, change: await store.lastEntryChange() });
      expect(after.entries.map(({ queryName }) => queryName)).toEqual([names[1]]);
      expect(await store.entriesChangedAfter(last, 0, NOW_MS)).toMatchObject({ entries: [], count: 2 });
    });

    it('counts by hour, and knows who is busiest', async () => {
      const store = await openNew();
      const at = (hoursAgo: number, more: Partial<VerdictEvent>) => eventOf(-hoursAgo * HOUR_MS, more);
      const [one, other] = [CLIENTS[0]!, CLIENTS[3]!];
      await store.saveEvents([
        ...[30, 3, 3, 0].map((hours) => at(hours, { client: one, clientName: 'printer' })),
        ...[3, 2].map((hours) => at(hours, { client: other, destination: DESTINATIONS[1]! })),
        at(1, { client: CLIENTS[1]!, verdict: 'allow', reason: 'history' }),
      ]);
      const [newest] = await entriesOf(store);
      expect(newest).toMatchObject({ client: one, events: 4 });
      expect(newest?.hours).toEqual([...Array.from({ length: 20 }, () => 0), 2, 0, 0, 1]);
      expect(await store.busiest('client', NOW_MS - 5 * HOUR_MS, 5)).toEqual([
        { address: one, name: 'printer', events: 3 },
        { address: other, name: undefined, events: 2 },
      ]);
      expect(await store.busiest('client', 0, 1)).toEqual([{ address: one, name: 'printer', events: 4 }]);
      expect(await store.busiest('destination', NOW_MS - HOUR_MS, 5)).toMatchObject([{ events: 1, name: undefined }]);
    });

    it('gives the events of one entry, the newest first', async () => {
      const store = await openNew();
      const mine = Array.from({ length: 20 }, (_, number) => eventOf(Math.floor(number / 3), { inPort: number }));
      const others = mine.map((event) => ({ ...event, client: CLIENTS[1]! }));
      await store.saveEvents(mine.flatMap((event, number) => [event, others[number]!]));
      const entry = (await entriesOf(store)).find(({ client }) => client === mine[0]!.client)!;
      const found = await allPages((before) => store.eventsOfEntry(entry.id, before, 6));
      expect(found.map(({ event }) => event)).toStrictEqual(mine.toReversed());
      expect(found[0]!.id).toBe(entry.newest.eventId);
      expect(await store.eventsOfEntry(99, undefined, 6)).toEqual({ rows: [], next: undefined });
      expect(await store.eventsOfEntry(entry.id, undefined, 0)).toEqual({ rows: [], next: undefined });
    });

    it('lets go of entries with their last events, but for what somebody has put aside', async () => {
      const store = await openNew({ events: 10 });
      const names = ['gone', 'escalated', 'said', 'later', 'past', 'stays'].map(nameOf);
      await store.saveEvents(names.map((queryName, number) => eventOf(number, { queryName })));
      const ids = (await entriesOf(store)).toReversed().map(({ id }) => id);
      const put = (place: number, state: EntryChange['state'], untilMs?: number) =>
        store.changeEntries([{ id: ids[place]!, state, untilMs, ifStateChange: undefined }], 'ann', NOW_MS);
      await put(1, 'escalated');
      await store.addEntryComment(ids[2]!, { atMs: NOW_MS, by: 'ann', text: 'hm' });
      await put(3, 'acknowledged', NOW_MS + 3 * HOUR_MS);
      await put(4, 'acknowledged', NOW_MS + 50);
      const fill = (number: number) => eventOf(number, { client: CLIENTS[1]!, queryName: undefined });
      await store.saveEvents(Array.from({ length: 9 }, (_, number) => fill(100 + number)));
      const left = async () => (await entriesOf(store)).flatMap(({ queryName }) => queryName ?? []).toReversed();
      expect(await left()).toEqual(names.slice(1, 4).concat(names[5]!));
      expect((await store.entriesById([ids[1]!], NOW_MS))[0]?.newest.eventId).toBeUndefined();
      await store.saveEvents([fill(200)]);
      expect(await left()).toEqual(names.slice(1, 4));
      await store.saveEvents([fill(4 * HOUR_MS)]);
      expect(await left()).toEqual(names.slice(1, 3));
      expect(await store.contents()).toMatchObject({ events: 10, entries: 3 });
      await store.saveEvents([eventOf(5 * HOUR_MS, { queryName: names[0] })]);
      expect((await entriesOf(store))[0]).toMatchObject({
        queryName: names[0],
        events: 1,
        firstAtMs: NOW_MS + 5 * HOUR_MS,
      });
      expect(ids).not.toContain((await entriesOf(store))[0]?.id);
    });
  });
}
