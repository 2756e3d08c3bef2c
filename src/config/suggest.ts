import { distance } from 'fastest-levenshtein';

const MAX_SUGGESTIONS = 3;

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
function folded(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, '');
}

/**
 * Which keys an unknown one may have been meant for, best first: a misspelt key beside it, or one of that name that stands
 * elsewhere. Keys are dotted paths; `group` is '' at the top.
 */
export function nearestKeys(group: string, unknown: string, known: readonly string[]): readonly string[] {
  const prefix = group === '' ? '' : `${group}.`;
  const siblings = new Map<string, string>();
  const elsewhere = new Map<string, string[]>();
  for (const path of known) {
    const last = path.slice(path.lastIndexOf('.') + 1);
    elsewhere.set(last, [...(elsewhere.get(last) ?? []), path]);
    const below = path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
    if (below !== undefined && !below.includes('.')) siblings.set(below, path);
  }
  const sibling = nearest(unknown, [...siblings.keys()]);
  if (sibling !== undefined) return [siblings.get(sibling)!];
  const whole = known.find((path) => folded(path) === folded(unknown));
  if (whole !== undefined) return [whole];
  const name = nearest(unknown, [...elsewhere.keys()]);
  return name === undefined ? [] : elsewhere.get(name)!.slice(0, MAX_SUGGESTIONS);
}
