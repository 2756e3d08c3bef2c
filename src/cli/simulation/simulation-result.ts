import type { Search } from '../../simulation/case-outcome.ts';
import { binomialError, type Figures, type SearchFigures, type SeenFigures } from '../../simulation/figures.ts';

/** What is said of all cases; the object of --json. */
export interface SimulationResult {
  /** How likely an organisation takes part, and a bot asks. */
  readonly p: number;
  readonly q: number;
  /** DNS servers from destination to source, both included; of logs made elsewhere, on average. */
  readonly hops: number;
  /** The share of cases in which the bot is named, that which p^hops·q says, and its binomial error, one sigma. */
  readonly measured: number;
  readonly expected: number;
  readonly error: number;
  readonly cases: number;
  /** Of a generated Internet. */
  readonly seed: string | undefined;
  readonly caches: boolean | undefined;
  readonly background: number | undefined;
  /** By hosts' own window, and DNS servers' that reaches back as far as caches do. */
  readonly twoWindows: SearchFigures;
  /** By one window for both, as in paper 1; undefined: without caches it is the same. */
  readonly oneWindow: SearchFigures | undefined;
  /** What the destination sees of the queries for names of victims; undefined: nobody knows. */
  readonly queries: readonly SeenFigures[] | undefined;
}

/** `expected` is that of all cases together; there was at least one. */
export function simulationResult(
  figures: Figures,
  facts: Pick<SimulationResult, 'p' | 'q' | 'hops' | 'expected' | 'seed' | 'caches' | 'background'>,
): SimulationResult {
  const search = (which: Search) => figures.search(which);
  const twoWindows = search('two windows')!;
  const { p, q, hops, expected, seed, caches, background } = facts;
  const seen = figures.seen();
  return {
    p,
    q,
    hops,
    measured: twoWindows.named,
    expected,
    error: binomialError(expected, figures.cases),
    cases: figures.cases,
    seed,
    caches,
    background,
    twoWindows,
    oneWindow: search('one window'),
    queries: seen.length === 0 ? undefined : seen,
  };
}
