/**
 * The list of the inbox while entries change: rows are brought up to date where they stand, and what is new waits until the
 * reader asks for it, so that nothing moves under his eyes.
 */
import type { EntryView } from '../../../src/services/inbox-view.ts';

export interface EntryPage {
  readonly items: readonly EntryView[];
  readonly next: string | null;
  /** How far back it was looked when the page is not full. */
  readonly lookedBackTo: string | null;
}

export interface InboxList {
  readonly rows: readonly EntryView[];
  /** New ones that are not among the rows, the one last seen first, MAX_WAITING at most. */
  readonly waiting: readonly EntryView[];
  /** True when more are new than are held: the list must be loaded to show them. */
  readonly hasMissed: boolean;
  /** Where the list goes on; null at its end. */
  readonly next: string | null;
  readonly lookedBackTo: string | null;
}

/** Whether an entry belongs to the list, where the page can tell; undefined where only the console can. */
export type Fits = ((entry: EntryView) => boolean) | undefined;

export type InboxChange =
  /** The first page, in place of all that was. */
  | { readonly kind: 'loaded'; readonly page: EntryPage }
  /** The page behind the last row. */
  | { readonly kind: 'appended'; readonly page: EntryPage }
  /** Entries that the console told of. */
  | { readonly kind: 'told'; readonly entries: readonly EntryView[]; readonly fits: Fits }
  /** The first page as it would be now. */
  | { readonly kind: 'looked'; readonly page: EntryPage }
  /** The reader wants to see what waits. */
  | { readonly kind: 'merged'; readonly fits: Fits }
  /** Entries that the reader himself changed. */
  | { readonly kind: 'acted'; readonly entries: readonly EntryView[]; readonly fits: Fits };

export const MAX_WAITING = 500;
export const EMPTY_LIST: InboxList = { rows: [], waiting: [], hasMissed: false, next: null, lookedBackTo: null };

export function changeList(list: InboxList, change: InboxChange): InboxList {
  switch (change.kind) {
    case 'loaded':
      return { ...EMPTY_LIST, rows: change.page.items, ...endOf(change.page) };
    case 'appended':
      return append(list, change.page);
    case 'told': {
      const entries = onceEach(change.entries);
      return hold(update(list, entries), newOnes(list, entries, change.fits ?? (() => false)));
    }
    case 'looked':
      return look(list, change.page);
    case 'merged':
      return merge(list, change.fits);
    case 'acted':
      return act(update(list, change.entries), change.entries, change.fits);
  }
}

/** Those of the told entries that are in no row and no waiting one, where it is left to the console whether they fit. */
export function unknownEntries(list: InboxList, entries: readonly EntryView[]): readonly EntryView[] {
  const known = new Set([...list.rows, ...list.waiting].map(({ id }) => id));
  return entries.filter((entry) => !known.has(entry.id) && !isBehind(entry, list));
}

/** Each entry as its last change made it. */
function onceEach(entries: readonly EntryView[]): readonly EntryView[] {
  const newest = new Map<number, EntryView>();
  for (const entry of entries) {
    const before = newest.get(entry.id);
    if (before === undefined || entry.change >= before.change) newest.set(entry.id, entry);
  }
  return [...newest.values()];
}

function endOf({ next, lookedBackTo }: EntryPage) {
  return { next, lookedBackTo };
}

function append(list: InboxList, page: EntryPage): InboxList {
  const known = new Set(list.rows.map(({ id }) => id));
  const added = page.items.filter(({ id }) => !known.has(id));
  const shown = new Set(added.map(({ id }) => id));
  return {
    ...list,
    rows: [...list.rows, ...added],
    waiting: list.waiting.filter(({ id }) => !shown.has(id)),
    ...endOf(page),
  };
}

/** Rows and waiting ones as they are now, each where it was. */
function update(list: InboxList, entries: readonly EntryView[]): InboxList {
  const newer = new Map(entries.map((entry) => [entry.id, entry]));
  const renewed = (before: EntryView) => {
    const now = newer.get(before.id);
    return now !== undefined && now.change >= before.change ? now : before;
  };
  return { ...list, rows: list.rows.map(renewed), waiting: list.waiting.map(renewed) };
}

function newOnes(list: InboxList, entries: readonly EntryView[], fits: (entry: EntryView) => boolean) {
  return unknownEntries(list, entries).filter(fits);
}

function hold(list: InboxList, added: readonly EntryView[]): InboxList {
  if (added.length === 0) return list;
  const waiting = [...list.waiting, ...added].sort(lastSeenFirst);
  return { ...list, waiting: waiting.slice(0, MAX_WAITING), hasMissed: list.hasMissed || waiting.length > MAX_WAITING };
}

function look(list: InboxList, page: EntryPage): InboxList {
  const added = newOnes(list, page.items, () => true);
  // Where nothing is known, there may be more between this page and the rows.
  const hasGap = page.next !== null && added.length === page.items.length;
  const held = hold(update(list, page.items), added);
  return { ...held, hasMissed: held.hasMissed || (hasGap && list.rows.length > 0) };
}

function merge(list: InboxList, fits: Fits): InboxList {
  const rows = [...list.waiting, ...list.rows].filter(fits ?? (() => true)).sort(lastSeenFirst);
  return { ...list, rows, waiting: [], hasMissed: false };
}

function act(list: InboxList, entries: readonly EntryView[], fits: Fits): InboxList {
  if (fits === undefined) return list;
  const gone = new Set(entries.filter((entry) => !fits(entry)).map(({ id }) => id));
  const rows = list.rows.filter(({ id }) => !gone.has(id));
  const shown = new Set(rows.map(({ id }) => id));
  for (const entry of entries) {
    if (gone.has(entry.id) || shown.has(entry.id) || isBehind(entry, list)) continue;
    const at = rows.findIndex((row) => lastSeenFirst(entry, row) < 0);
    rows.splice(at === -1 ? rows.length : at, 0, entry);
  }
  const waiting = list.waiting.filter(({ id }) => !gone.has(id) && !rows.some((row) => row.id === id));
  return { ...list, rows, waiting };
}

/** Whether an entry comes on a page that is not loaded yet. */
function isBehind(entry: EntryView, { rows, next }: InboxList): boolean {
  const last = rows.at(-1);
  return next !== null && last !== undefined && lastSeenFirst(entry, last) > 0;
}

/** Instants are ISO 8601 with `Z` and milliseconds: as text they are in order. */
function lastSeenFirst(a: EntryView, b: EntryView): number {
  if (a.last !== b.last) return a.last < b.last ? 1 : -1;
  return b.id - a.id;
}
