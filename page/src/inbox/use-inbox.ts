import { useCallback, useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { parseSearch } from '../../../src/inbox/parse-search.ts';
import type { EntryView } from '../../../src/services/inbox-view.ts';
import { type ApiProblem, consoleNowMs, get } from '../api/client.ts';
import { inboxQuery } from '../api/inbox-query.ts';
import { listenToEntries, useLive } from '../api/live.ts';
import { asProblem } from '../api/use-loaded.ts';
import { changeList, EMPTY_LIST, type EntryPage, type Fits, type InboxList, unknownEntries } from './live-merge.ts';

/** With a search, only the console knows which new entries fit: it is asked this often at most. */
const LOOK_MS = 4_000;

export interface Inbox {
  readonly list: InboxList;
  readonly problem: ApiProblem | undefined;
  /** When the rows were last known to be right, by the clock of the console. */
  readonly loadedAtMs: number | undefined;
  readonly isLoading: boolean;
  readonly isLoadingMore: boolean;
  reload(): void;
  loadMore(): void;
  /** Shows what waits. */
  merge(): void;
  /** Takes in what the user changed himself. */
  takeIn(entries: readonly EntryView[]): void;
}

interface Standing {
  readonly problem: ApiProblem | undefined;
  readonly loadedAtMs: number | undefined;
  readonly isLoading: boolean;
  readonly isLoadingMore: boolean;
}

const ASKING: Standing = { problem: undefined, loadedAtMs: undefined, isLoading: true, isLoadingMore: false };

/** The entries that a search finds, kept up to date while they are shown. */
export function useInbox(search: string): Inbox {
  const [list, change] = useReducer(changeList, EMPTY_LIST);
  const [standing, setStanding] = useState<Standing>(ASKING);
  const aborter = useRef<AbortController | undefined>(undefined);
  const fetchPage = useCallback(
    (kind: 'loaded' | 'appended' | 'looked', after?: string) => {
      if (kind === 'loaded') aborter.current?.abort();
      if (kind === 'loaded' || aborter.current === undefined) aborter.current = new AbortController();
      const { signal } = aborter.current;
      setStanding((before) => ({ ...before, isLoading: kind === 'loaded', isLoadingMore: kind === 'appended' }));
      get<EntryPage>('/inbox', inboxQuery(search, after), signal).then(
        (page) => {
          if (signal.aborted) return;
          change({ kind, page });
          setStanding({ problem: undefined, loadedAtMs: consoleNowMs(), isLoading: false, isLoadingMore: false });
        },
        (error: unknown) => {
          if (signal.aborted) return;
          const problem = asProblem(error);
          setStanding((before) => ({ ...before, problem, isLoading: false, isLoadingMore: false }));
        },
      );
    },
    [search],
  );
  useEffect(() => {
    setStanding(ASKING);
    fetchPage('loaded');
    return () => aborter.current?.abort();
  }, [fetchPage]);
  useLiveEntries(search, list, change, fetchPage);
  return {
    list,
    ...standing,
    reload: () => fetchPage('loaded'),
    loadMore: () => {
      if (list.next !== null && !standing.isLoading && !standing.isLoadingMore) fetchPage('appended', list.next);
    },
    merge: () => (list.hasMissed ? fetchPage('loaded') : change({ kind: 'merged', fits: staying(search) })),
    takeIn: (entries) => change({ kind: 'acted', entries, fits: staying(search) }),
  };
}

function useLiveEntries(
  search: string,
  list: InboxList,
  change: (action: Parameters<typeof changeList>[1]) => void,
  fetchPage: (kind: 'looked') => void,
): void {
  const live = useLive();
  const shown = useRef(list);
  shown.current = list;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const look = () => {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        if (document.visibilityState === 'visible') fetchPage('looked');
        else look();
      }, LOOK_MS);
    };
    const stop = listenToEntries({
      onEntries: (entries) => {
        const fits = search.trim() === '' ? isUnfinished : undefined;
        if (fits === undefined && unknownEntries(shown.current, entries).length > 0) look();
        change({ kind: 'told', entries, fits });
      },
      onMissed: look,
    });
    return () => {
      stop();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [search, change, fetchPage]);
  // What changed between the first page and the first word of the stream was told to nobody.
  useEffect(() => {
    if (live.state === 'live' && shown.current.rows.length > 0) fetchPage('looked');
  }, [live.state, fetchPage]);
}

function isUnfinished({ state }: EntryView): boolean {
  return state !== 'acknowledged';
}

/** Which of the entries that the user changed stay in the list: without a word about states, the unfinished ones. */
function staying(search: string): Fits {
  const parsed = parseSearch(search, consoleNowMs(), 'inbox');
  const asksForStates = 'search' in parsed && parsed.search.terms.some(({ field }) => field === 'state');
  return asksForStates ? undefined : isUnfinished;
}
