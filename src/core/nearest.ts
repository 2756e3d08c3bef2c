import { distance } from 'fastest-levenshtein';

/** Which of `known` somebody who wrote `word` may have meant; undefined when none is near. Ties go to the first. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const written = folded(word);
  // A long text is no misspelt word, and would take long to compare.
  if (written.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const steps = stepsBetween(written, folded(candidate));
    if (steps >= bestDistance || steps > Math.max(1, Math.floor(candidate.length / 3))) continue;
    best = candidate;
    bestDistance = steps;
  }
  // One letter of a word of one or two is as good as any.
  return best !== undefined && (bestDistance === 0 || written.length > 2) ? best : undefined;
}

/** Two letters in the wrong order are one slip, not two. */
function stepsBetween(a: string, b: string): number {
  const steps = distance(a, b);
  return steps === 2 && [...a].sort().join('') === [...b].sort().join('') ? 1 : steps;
}

/** Letter case and the way words are joined are no difference: `Trusted-Resolvers`, `trustedResolvers`. */
export function folded(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, '');
}
