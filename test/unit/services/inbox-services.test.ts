import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../../src/core/clock.ts';
import { silentLog } from '../../../src/core/log.ts';
import { parseName } from '../../../src/dns/name.ts';
import { FindingBook } from '../../../src/findings/finding-book.ts';
import { type InboxStore, MAX_ENTRY_COMMENTS } from '../../../src/inbox/inbox-store.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { type InboxServices, inboxServices } from '../../../src/services/inbox-services.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { foundOf } from '../../support/findings.ts';
import { historyOptions } from '../../support/learning.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

let clock: VirtualClock;
let store: MemoryStore;
let history: NsHistory;
let findings: FindingBook;
let flushes: number;
let inbox: InboxServices;

beforeEach(async () => {
  clock = new VirtualClock(NOW);
  store = new MemoryStore({ events: 1000 });
  history = new NsHistory(clock, historyOptions({ size: 100 }));
  findings = new FindingBook({ clock, log: silentLog, store });
  await findings.load();
  flushes = 0;
  inbox = servicesOf(store);
});

afterEach(async () => {
  await findings.stop();
  await store.close();
});

function servicesOf(asked: InboxStore): InboxServices {
  const flush = async () => {
    flushes++;
  };
  return inboxServices({ clock, store: asked, history, findings, flush });
}

async function seen(count: number, changes: Partial<ReturnType<typeof verdictEvent>> = {}): Promise<void> {
  const events = Array.from({ length: count }, (_, number) =>
    verdictEvent({ atMs: NOW - number * 1000, queryName: parseName(`n${number}.test`)!, ...changes }),
  );
  await store.saveEvents(events);
}

const entryOf = async (search = '') => (await inbox.list({ search, limit: 1 })).items[0]!;

describe('the list of the inbox', () => {
  it('comes in pages, without a gap and without an entry twice', async () => {
    await seen(25);
    const names: (string | null)[] = [];
    let after: { atMs: number; id: number } | undefined;
    for (let pages = 1; ; pages++) {
      const { items, next, lookedBackTo } = await inbox.list({ after, limit: 10 });
      names.push(...items.map(({ queryName }) => queryName));
      expect(lookedBackTo).toBeNull();
      if (next === null) break;
      expect(pages).toBeLessThan(5);
      const [atMs, id] = next.split('.').map(Number);
      after = { atMs: atMs!, id: id! };
    }
    expect(names).toEqual(Array.from({ length: 25 }, (_, number) => `n${number}.test`));
  });

  it('has open and escalated entries, unless the search says which', async () => {
    await seen(3);
    const [first, second] = (await inbox.list({ limit: 9 })).items;
    await inbox.acknowledge([first!.id], undefined, 'ann');
    await inbox.escalate([second!.id], 'ann');
    const states = async (search: string) => (await inbox.list({ search, limit: 9 })).items.map(({ state }) => state);
    expect(await states('')).toEqual(['escalated', 'open']);
    expect(await states('state:acknowledged')).toEqual(['acknowledged']);
    expect(await states('-state:open')).toEqual(['acknowledged', 'escalated']);
  });

  it('says how far back it looked when time runs out', async () => {
    await seen(3);
    const slow: InboxStore = Object.assign(Object.create(store), {
      async findEntries() {
        await clock.advance(200);
        return { rows: [], next: { atMs: NOW - 60_000, id: 7 } };
      },
    });
    const page = await servicesOf(slow).list({ limit: 10 });
    expect(page).toEqual({ items: [], next: `${NOW - 60_000}.7`, lookedBackTo: '2026-11-22T07:59:00.000Z' });
  });

  it('has what happened a quarter of a second before, and asks for no more', async () => {
    await inbox.list({ limit: 1 });
    await inbox.search({ limit: 1 });
    expect(flushes).toBe(1);
    await clock.advance(250);
    await inbox.list({ limit: 1 });
    expect(flushes).toBe(2);
  });

  it('refuses a search that means nothing', async () => {
    await expect(inbox.list({ search: 'evil type:AAA', limit: 1 })).rejects.toMatchObject({
      code: 'bad-search',
      message: expect.stringMatching(/at character 11: type: want an RR type.*did you mean AAAA\?/),
    });
    await expect(inbox.search({ search: 'state:open', limit: 1 })).rejects.toMatchObject({ code: 'bad-search' });
    await expect(inbox.search({ search: 'x'.repeat(1001), limit: 1 })).rejects.toMatchObject({ code: 'bad-search' });
  });
});

