import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { GluewallError } from '../../../src/core/errors.ts';
import { eveFindingLine } from '../../../src/findings/eve-finding.ts';
import { type Finding, type Found, MAX_CHANGES, MAX_COMMENTS, MAX_REASONS } from '../../../src/findings/finding.ts';
import { FindingBook, type FindingBookParts, type FindingNews } from '../../../src/findings/finding-book.ts';
import { composeFinding, readFinding } from '../../../src/findings/finding-record.ts';
import type { FindingStore } from '../../../src/findings/finding-store.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { FOUND_AT_MS, findingOf, foundOf, reasonOf } from '../../support/findings.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOST = '192.0.2.66';
const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let log: RecordingLog;
let store: MemoryStore;
let book: FindingBook;
let news: FindingNews[];

async function newBook(changes: Partial<FindingBookParts> = {}): Promise<FindingBook> {
  let count = 0;
  const newId = () => `F-${String(++count).padStart(6, '0')}`;
  const made = new FindingBook({ clock, log, store, newId, ...changes });
  made.subscribe((one) => news.push(one));
  await made.load();
  return made;
}

const only = () => {
  expect(book.list()).toHaveLength(1);
  return book.list()[0]!;
};
const stored = async () => {
  const all: Finding[] = [];
  for await (const findings of store.loadFindings()) all.push(...findings);
  return all;
};
const told = () => news.map(({ what, finding }) => `${what} ${finding.subject} ${finding.state}`);
const codeOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return error instanceof GluewallError ? error.code : error;
  }
  return undefined;
};

beforeEach(async () => {
  clock = new VirtualClock();
  log = new RecordingLog();
  store = new MemoryStore({ events: 10 });
  news = [];
  book = await newBook();
});

describe('what is found', () => {
  it('is one finding for each kind and subject, updated by each round', () => {
    book.take([foundOf(HOST), foundOf(HOST, { kind: 'answer-flood' }), foundOf('192.0.2.67')]);
    clock.advance(60_000);
    book.take([foundOf(HOST, { score: 0.88, lastAtMs: FOUND_AT_MS + 60_000, firstAtMs: FOUND_AT_MS })]);
    expect(book.list().map(({ subject, kind }) => `${kind} ${subject}`)).toEqual([
      `infected-host ${HOST}`,
      'infected-host 192.0.2.67',
      `answer-flood ${HOST}`,
    ]);
    expect(book.list()[0]).toEqual({
      ...foundOf(HOST, { score: 0.88, lastAtMs: FOUND_AT_MS + 60_000 }),
      id: 'F-000001',
      openedAtMs: clock.nowMs() - 60_000,
      updatedAtMs: clock.nowMs(),
      state: 'new',
      closed: undefined,
      comments: [],
      changes: [],
      cases: [],
    });
    expect(told()).toEqual([`opened ${HOST} new`, `opened ${HOST} new`, 'opened 192.0.2.67 new']);
  });

  it('may be many, and is then taken in turns', async () => {
    const found = Array.from({ length: 1050 }, (_, index) => foundOf(`10.0.${index >> 8}.${index & 255}`));
    let turns = 0;
    const taking = book.takeInTurns(found);
    for (let isDone = false; !isDone; turns++) {
      isDone = await Promise.race([
        taking.then(() => true),
        new Promise<boolean>((resolve) => setImmediate(resolve, false)),
      ]);
      expect(turns).toBeLessThan(100);
    }
    expect(turns).toBeGreaterThan(5);
    expect(book.figures.held).toBe(1050);
  });

  it('stays with its age when nothing is said of it any more', () => {
    book.take([foundOf(HOST)]);
    const before = only();
    clock.advance(24 * HOUR_MS);
    book.take([]);
    expect(only()).toBe(before);
  });

  it('is not written for evidence that only grows older', async () => {
    book.take([foundOf(HOST)]);
    await book.flush();
    const { written } = book.figures;
    book.take([foundOf(HOST, { score: 0.848 })]);
    await book.flush();
    expect(book.figures).toMatchObject({ written, waiting: 0 });
    book.take([foundOf(HOST, { score: 0.8 })]);
    await book.flush();
    expect(book.figures.written).toBe(written + 1);
  });

  it('is told of again when at most half the doubt is left, and not before', () => {
    const scores = [0.8, 0.85, 0.89, 0.901, 0.94, 0.951, 0.99, 0.999, 1];
    for (const score of scores) book.take([foundOf(HOST, { score })]);
    expect(news.map(({ what, finding }) => [what, finding.score])).toEqual([
      ['opened', 0.8],
      ['risen', 0.901],
      ['risen', 0.951],
      ['risen', 0.99],
    ]);
  });

  it('keeps merges and splits of groups, each once', () => {
    const changes = [{ atMs: 5, by: 'gluewall', text: 'merged with G-2' }];
    const group = foundOf('G-1', { kind: 'bot-group', changes, detail: { hosts: [1, 'two'] } });
    book.take([group]);
    book.take([group]);
    const split = { atMs: 6, by: 'gluewall', text: 'split from G-3' };
    book.take([{ ...group, changes: [...changes, split] }]);
    expect(only()).toMatchObject({ changes: [...changes, split], detail: { hosts: [1, 'two'] } });
  });

  it('cannot be more than its bounds, nor steer a terminal', async () => {
    const long = '\x1b]0;x\x07\u202e'.repeat(3000);
    const hostile: Found = {
      kind: 'c2-server',
      subject: long,
      score: Number.NaN,
      reasons: Array.from({ length: 100 }, () =>
        reasonOf({
          weight: 7,
          line: long,
          events: Number.POSITIVE_INFINITY,
          lastAtMs: 1e300,
          firstAtMs: -1e300,
          samples: Array.from({ length: 100 }, () => ({ atMs: Number.NaN, text: long })),
        }),
      ),
      hosts: Array.from({ length: 5000 }, (_, index) => `${index}${long}`),
      firstAtMs: Number.NEGATIVE_INFINITY,
      lastAtMs: Number.MAX_VALUE,
      changes: Array.from({ length: 1000 }, (_, index) => ({ atMs: index, by: long, text: long })),
      detail: { long: 'x'.repeat(1_000_000) },
    };
    book.take([hostile]);
    book.take([hostile]);
    const held = only();
    expect(held.reasons).toHaveLength(MAX_REASONS);
    expect(held.changes).toHaveLength(MAX_CHANGES);
    expect(held.hosts).toHaveLength(1000);
    expect(held.detail).toBeUndefined();
    expect(JSON.stringify(held)).not.toMatch(/\\u001b|\u202e/);
    expect(new Date(held.lastAtMs).toISOString()).toBe('9999-12-31T23:59:59.999Z');
    for (let index = 0; index < 200; index++) book.comment(held.id, long, long);
    expect(only().comments).toHaveLength(MAX_COMMENTS);
    await book.flush();
    expect(await stored()).toEqual([only()]);
  });
});

