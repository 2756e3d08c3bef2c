import { type Found, MAX_REASONS, type Reason } from './finding.ts';

/** Reasons that no round of detectors makes: they stay when a round says nothing of them. */
const OUTSIDE_KINDS: ReadonlySet<string> = new Set(['traceback']);
/** Of one finding, the heaviest. */
const MAX_OUTSIDE = 8;

/** What a round has found, with the outside reasons of `held` beside its own: `1 − (1 − score) · Π(1 − weight)`. */
export function keepOutside(found: Found, held: Pick<Found, 'reasons'>): Found {
  const outside = held.reasons.filter(isOutside);
  if (outside.length === 0) return found;
  return {
    ...found,
    score: outside.reduce(joinedScore, found.score),
    reasons: joinedReasons(found, outside),
    firstAtMs: Math.min(found.firstAtMs, ...outside.map(({ firstAtMs }) => firstAtMs)),
    lastAtMs: Math.max(found.lastAtMs, ...outside.map(({ lastAtMs }) => lastAtMs)),
  };
}

/** The same with one more outside reason; undefined when it has that, or heavier ones than there is room for. */
export function addOutside<F extends Found>(found: F, reason: Reason): F | undefined {
  const outside = found.reasons.filter(isOutside);
  if (outside.some(({ kind, line }) => kind === reason.kind && line === reason.line)) return undefined;
  const kept = [...outside, reason].toSorted(heaviestFirst).slice(0, MAX_OUTSIDE);
  if (!kept.includes(reason)) return undefined;
  return {
    ...found,
    score: joinedScore(found.score, reason),
    reasons: joinedReasons(found, kept),
    firstAtMs: Math.min(found.firstAtMs, reason.firstAtMs),
    lastAtMs: Math.max(found.lastAtMs, reason.lastAtMs),
  };
}

function joinedReasons({ reasons }: Found, outside: readonly Reason[]): readonly Reason[] {
  const own = reasons.filter((reason) => !isOutside(reason)).slice(0, MAX_REASONS - outside.length);
  return [...own, ...outside].toSorted(heaviestFirst);
}

function joinedScore(score: number, { weight }: Reason): number {
  return 1 - (1 - score) * (1 - weight);
}

export function isOutside({ kind }: Reason): boolean {
  return OUTSIDE_KINDS.has(kind);
}

function heaviestFirst(one: Reason, other: Reason): number {
  return other.weight - one.weight;
}
