/** What a page loads, with its age: the old value stays when a new one cannot be had. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem, consoleNowMs, get, type Query } from './client.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  /** Of the last try; undefined when that was good. */
  readonly problem: ApiProblem | undefined;
  /** When the value came, by the clock of the console. */
  readonly loadedAtMs: number | undefined;
  readonly isLoading: boolean;
  /** Asks again. */
  reload(): void;
}

interface State<T> {
  /** What it was loaded from: of another place, the value is not shown. */
  readonly from: string | undefined;
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly loadedAtMs: number | undefined;
  readonly isLoading: boolean;
}

/**
 * Loads `path` whenever path or query change, and every `everyMs` while the page is seen. An undefined path loads nothing.
 * A value of another path is dropped at once; on a problem the value of the same path stays.
 */
export function useLoaded<T>(
  path: string | undefined,
  query?: Query,
  options: { readonly everyMs?: number } = {},
): Loaded<T> {
  const from = path === undefined ? undefined : `${path} ${JSON.stringify(query ?? {})}`;
  const [state, setState] = useState<State<T>>(() => nothing(from));
  const [turn, setTurn] = useState(0);
  const asked = useRef({ path, query });
  asked.current = { path, query };
  // `from` is path and query as text; `turn` asks again.
  useEffect(() => {
    if (path === undefined) return undefined;
    const aborter = new AbortController();
    setState((before) => (before.from === from ? { ...before, isLoading: true } : nothing(from)));
    get<T>(path, asked.current.query, aborter.signal).then(
      (value) =>
        !aborter.signal.aborted &&
        setState({ from, value, problem: undefined, loadedAtMs: consoleNowMs(), isLoading: false }),
      (error: unknown) =>
        !aborter.signal.aborted && setState((before) => ({ ...before, problem: asProblem(error), isLoading: false })),
    );
    return () => aborter.abort();
  }, [from, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useRepeated(reload, options.everyMs);
  const shown = state.from === from ? state : nothing<T>(from);
  const { value, problem, loadedAtMs, isLoading } = shown;
  return { value, problem, loadedAtMs, isLoading, reload };
}

/** Any error as what people are told. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, 'page-fault', `The page has a fault: ${error instanceof Error ? error.message : 'unknown'}`);
}

function nothing<T>(from: string | undefined): State<T> {
  return { from, value: undefined, problem: undefined, loadedAtMs: undefined, isLoading: from !== undefined };
}

function useRepeated(reload: () => void, everyMs: number | undefined): void {
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), everyMs);
    return () => clearInterval(timer);
  }, [reload, everyMs]);
}