describe('whatever is found and said', () => {
  it('can be read again from the store', () => {
    const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
    const number = fc.double();
    fc.assert(
      fc.property(text, text, number, number, fc.jsonValue(), (one, other, first, second, detail) => {
        const fresh = new FindingBook({ clock, log, store });
        const reason = reasonOf({ kind: one, line: other, weight: first, events: second, firstAtMs: first });
        const samples = [{ atMs: second, text: one }];
        const told = [{ atMs: first, by: one, text: other }];
        const found = foundOf(one, { reasons: [{ ...reason, samples }], hosts: [other], score: second, changes: told });
        fresh.take([{ ...found, firstAtMs: first, lastAtMs: second, detail }]);
        const { id } = fresh.list()[0]!;
        fresh.comment(id, other, one);
        fresh.close(id, 'mistake', other, one);
        const held = fresh.get(id);
        expect(readFinding(composeFinding(held))).toStrictEqual(held);
        expect(() => eveFindingLine({ what: 'state', finding: held })).not.toThrow();
      }),
    );
  });
});

describe('what people do', () => {
  beforeEach(() => {
    book.take([foundOf(HOST)]);
    news.length = 0;
  });

  it('moves it from state to state, with who did it', () => {
    const { id } = only();
    book.acknowledge(id, 'alice');
    book.escalate(id, 'bob');
    clock.advance(1000);
    book.close(id, 'resolved', 'cleaned, ticket 4711', 'carol');
    expect(only()).toMatchObject({
      state: 'closed',
      closed: { atMs: clock.nowMs(), by: 'carol', as: 'resolved', reason: 'cleaned, ticket 4711' },
    });
    book.reopen(id, 'dave');
    expect(only()).toMatchObject({ state: 'new', closed: undefined });
    expect(only().changes.map(({ by, text }) => `${by}: ${text}`)).toEqual([
      'alice: acknowledged',
      'bob: escalated',
      'carol: closed as resolved: cleaned, ticket 4711',
      'dave: reopened',
    ]);
    expect(news.map(({ what, finding }) => `${what} ${finding.state}`)).toEqual([
      'state acknowledged',
      'state escalated',
      'state closed',
      'state new',
    ]);
  });

  it('lets one of two who do the same at once win, and tells the other who it was', () => {
    const { id } = only();
    book.acknowledge(id, 'alice');
    expect(codeOf(() => book.acknowledge(id, 'bob'))).toBe('finding-state');
    expect(() => book.acknowledge(id, 'bob')).toThrow(/acknowledged already, by alice at 2026-01-15T12:00:00.000Z/);
    book.close(id, 'mistake', 'no', 'alice');
    for (const again of ['acknowledge', 'escalate'] as const) {
      expect(codeOf(() => book[again](id, 'bob'))).toBe('finding-state');
    }
    expect(codeOf(() => book.close(id, 'accepted', 'so what', 'bob'))).toBe('finding-state');
    expect(only().closed?.as).toBe('mistake');
    book.reopen(id, 'alice');
    expect(codeOf(() => book.reopen(id, 'bob'))).toBe('finding-state');
  });

  it('stays what it was for whoever holds an older record', () => {
    const before = only();
    book.comment(before.id, 'a word', 'alice');
    expect(before.comments).toEqual([]);
    expect(only().comments).toEqual([{ atMs: clock.nowMs(), by: 'alice', text: 'a word' }]);
  });

  it('finds it by the beginning of its id, in any case, with or without F-', () => {
    book.take([foundOf('192.0.2.67')]);
    for (const id of ['F-000001', 'f-000001', '000001']) expect(book.get(id).subject).toBe(HOST);
    expect(codeOf(() => book.get('F-0'))).toBe('finding-unknown');
    expect(() => book.get('0')).toThrow('2 findings begin with 0');
    for (const id of ['', 'F-', '9', '\x1b[2J', '__proto__']) {
      expect(codeOf(() => book.get(id))).toBe('finding-unknown');
      expect(() => book.get(id)).not.toThrow('\x1b');
    }
  });

  it('links traceback cases, each once', () => {
    for (const id of ['one', 'two', 'one']) book.linkCase(only().id, id, 'alice');
    expect(only().cases).toEqual(['one', 'two']);
    expect(only().changes).toHaveLength(2);
  });

  it('tells what was done about it, and is as open as before', async () => {
    news.length = 0;
    const { id } = only();
    book.respond(id, 'in quarantine', 'rule 1');
    expect(only()).toMatchObject({ state: 'new', changes: [{ by: 'rule 1', text: 'in quarantine' }] });
    expect(told()).toEqual([`response ${HOST} new`]);
    await book.flush();
    expect((await stored())[0]!.changes).toEqual(only().changes);
    expect(codeOf(() => book.respond('F-none', 'x', 'y'))).toBe('finding-unknown');
  });
});

