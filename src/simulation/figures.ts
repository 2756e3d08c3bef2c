import {
  CAUSES,
  type CaseFinding,
  type CaseOutcome,
  type Cause,
  causeOf,
  SEARCHES,
  type Search,
} from './case-outcome.ts';

/** What one search has found over all cases. */
export interface SearchFigures {
  /** The share of cases in which the bot is named, and named first; with the binomial error (one sigma) of each. */
  readonly named: number;
  readonly namedError: number;
  readonly first: number;
  readonly firstError: number;
  /** Cases in which it is not, by why. */
  readonly missed: Readonly<Record<Cause, number>>;
  /** A case: innocents named, and those of them above the bot. */
  readonly innocents: number;
  readonly innocentsAbove: number;
  /**
   * A case whose bot was named: innocents in the windows of sources, named or not, and how many they expected by chance. In others
   * sources are asked for hosts only when there are innocents.
   */
  readonly inWindow: number;
  readonly expectedInWindow: number;
  /** Cases in which innocents were named and no bot. */
  readonly onlyInnocents: number;
  readonly gaps: number;
  /** Hosts named by their confidence, and how many of them are bots. */
  readonly confidence: readonly ConfidenceBand[];
}

export interface ConfidenceBand {
  readonly from: number;
  readonly to: number;
  readonly hosts: number;
  readonly bots: number;
  /** The mean of what was said. */
  readonly said: number;
}

/** What caches hide of the queries for names of victims (paper 1, 6.4), by the TTL of the name. */
export interface SeenFigures {
  /** Undefined: of all. */
  readonly ttlSeconds: number | undefined;
  readonly cases: number;
  readonly asked: number;
  /** The share of them that the destination sees. */
  readonly seen: number;
  /** The share of the queries of bots that it sees; undefined: no bot asked. */
  readonly seenOfBots: number | undefined;
}

const BANDS = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1] as const;

/** One sigma of a share that was measured so many times. */
export function binomialError(share: number, times: number): number {
  return times === 0 ? 0 : Math.sqrt((share * (1 - share)) / times);
}

/** Adds cases up. Its memory is that of one case. */
export class Figures {
  readonly #searches = new Map<Search, SearchSum>();
  readonly #seen = new Map<number | undefined, SeenSum>();
  #cases = 0;

  add({ truth, findings, queries }: CaseOutcome): void {
    this.#cases++;
    for (const search of SEARCHES) {
      const finding = findings[search];
      if (finding === undefined) continue;
      const sum = this.#searches.get(search) ?? new SearchSum();
      this.#searches.set(search, sum);
      sum.add(causeOf(truth), finding);
    }
    if (queries === undefined) return;
    for (const ttlMs of [undefined, truth.ttlMs]) {
      const sum = this.#seen.get(ttlMs) ?? { cases: 0, asked: 0, seen: 0, botsAsked: 0, botsSeen: 0 };
      this.#seen.set(ttlMs, sum);
      sum.cases++;
      sum.asked += queries.asked;
      sum.seen += queries.seen;
      if (truth.isAsked === true) sum.botsAsked++;
      if (truth.isSeen === true) sum.botsSeen++;
    }
  }

  get cases(): number {
    return this.#cases;
  }

  /** Undefined: that search was not made. */
  search(search: Search): SearchFigures | undefined {
    return this.#searches.get(search)?.figures();
  }

  /** Of all first, then by TTL. */
  seen(): readonly SeenFigures[] {
    const sorted = [...this.#seen].sort(([a = 0], [b = 0]) => a - b);
    return sorted.map(([ttlMs, { cases, asked, seen, botsAsked, botsSeen }]) => ({
      ttlSeconds: ttlMs === undefined ? undefined : ttlMs / 1000,
      cases,
      asked,
      seen: asked === 0 ? 0 : seen / asked,
      seenOfBots: botsAsked === 0 ? undefined : botsSeen / botsAsked,
    }));
  }
}

interface SeenSum {
  cases: number;
  asked: number;
  seen: number;
  botsAsked: number;
  botsSeen: number;
}

class SearchSum {
  #cases = 0;
  #named = 0;
  #first = 0;
  #onlyInnocents = 0;
  readonly #missed = new Map<Cause, number>();
  #innocents = 0;
  #innocentsAbove = 0;
  #inWindow = 0;
  #expectedInWindow = 0;
  #gaps = 0;
  readonly #bands = BANDS.slice(1).map((to, index) => ({ from: BANDS[index]!, to, hosts: 0, bots: 0, sum: 0 }));

  add(cause: Cause, finding: CaseFinding): void {
    this.#cases++;
    if (finding.rank === undefined) {
      this.#missed.set(cause, (this.#missed.get(cause) ?? 0) + 1);
    } else {
      this.#named++;
      this.#inWindow += finding.inWindow;
      this.#expectedInWindow += finding.expectedInWindow;
    }
    if (finding.rank === 1) this.#first++;
    if (finding.rank === undefined && finding.innocents > 0) this.#onlyInnocents++;
    this.#innocents += finding.innocents;
    this.#innocentsAbove += finding.innocentsAbove;
    this.#gaps += finding.gaps;
    for (const { confidence, isBot } of finding.named) {
      const band = this.#bands.find(({ to }) => confidence < to) ?? this.#bands.at(-1)!;
      band.hosts++;
      band.sum += confidence;
      if (isBot) band.bots++;
    }
  }

  figures(): SearchFigures {
    const cases = this.#cases;
    const share = (count: number) => count / cases;
    return {
      named: share(this.#named),
      namedError: binomialError(share(this.#named), cases),
      first: share(this.#first),
      firstError: binomialError(share(this.#first), cases),
      missed: Object.fromEntries(CAUSES.map((cause) => [cause, this.#missed.get(cause) ?? 0])) as Record<Cause, number>,
      innocents: share(this.#innocents),
      innocentsAbove: share(this.#innocentsAbove),
      inWindow: this.#inWindow / Math.max(1, this.#named),
      expectedInWindow: this.#expectedInWindow / Math.max(1, this.#named),
      onlyInnocents: this.#onlyInnocents,
      gaps: share(this.#gaps),
      confidence: this.#bands
        .filter(({ hosts }) => hosts > 0)
        .map(({ sum, ...band }) => ({ ...band, said: sum / band.hosts })),
    };
  }
}
