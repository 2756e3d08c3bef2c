import type { Sample } from './metric.ts';
import type { RuleFigures } from './metric-sources.ts';

/** Rules that have a series of their own. */
const MAX_RULES = 1000;
/** What the others are counted under together. */
const OTHER = 'other';

/**
 * Hits by rule, within bounds: those with the most hits each have a series, the rest have one together. That one only grows
 * while rules come, go and change places: it adds up what was hit since the last time, and not what the rules have.
 */
export class RuleHits {
  #last: ReadonlyMap<string, number> = new Map();
  #otherHits = 0;

  samples(rules: Iterable<RuleFigures>): readonly Sample[] {
    const all = [...rules];
    const { listed, others } = mostHit(all);
    for (const { id, hits } of others) {
      const last = this.#last.get(id) ?? 0;
      // One that has fewer than before was made anew under the same id.
      this.#otherHits += hits < last ? hits : hits - last;
    }
    const last = new Map<string, number>();
    for (const { id, hits } of all) last.set(id, hits);
    this.#last = last;
    const samples = listed.map(({ id, action, hits }) => sample(id, action, hits));
    const hasOthers = others.length > 0 || this.#otherHits > 0;
    return hasOthers ? [...samples, sample(OTHER, OTHER, this.#otherHits)] : samples;
  }
}

/** Those with the most hits, in the order in which they came; of equals the first. Not sorted: there may be ten thousand. */
function mostHit(all: readonly RuleFigures[]): {
  readonly listed: readonly RuleFigures[];
  readonly others: readonly RuleFigures[];
} {
  if (all.length <= MAX_RULES) return { listed: all, others: [] };
  const hits = Float64Array.from(all, (rule) => rule.hits).sort();
  const least = hits[hits.length - MAX_RULES]!;
  let roomForLeast = MAX_RULES - all.reduce((count, rule) => (rule.hits > least ? count + 1 : count), 0);
  const listed: RuleFigures[] = [];
  const others: RuleFigures[] = [];
  for (const rule of all) {
    const isListed = rule.hits > least || (rule.hits === least && roomForLeast-- > 0);
    (isListed ? listed : others).push(rule);
  }
  return { listed, others };
}

function sample(rule: string, action: string, value: number): Sample {
  return { labels: { rule, action }, value };
}
