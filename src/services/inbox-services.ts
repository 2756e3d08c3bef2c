/** What people ask of the inbox of blocked queries and of the kept events, and do about them. */
import { formatAddress } from '../core/address.ts';
import { DAY_MS, type TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { counted } from '../core/words.ts';
import type { FindingBook } from '../findings/finding-book.ts';
import type { EntryState } from '../inbox/entry.ts';
import {
  type EntryChange,
  type InboxStore,
  type ListedEntry,
  MAX_ENTRY_COMMENTS,
  type RowPage,
  type RowPlace,
} from '../inbox/inbox-store.ts';
import { parseSearch } from '../inbox/parse-search.ts';
import type { Search } from '../inbox/search.ts';
import type { SearchPage } from '../inbox/search-fields.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import { type EventRow, viewEventRow } from './event-row-view.ts';
import {
  type EntryDetail,
  type EntryView,
  type InboxChangeView,
  type InboxUndoView,
  type UndoStep,
  viewEntry,
  viewRemark,
  viewUndoStep,
} from './inbox-view.ts';
import { formatInstant } from './instant.ts';

/** What is wanted of a list: `after` is where the page before ended. */
export interface PageDemand {
  readonly search?: string | undefined;
  readonly after?: RowPlace | undefined;
  readonly limit: number;
}

export interface PageView<T> {
  readonly items: readonly T[];
  /** Where the list goes on; null when there is no more. */
  readonly next: string | null;
  /** Where time ran out before the page was full: it was looked through from the newest back to here. */
  readonly lookedBackTo: string | null;
}

/** A step of `undo`, as it comes back. */
export type UndoDemand = Omit<UndoStep, 'until'> & { readonly until: number | null };

/** An entry that is not there: GluewallError `no-entry`. A search that cannot be understood: `bad-search`. */
export interface InboxServices {
  /** Without a word on states, open and escalated ones. */
  list(demand: PageDemand): Promise<PageView<EntryView>>;
  show(id: number): Promise<EntryDetail>;
  events(id: number, page: Omit<PageDemand, 'search'>): Promise<Pick<PageView<EventRow>, 'items' | 'next'>>;
  /** Entries changed after a change, how many there are, and the number of the last; with limit 0 only that. */
  changes(
    after: number,
    limit: number,
  ): Promise<{ readonly entries: readonly EntryView[]; readonly count: number; readonly change: number }>;
  /** Entries that are seen again from `untilMs` on open anew. Throws GluewallError `entry-until` when that is not to come. */
  acknowledge(ids: readonly number[], untilMs: number | undefined, by: string): Promise<InboxChangeView>;
  escalate(ids: readonly number[], by: string): Promise<InboxChangeView>;
  reopen(ids: readonly number[], by: string): Promise<InboxChangeView>;
  /**
   * Takes changes back; those that others have changed since are `left` as they are. Throws GluewallError `entry-until` for a step
   * to an acknowledgement such as there is none.
   */
  undo(steps: readonly UndoDemand[], by: string): Promise<InboxUndoView>;
  /** Throws GluewallError `entry-full`. */
  comment(id: number, text: string, by: string): Promise<EntryDetail>;
  /** Of all events that are kept. */
  search(demand: PageDemand): Promise<PageView<EventRow>>;
}

export interface InboxParts {
  readonly clock: TimeSource;
  readonly store: InboxStore;
  readonly history: NsHistory;
  /** Left out where there are none to ask about. */
  readonly findings?: Pick<FindingBook, 'list'> | undefined;
  /** Makes the store hold all that has happened. */
  readonly flush: () => Promise<void>;
}

/** For so long a list looks on for what is rare: with the way there and back, people wait a quarter of a second. */
const MAX_LOOK_MS = 200;
/** Rows of one step: more would hold up the thread that they come to. */
const STEP_ROWS = 100;
/** Lists are read anew all the time; what happened so shortly before may come with the next. */
const FLUSH_EVERY_MS = 250;
const DEFAULT_ACKNOWLEDGED_MS = DAY_MS;
const MAX_ACKNOWLEDGED_MS = 366 * DAY_MS;
const MAX_FINDINGS = 20;

export function inboxServices({ clock, store, history, findings, flush }: InboxParts): InboxServices {
  const fresh = pacedFlush(flush, clock);
  const view = (entry: ListedEntry) => viewEntry(entry, history, clock.nowMs());
  const detail = async (id: number): Promise<EntryDetail> => {
    const [entry] = await store.entriesById([id], clock.nowMs());
    if (entry === undefined) throw noEntry(id);
    const about = findings?.list({ host: formatAddress(entry.client), limit: MAX_FINDINGS }) ?? [];
    return {
      ...view(entry),
      remarks: (await store.commentsOf(id)).map(viewRemark),
      findings: about.map(({ id, kind, state }) => ({ id, kind, state })),
    };
  };
  const byId = async (ids: readonly number[]): Promise<readonly EntryView[]> =>
    ids.length === 0 ? [] : (await store.entriesById(ids, clock.nowMs())).map(view);
  const change = async (ids: readonly number[], state: EntryState, untilMs: number | undefined, by: string) => {
    await fresh();
    const changes: EntryChange[] = [...new Set(ids)].map((id) => ({ id, state, untilMs, ifStateChange: undefined }));
    const done = await store.changeEntries(changes, by, clock.nowMs());
    if (done.length === 0) throw noEntry(ids[0]!);
    return { changed: await byId(done.map(({ id }) => id)), undo: done.map(viewUndoStep) };
  };
  return {
    async list({ search, after, limit }) {
      const asked = withStates(readSearch(search, clock, 'inbox'));
      await fresh();
      const step = (before: RowPlace | undefined, rows: number) =>
        store.findEntries({ search: asked, before, limit: rows }, clock.nowMs());
      return readPage(step, after, limit, clock, view);
    },
    async show(id) {
      await fresh();
      return detail(id);
    },
    async events(id, { after, limit }) {
      await fresh();
      const { rows, next } = await store.eventsOfEntry(id, after, limit);
      if (rows.length === 0 && (await byId([id])).length === 0) throw noEntry(id);
      return { items: rows.map(viewEventRow), next: next === undefined ? null : placeText(next) };
    },
    async changes(after, limit) {
      if (limit === 0) return { entries: [], count: 0, change: await store.lastEntryChange() };
      await fresh();
      const { entries, ...rest } = await store.entriesChangedAfter(after, limit, clock.nowMs());
      return { entries: entries.map(view), ...rest };
    },
    async acknowledge(ids, untilMs = clock.nowMs() + DEFAULT_ACKNOWLEDGED_MS, by) {
      mustBeToCome(untilMs, clock.nowMs());
      return change(ids, 'acknowledged', untilMs, by);
    },
    escalate: (ids, by) => change(ids, 'escalated', undefined, by),
    reopen: (ids, by) => change(ids, 'open', undefined, by),
    async undo(steps, by) {
      for (const { state, until } of steps) if (state === 'acknowledged') mustEnd(until, clock.nowMs());
      const changes = steps.map(({ id, state, until, stateChange }) => ({
        ...{ id, state, untilMs: until ?? undefined, ifStateChange: stateChange },
      }));
      const done = await store.changeEntries(changes, by, clock.nowMs());
      const ids = new Set(done.map(({ id }) => id));
      return { changed: await byId([...ids]), left: steps.map(({ id }) => id).filter((id) => !ids.has(id)) };
    },
    async comment(id, text, by) {
      const before = await detail(id);
      if (await store.addEntryComment(id, { atMs: clock.nowMs(), by, text })) return detail(id);
      const words = counted(before.comments, 'comment');
      throw new GluewallError(
        'entry-full',
        `entry ${id} has ${words}, and takes ${MAX_ENTRY_COMMENTS}: write where the case is kept`,
      );
    },
    async search({ search, after, limit }) {
      const asked = readSearch(search, clock, 'events');
      await fresh();
      const step = (before: RowPlace | undefined, rows: number) =>
        store.findKeptEvents({ search: asked, before, limit: rows });
      return readPage(step, after, limit, clock, viewEventRow);
    },
  };
}

/** Waits for a flush, but begins none so shortly after another. */
function pacedFlush(flush: () => Promise<void>, clock: TimeSource): () => Promise<void> {
  let begunAtMs = Number.NEGATIVE_INFINITY;
  let last = Promise.resolve();
  return () => {
    const nowMs = clock.nowMs();
    // A clock that was set back must not keep it from flushing.
    if (Math.abs(nowMs - begunAtMs) >= FLUSH_EVERY_MS) {
      begunAtMs = nowMs;
      last = flush();
    }
    return last;
  };
}

function readSearch(text: string = '', clock: TimeSource, page: SearchPage): Search {
  const parsed = parseSearch(text, clock.nowMs(), page);
  if ('search' in parsed) return parsed.search;
  const words = parsed.problems.map(({ from, message }) => `at character ${from + 1}: ${message}`);
  throw new GluewallError('bad-search', `the search cannot be understood, ${words.slice(0, 3).join('; ')}`);
}

function withStates(search: Search): Search {
  if (search.terms.some(({ field }) => field === 'state')) return search;
  return {
    ...search,
    terms: [...search.terms, { field: 'state', isNegated: false, anyOf: ['open', 'escalated'] }],
  };
}

/** Takes steps until the page is full, nothing is left, or there is no time for one more that is as long as the longest. */
async function readPage<T, V>(
  step: (before: RowPlace | undefined, limit: number) => Promise<RowPage<T>>,
  after: RowPlace | undefined,
  limit: number,
  clock: TimeSource,
  view: (row: T) => V,
): Promise<PageView<V>> {
  let begunAtMs = clock.nowMs();
  const endMs = begunAtMs + MAX_LOOK_MS;
  const items: V[] = [];
  let before = after;
  let longestMs = 0;
  for (;;) {
    const { rows, next } = await step(before, Math.min(STEP_ROWS, limit - items.length));
    for (const row of rows) items.push(view(row));
    if (next === undefined) return { items, next: null, lookedBackTo: null };
    const isFull = items.length >= limit;
    const nowMs = clock.nowMs();
    longestMs = Math.max(longestMs, nowMs - begunAtMs);
    if (isFull || nowMs + longestMs >= endMs) {
      return { items, next: placeText(next), lookedBackTo: isFull ? null : formatInstant(next.atMs) };
    }
    before = next;
    begunAtMs = nowMs;
  }
}

/** What `after` of a request reads. */
function placeText({ atMs, id }: RowPlace): string {
  return `${atMs}.${id}`;
}

function mustBeToCome(untilMs: number, nowMs: number): void {
  if (untilMs <= nowMs) throw noSuchUntil(untilMs);
  mustEnd(untilMs, nowMs);
}

/** What is acknowledged comes back within a year, also when somebody sends a step of `undo` that was never handed out. */
function mustEnd(untilMs: number | null, nowMs: number): void {
  if (untilMs !== null && untilMs <= nowMs + MAX_ACKNOWLEDGED_MS) return;
  throw noSuchUntil(untilMs);
}

function noSuchUntil(untilMs: number | null): GluewallError {
  const text = untilMs === null ? 'never' : formatInstant(untilMs);
  const wanted = 'want one that is to come, within a year';
  return new GluewallError('entry-until', `${text} is no time until which entries can be acknowledged: ${wanted}`);
}

function noEntry(id: number): GluewallError {
  return new GluewallError('no-entry', `there is no entry ${id} in the inbox, or not any more: list it anew`);
}
