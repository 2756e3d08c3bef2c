import {
  type FoundEntry,
  type LogQuestion,
  MAX_PAGE_ENTRIES,
  type QueryLogStore,
} from '../querylog/query-log-store.ts';

/** A query log as traceback asks it. */
export type SearchedLog = Pick<QueryLogStore, 'search'>;

/**
 * Shows the entries that are asked for, newest first and `maxEntries` at most, until `visit` says that it has enough; true when there are
 * more. Rejects as the log does, and with the reason of `signal` once that is aborted.
 */
export async function visitEntries(
  log: SearchedLog,
  question: Omit<LogQuestion, 'limit' | 'after'>,
  maxEntries: number,
  signal: AbortSignal,
  visit: (entry: FoundEntry) => 'enough' | undefined,
): Promise<boolean> {
  let after: LogQuestion['after'];
  for (let left = maxEntries; left > 0; ) {
    const { entries, last } = await log.search({ ...question, after, limit: Math.min(left, MAX_PAGE_ENTRIES) }, signal);
    // An empty page is also what a search gives that was called off.
    signal.throwIfAborted();
    for (const entry of entries) if (visit(entry) === 'enough') return true;
    if (last === undefined || entries.length === 0) return false;
    left -= entries.length;
    after = last;
  }
  return true;
}