describe('a closed finding', () => {
  const closeAs = (as: 'mistake' | 'resolved' | 'accepted') => {
    book.take([foundOf(HOST)]);
    book.acknowledge(only().id, 'alice');
    book.close(only().id, as, 'a reason', 'alice');
    news.length = 0;
  };
  const later = (changes: Partial<Found>) =>
    book.take([foundOf(HOST, { lastAtMs: clock.nowMs() + 24 * HOUR_MS, ...changes })]);

  it.each(['mistake', 'accepted'] as const)('that was closed as %s stays as it was while it only goes on', (as) => {
    closeAs(as);
    const before = only();
    for (const score of [0.5, 0.85, 0.9, 0.92]) later({ score });
    later({ reasons: [reasonOf(), reasonOf({ kind: 'scanning', weight: 0.2 })] });
    expect(only()).toBe(before);
    expect(news).toEqual([]);
  });

  it.each([
    ['half the doubt', { score: 0.93 }, 'its score is 0.93 now, and was 0.85'],
    [
      'a weighty reason of a new kind',
      { reasons: [reasonOf(), reasonOf({ kind: 'scanning', weight: 0.4 })] },
      'there is a new reason: scanning',
    ],
  ])('comes back under its id with %s', (_, changes, why) => {
    closeAs('mistake');
    const { id } = only();
    later(changes);
    expect(only()).toMatchObject({ id, state: 'new', closed: undefined, ...changes });
    expect(only().changes.at(-1)).toMatchObject({ by: 'gluewall', text: `reopened: ${why}` });
    expect(told()).toEqual([`state ${HOST} new`]);
  });

  it('that is as sure as can be comes back for a new kind alone', () => {
    book.take([foundOf(HOST, { score: 0.995 })]);
    book.close(only().id, 'mistake', 'no', 'alice');
    later({ score: 1 });
    expect(only().state).toBe('closed');
  });

  it('that was resolved comes back when it goes on, not for what was on its way', () => {
    closeAs('resolved');
    book.take([foundOf(HOST, { lastAtMs: clock.nowMs() + 60_000 })]);
    expect(only().state).toBe('closed');
    book.take([foundOf(HOST, { lastAtMs: clock.nowMs() + 20 * 60_000 })]);
    expect(only()).toMatchObject({ state: 'new' });
    expect(only().changes.at(-1)).toMatchObject({ text: 'reopened: it goes on' });
  });
});

