import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiProblem, consoleNowMs, get, type Query } from '../api/client.ts';
import { asProblem, type Loaded } from '../api/use-loaded.ts';

/** A page of a list, as the console gives it. */
interface Portion<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly lookedBackTo?: string | null;
}

export interface LoadedPages<T> extends Loaded<readonly T[]> {
  readonly next: string | null;
  /** How far back it was looked, where a page was not full. */
  readonly lookedBackTo: string | null;
  loadMore(): void;
}

interface State<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | null;
  readonly lookedBackTo: string | null;
  readonly problem: ApiProblem | undefined;
  readonly loadedAtMs: number | undefined;
  readonly isLoading: boolean;
}

const NOTHING = {
  items: undefined,
  next: null,
  lookedBackTo: null,
  problem: undefined,
  loadedAtMs: undefined,
  isLoading: true,
} as const;

/** A list that is loaded page by page; anew when path or query change. */
export function usePages<T>(path: string, query: Query): LoadedPages<T> {
  const [state, setState] = useState<State<T>>(NOTHING);
  const aborter = useRef(new AbortController());
  const text = JSON.stringify(query);
  const load = useCallback(
    (after: string | undefined) => {
      aborter.current.abort();
      aborter.current = new AbortController();
      const { signal } = aborter.current;
      setState((before) => ({ ...before, isLoading: true }));
      get<Portion<T>>(path, { ...(JSON.parse(text) as Query), after }, signal).then(
        ({ items, next, lookedBackTo = null }) => {
          if (signal.aborted) return;
          setState(({ items: before = [] }) => ({
            items: after === undefined ? items : [...before, ...items],
            next,
            lookedBackTo,
            problem: undefined,
            loadedAtMs: consoleNowMs(),
            isLoading: false,
          }));
        },
        (error: unknown) => {
          if (!signal.aborted) setState((before) => ({ ...before, problem: asProblem(error), isLoading: false }));
        },
      );
    },
    [path, text],
  );
  useEffect(() => {
    setState(NOTHING);
    load(undefined);
    return () => aborter.current.abort();
  }, [load]);
  const { items, next, lookedBackTo, problem, loadedAtMs, isLoading } = state;
  return {
    value: items,
    next,
    lookedBackTo,
    problem,
    loadedAtMs,
    isLoading,
    reload: () => load(undefined),
    loadMore: () => {
      if (next !== null && !isLoading) load(next);
    },
  };
}
