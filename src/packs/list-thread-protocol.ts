/** The messages between readListInThread and its thread, which is started with a ReadOrder. */
import type { EntryBatch, ListSummary } from './read-list.ts';

/** From the thread; after `batch` it waits for `more`. */
export type ListReport =
  | { readonly kind: 'batch'; readonly batch: EntryBatch }
  | { readonly kind: 'done'; readonly summary: ListSummary };

/** To the thread: a batch has been taken in. */
export const MORE = 'more';