describe('what is known from outside', () => {
  const traceback = (line: string, weight: number) => reasonOf({ kind: 'traceback', line, weight });

  it('stays through the rounds, and counts with what they say', () => {
    book.take([foundOf(HOST, { score: 0.8 })]);
    book.takeOutside(HOST, traceback('case 1', 0.5), false);
    expect(only().score).toBeCloseTo(0.9);
    book.takeOutside(HOST, traceback('case 1', 0.5), false);
    expect(only().score).toBeCloseTo(0.9);
    book.take([foundOf(HOST, { score: 0.6 })]);
    expect(only().score).toBeCloseTo(0.8);
    expect(only().reasons.map(({ kind }) => kind)).toEqual(['beaconing', 'traceback']);
  });

  it('opens a finding where it is told to, and only there', () => {
    book.takeOutside(HOST, traceback('case 1', 0.4), false);
    expect(book.list()).toEqual([]);
    book.takeOutside(HOST, traceback('case 2', 0.7), true);
    expect(only()).toMatchObject({ kind: 'infected-host', subject: HOST, hosts: [HOST], score: 0.7 });
    book.take([foundOf(HOST, { score: 0.8 })]);
    expect(only().score).toBeCloseTo(0.94);
  });

  it('has room for the heaviest, beside as many of the rounds', () => {
    const many = Array.from({ length: MAX_REASONS }, (_, index) => reasonOf({ kind: `kind-${index}` }));
    book.take([foundOf(HOST, { reasons: many })]);
    for (let index = 0; index < 50; index++) book.takeOutside(HOST, traceback(`case ${index}`, index / 100), false);
    const lines = only().reasons.filter(({ kind }) => kind === 'traceback');
    expect(lines.map(({ line }) => line)).toEqual([49, 48, 47, 46, 45, 44, 43, 42].map((index) => `case ${index}`));
    expect(only().reasons).toHaveLength(MAX_REASONS);
  });

  it('brings back what was closed, if it is weighty', () => {
    book.take([foundOf(HOST)]);
    book.close(only().id, 'mistake', 'no', 'alice');
    book.takeOutside(HOST, traceback('case 1', 0.1), true);
    expect(only().state).toBe('closed');
    book.takeOutside(HOST, traceback('case 2', 0.4), true);
    expect(only().state).toBe('new');
  });
});

describe('a list', () => {
  it('has what is asked for, last updated first', () => {
    book.take([foundOf('192.0.2.1'), foundOf('192.0.2.2')]);
    clock.advance(HOUR_MS);
    const group = foundOf('G-1', { kind: 'bot-group', hosts: ['192.0.2.1', '192.0.2.2'] });
    book.take([group]);
    book.acknowledge('F-000001', 'alice');
    const subjects = (filter: Parameters<FindingBook['list']>[0]) => book.list(filter).map(({ subject }) => subject);
    expect(subjects({})).toEqual(['192.0.2.1', 'G-1', '192.0.2.2']);
    expect(subjects({ host: '192.0.2.2' })).toEqual(['G-1', '192.0.2.2']);
    expect(subjects({ kind: 'infected-host', state: 'new' })).toEqual(['192.0.2.2']);
    expect(subjects({ sinceMs: clock.nowMs() })).toEqual(['192.0.2.1', 'G-1']);
    expect(subjects({ limit: 1 })).toEqual(['192.0.2.1']);
    expect(subjects({ host: '192.0.2.9' })).toEqual([]);
  });

  it('counts by kind and state', () => {
    book.take([foundOf('192.0.2.1'), foundOf('192.0.2.2'), foundOf('G-1', { kind: 'bot-group' })]);
    book.close('F-000001', 'mistake', 'no', 'alice');
    expect(book.figures).toMatchObject({ held: 3, dropped: 0 });
    expect(book.figures.counts['infected-host']).toEqual({ new: 1, acknowledged: 0, escalated: 0, closed: 1 });
    expect(book.figures.counts['bot-group'].new).toBe(1);
  });

  it('lets the closed go first, then what nobody looked at, the oldest first; counted, and gone from the store', async () => {
    book = await newBook({ most: 3 });
    for (const host of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) book.take([foundOf(host)]);
    book.escalate('F-000001', 'alice');
    book.close('F-000003', 'mistake', 'no', 'alice');
    await book.flush();
    book.take([foundOf('192.0.2.4'), foundOf('192.0.2.5')]);
    expect(book.list().map(({ subject }) => subject)).toEqual(['192.0.2.5', '192.0.2.4', '192.0.2.1']);
    expect(book.figures).toMatchObject({ held: 3, dropped: 2 });
    await book.flush();
    expect((await stored()).map(({ subject }) => subject).toSorted()).toEqual(['192.0.2.1', '192.0.2.4', '192.0.2.5']);
    // A finding that is gone may be found again.
    book.take([foundOf('192.0.2.2')]);
    expect(book.list()[0]).toMatchObject({ subject: '192.0.2.2', state: 'new' });
  });
});

