import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../../src/inbox/search.ts';
import { copyStore } from '../../../src/storage/copy-store.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { findingOf } from '../../support/findings.ts';
import { eventOf, NOW_MS, packed, ruleOf, tripleOf } from '../../support/store-rows.ts';
import { findAll, loadAll, loadFindings } from './store-contract.ts';

const newStore = () => new MemoryStore({ events: 100_000 });
const none = () => {};

async function filledStore(): Promise<MemoryStore> {
  const store = newStore();
  await store.saveTriples(packed([tripleOf(1), tripleOf(2, { expiresAtMs: 1 }), tripleOf(3)]));
  await store.saveRule(ruleOf('192.0.2.1', { expiresAtMs: Number.POSITIVE_INFINITY }));
  await store.saveWarmup({ learnedForMs: 5, lastLearnedAtMs: NOW_MS });
  await store.saveFindings([findingOf('F-1'), findingOf('F-2', { subject: 'G-1', kind: 'bot-group' })]);
  // Two that are the same, and some of one instant.
  await store.saveEvents([eventOf(1), eventOf(1), eventOf(2), { ...eventOf(2), inPort: 9 }, eventOf(3)]);
  const [entry] = (await store.findEntries(ALL_ENTRIES, NOW_MS)).rows;
  await store.changeEntries(
    [{ id: entry!.id, state: 'escalated', untilMs: undefined, ifStateChange: undefined }],
    'ann',
    5,
  );
  await store.addEntryComment(entry!.id, { atMs: 6, by: 'ann', text: "it's odd" });
  await store.saveRecords([{ kind: 'user', id: 'ann', json: '{}' }]);
  for (const subject of ['a', 'b', 'b']) await store.addChange({ ...CHANGE, subject });
  await store.addMinutes([{ atMs: 60_000, figures: { allow: 3 } }]);
  return store;
}

const ALL_ENTRIES = { search: EVERYTHING, before: undefined, limit: 100 };
const CHANGE = {
  ...{ atMs: NOW_MS, by: 'ann', token: undefined, from: 'socket', operation: 'rule add', subject: '' },
  ...{ before: undefined, after: '{}', refused: '' },
};

async function entriesOf(store: MemoryStore): Promise<object[]> {
  const { rows } = await store.findEntries(ALL_ENTRIES, NOW_MS);
  const words = await Promise.all(rows.map(({ id }) => store.commentsOf(id)));
  return rows.map(({ id: _id, change: _change, newest: { eventId: _eventId, ...newest }, ...entry }, index) => {
    return { ...entry, newest, words: words[index] };
  });
}

async function changesOf(store: MemoryStore): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const changes of store.loadChanges()) all.push(...changes);
  return all;
}

async function expectSame(from: MemoryStore, to: MemoryStore): Promise<void> {
  expect(await loadAll(to)).toStrictEqual(await loadAll(from));
  expect(await to.loadRules(0)).toStrictEqual(await from.loadRules(0));
  expect(await to.loadWarmup()).toStrictEqual(await from.loadWarmup());
  expect(await findAll(to)).toStrictEqual(await findAll(from));
  expect(await loadFindings(to)).toStrictEqual(await loadFindings(from));
  expect(await entriesOf(to)).toStrictEqual(await entriesOf(from));
  expect(await to.loadRecords()).toStrictEqual(await from.loadRecords());
  expect(await changesOf(to)).toStrictEqual(await changesOf(from));
  expect(await to.minutes(0, 1e9)).toStrictEqual(await from.minutes(0, 1e9));
}

describe('copying a store', () => {
  it('copies all of it, what has expired too, and says how much that was', async () => {
    const from = await filledStore();
    const to = newStore();
    const counts = await copyStore(from, to, none);
    expect(counts).toEqual({ triples: 3, rules: 1, events: 5, findings: 2, knownEvents: 0 });
    await expectSame(from, to);
  });

  it('may be done twice, also after more has come', async () => {
    const from = await filledStore();
    const to = newStore();
    await copyStore(from, to, none);
    expect(await copyStore(from, to, none)).toMatchObject({ events: 0, knownEvents: 5 });
    await from.saveEvents([eventOf(2), eventOf(4)]);
    await from.saveTriples(packed([tripleOf(1, { sightings: 77 })]));
    expect(await copyStore(from, to, none)).toMatchObject({ events: 2, knownEvents: 5 });
    await expectSame(from, to);
  });

  it('keeps what the other store has besides', async () => {
    const to = newStore();
    await to.saveEvents([eventOf(-5), eventOf(2.5), eventOf(9)]);
    await to.saveTriples(packed([tripleOf(50)]));
    await copyStore(await filledStore(), to, none);
    expect(await findAll(to)).toHaveLength(8);
    expect(await entriesOf(to)).toMatchObject([{ state: 'escalated', stateBy: 'ann', comments: 1, events: 8 }]);
    expect(await loadAll(to)).toHaveLength(4);
  });

  it('leaves no second finding about the same, and keeps those about others', async () => {
    const to = newStore();
    const other = findingOf('F-9', { subject: '192.0.2.9', updatedAtMs: 1 });
    await to.saveFindings([findingOf('F-8', { state: 'acknowledged' }), other]);
    const from = await filledStore();
    await copyStore(from, to, none);
    expect(await loadFindings(to)).toStrictEqual([...(await loadFindings(from)), other]);
  });

  it('leaves no second rule about the same, which would come back when the first is removed', async () => {
    const to = newStore();
    const other = ruleOf('192.0.2.1', { action: 'deny', id: 'deny' });
    await to.saveRule(ruleOf('192.0.2.1', { id: 'their own' }));
    await to.saveRule(other);
    await copyStore(await filledStore(), to, none);
    const copied = ruleOf('192.0.2.1', { expiresAtMs: Number.POSITIVE_INFINITY });
    expect(await to.loadRules(0)).toStrictEqual([other, copied]);
  });

  it('copies nothing from an empty store', async () => {
    const to = newStore();
    expect(await copyStore(newStore(), to, none)).toEqual({
      triples: 0,
      rules: 0,
      events: 0,
      findings: 0,
      knownEvents: 0,
    });
    expect(await to.loadWarmup()).toBeUndefined();
  });

  it('copies many, in parts, and reports how far it is', async () => {
    const from = newStore();
    const events = Array.from({ length: 9000 }, (_, number) => eventOf(number));
    await from.saveEvents(events);
    const to = newStore();
    await to.saveEvents(events.filter((_, number) => number % 3 === 0));
    const reported: number[] = [];
    await copyStore(from, to, ({ events: copied }) => reported.push(copied));
    expect(reported.at(-1)).toBe(6000);
    expect(await findAll(to)).toStrictEqual(events);
  });
});