describe('an entry', () => {
  it('is shown with its hours, and what the history says of its server then and now', async () => {
    const zone = parseName('corp.example')!;
    const nameServer = parseName('ns1.corp.example')!;
    const event = verdictEvent({ atMs: NOW, hint: { zone, nameServer, expiresAtMs: NOW - 1000 } });
    await store.saveEvents([event]);
    history.keep('seed', zone, nameServer, event.destination);
    findings.take([foundOf('192.0.2.66')]);
    const { id } = await entryOf();
    expect(await inbox.show(id)).toMatchObject({
      severity: 'low',
      state: 'open',
      hours: [...Array(23).fill(0), 1],
      client: { address: '192.0.2.66', mac: '02:00:00:00:00:42', switch: '0000000000000001', port: 3 },
      destination: {
        address: '203.0.113.66',
        // biome-ignore lint/suspicious/noThenProperty: the view is called so
        then: { zone: 'corp.example', nameServer: 'ns1.corp.example', expires: '2026-11-22T07:59:59.000Z' },
        now: [{ zone: 'corp.example', nameServer: 'ns1.corp.example' }],
      },
      verdict: 'block',
      remarks: [],
      findings: [{ state: 'new' }],
    });
    await expect(inbox.show(id + 1)).rejects.toMatchObject({ code: 'no-entry' });
    await expect(inbox.events(id + 1, { limit: 1 })).rejects.toMatchObject({ code: 'no-entry' });
  });

  it('is acknowledged for a day, or until a time to come', async () => {
    await seen(1);
    const { id } = await entryOf();
    const { changed } = await inbox.acknowledge([id, id, 999], undefined, 'ann');
    expect(changed).toMatchObject([
      {
        id,
        state: 'acknowledged',
        stateBy: 'ann',
        stateAt: '2026-11-22T08:00:00.000Z',
        until: '2026-11-23T08:00:00.000Z',
      },
    ]);
    for (const untilMs of [NOW, NOW + 367 * DAY_MS]) {
      await expect(inbox.acknowledge([id], untilMs, 'ann')).rejects.toMatchObject({ code: 'entry-until' });
    }
    await expect(inbox.escalate([999], 'ann')).rejects.toMatchObject({ code: 'no-entry' });
  });

  it('is as it was after an undo, unless somebody has changed it since', async () => {
    await seen(2);
    const [first, second] = (await inbox.list({ limit: 2 })).items.map(({ id }) => id) as [number, number];
    const { undo } = await inbox.acknowledge([first, second], undefined, 'ann');
    await inbox.escalate([second], 'ben');
    const steps = undo.map((step) => ({ ...step, until: null }));
    const undone = await inbox.undo(steps, 'ann');
    expect(undone).toMatchObject({ changed: [{ id: first, state: 'open', until: null }], left: [second] });
    expect(await inbox.undo(steps, 'ann')).toEqual({ changed: [], left: [first, second] });
  });

  it('is acknowledged by no step of undo for longer than anybody may acknowledge it', async () => {
    await seen(1);
    const { id } = await entryOf();
    const { undo } = await inbox.escalate([id], 'ann');
    for (const until of [null, NOW + 367 * DAY_MS]) {
      const steps = undo.map((step) => ({ ...step, state: 'acknowledged', until }) as const);
      await expect(inbox.undo(steps, 'ann')).rejects.toMatchObject({ code: 'entry-until' });
    }
    expect(await inbox.show(id)).toMatchObject({ state: 'escalated' });
  });

  it('takes comments until there are many', async () => {
    await seen(1);
    const { id } = await entryOf();
    for (let number = 1; number < MAX_ENTRY_COMMENTS; number++) {
      await store.addEntryComment(id, { atMs: NOW, by: 'ann', text: 'x' });
    }
    const { remarks, comments } = await inbox.comment(id, 'the last', 'ann');
    expect([comments, remarks.at(-1)]).toEqual([
      MAX_ENTRY_COMMENTS,
      { at: '2026-11-22T08:00:00.000Z', by: 'ann', text: 'the last' },
    ]);
    await expect(inbox.comment(id, 'one more', 'ann')).rejects.toMatchObject({ code: 'entry-full' });
    await expect(inbox.comment(id + 1, 'nowhere', 'ann')).rejects.toMatchObject({ code: 'no-entry' });
  });

  it('is told of when it changes', async () => {
    const before = (await inbox.changes(0, 0)).change;
    await seen(3);
    const { entries, count, change } = await inbox.changes(before, 2);
    expect([entries.length, count]).toEqual([2, 3]);
    expect(change).toBeGreaterThan(before);
    expect(await inbox.changes(change, 100)).toEqual({ entries: [], count: 0, change });
    expect(await inbox.changes(0, 0)).toEqual({ entries: [], count: 0, change });
  });
});