describe('what is kept', () => {
  it('is written a second after the first change, as it is by then', async () => {
    book.take([foundOf(HOST)]);
    book.acknowledge('F-000001', 'alice');
    clock.advance(999);
    await Promise.resolve();
    expect(await stored()).toEqual([]);
    clock.advance(1);
    await book.flush();
    expect(await stored()).toEqual([only()]);
    expect(book.figures.written).toBe(1);
  });

  it('is there again after a restart, with its ids, and goes on', async () => {
    book.take([foundOf(HOST), foundOf('192.0.2.67')]);
    clock.advance(500);
    book.close('F-000001', 'mistake', 'no', 'alice');
    await book.stop();
    const before = book.list();
    news.length = 0;
    book = await newBook();
    expect(book.list()).toEqual(before);
    book.take([foundOf(HOST), foundOf('192.0.2.67'), foundOf('192.0.2.68')]);
    expect(book.list()).toHaveLength(3);
    expect(news.map(({ finding }) => finding.subject)).toEqual(['192.0.2.68']);
    // A new one gets an id that no other has, though the ids of this test begin anew.
    expect(new Set(book.list().map(({ id }) => id)).size).toBe(3);
  });

  it('waits while the store is away, and says so once', async () => {
    let isAway = true;
    const away: FindingStore = {
      saveFindings: async (findings) => {
        if (isAway) throw new GluewallError('store-away', 'it is away');
        await store.saveFindings(findings);
      },
      deleteFindings: (ids) => store.deleteFindings(ids),
      loadFindings: () => store.loadFindings(),
    };
    book = await newBook({ store: away });
    book.take([foundOf(HOST)]);
    await expect(book.flush()).rejects.toMatchObject({ code: 'store-away' });
    for (let round = 0; round < 5; round++) {
      clock.advance(5000);
      await book.flush().catch(() => {});
    }
    expect(log.lines.filter((line) => line.startsWith('error: findings cannot be written'))).toHaveLength(1);
    expect(book.figures).toMatchObject({ waiting: 1, failing: 'store-away' });
    isAway = false;
    clock.advance(5000);
    await book.flush();
    expect(book.figures).toMatchObject({ waiting: 0, failing: undefined });
    expect(await stored()).toEqual([only()]);
  });

  it('is not written over by what was found before it was read', async () => {
    await store.saveFindings([
      findingOf('F-kept01', { state: 'acknowledged', comments: [{ atMs: 1, by: 'alice', text: 'mine' }] }),
    ]);
    news = [];
    book = new FindingBook({ clock, log, store });
    book.take([foundOf(HOST, { score: 0.9 }), foundOf('192.0.2.67')]);
    await expect(book.flush()).rejects.toMatchObject({ code: 'store-away' });
    await book.load();
    await book.flush();
    expect(book.list({ host: HOST })).toMatchObject([
      { id: 'F-kept01', state: 'acknowledged', score: 0.9, comments: [{ text: 'mine' }] },
    ]);
    expect((await stored()).map(({ subject }) => subject).toSorted()).toEqual([HOST, '192.0.2.67']);
    await book.load();
    expect(book.list()).toHaveLength(2);
  });
});
