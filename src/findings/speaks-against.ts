/** When what was found says more than it did. */
import type { Finding, Found } from './finding.ts';

/** Below this, doubt is not told apart: what is as sure as that cannot get much surer. */
const LEAST_DOUBT = 0.01;
/** A reason of a new kind that weighs as much is more by itself. */
const NEW_REASON_WEIGHT = 0.3;
/** What was on its way when somebody said that it is put right. */
const GRACE_MS = 10 * 60_000;

/** Whether a score is clearly more than another: at most half as much doubt is left. */
export function isClearlyMore(score: number, than: number): boolean {
  const doubt = (value: number) => Math.max(LEAST_DOUBT, 1 - value);
  return 2 * doubt(score) <= doubt(than);
}

/**
 * Why a closed finding is to be looked at again, given what is found now; undefined: it stays closed. What was closed needs clearly
 * more against it than there was: half the doubt, or a weighty reason of a new kind. What was said to be put right only has to
 * go on.
 */
export function whyAgain({ closed, score, reasons }: Finding, found: Found): string | undefined {
  if (closed === undefined) return undefined;
  if (closed.as === 'resolved' && found.lastAtMs > closed.atMs + GRACE_MS) return 'it goes on';
  if (isClearlyMore(found.score, score))
    return `its score is ${found.score.toFixed(2)} now, and was ${score.toFixed(2)}`;
  const kinds = new Set(reasons.map(({ kind }) => kind));
  const fresh = found.reasons.find(({ kind, weight }) => weight >= NEW_REASON_WEIGHT && !kinds.has(kind));
  return fresh === undefined ? undefined : `there is a new reason: ${fresh.kind}`;
}
