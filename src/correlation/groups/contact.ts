/** How a host used a feature, packed into two words of a pair: a count with marks, and the rhythm. */

/** What was seen of a contact at least once. */
export const MARK = { answered: 1, direct: 2, blocked: 4, mail: 8, failed: 16 } as const;

const COUNT_BITS = 17;
const MAX_COUNT = 2 ** COUNT_BITS - 1;
const MARK_SHIFT = COUNT_BITS;
const ODD_SHIFT = COUNT_BITS + 5;
const BEATS_SHIFT = COUNT_BITS + 9;
const MAX_ODD = 15;
export const MAX_BEATS = 63;
const FRESH_ODD = 8;

export const FRESH_USE = (FRESH_ODD << ODD_SHIFT) >>> 0;

/** Contacts, and as far as they can be counted. */
export function countOf(use: number): number {
  return use & MAX_COUNT;
}

export function marksOf(use: number): number {
  return (use >>> MARK_SHIFT) & 31;
}

/** Whether most DNS queries of the contact were of types that no browser asks for. */
export function isOdd(use: number): boolean {
  return ((use >>> ODD_SHIFT) & 15) > FRESH_ODD;
}

/** Intervals that the rhythm was learned from, up to 63. */
export function beatsOf(use: number): number {
  return use >>> BEATS_SHIFT;
}

export function withMark(use: number, mark: number): number {
  return (use | (mark << MARK_SHIFT)) >>> 0;
}

/** One contact more; `oddness` −1, 0 or 1: whether it speaks for ordinary or for odd use. */
export function countContact(use: number, mark: number, oddness: number): number {
  const count = Math.min(MAX_COUNT, countOf(use) + 1);
  const odd = Math.max(0, Math.min(MAX_ODD, ((use >>> ODD_SHIFT) & 15) + oddness));
  const marks = marksOf(use) | mark;
  return (((beatsOf(use) << BEATS_SHIFT) >>> 0) + (odd << ODD_SHIFT) + (marks << MARK_SHIFT) + count) >>> 0;
}

export function countBeat(use: number): number {
  return beatsOf(use) < MAX_BEATS ? use + 2 ** BEATS_SHIFT : use;
}

/** Both halves of a rhythm are logarithms, so 16 bits hold seconds to weeks within a part in a thousand. */
const STEPS_PER_OCTAVE = 2048;

function pack(seconds: number): number {
  return Math.min(0xffff, Math.round(Math.log2(1 + seconds) * STEPS_PER_OCTAVE));
}

function unpack(step: number): number {
  return 2 ** (step / STEPS_PER_OCTAVE) - 1;
}

/** The mean interval of a rhythm, seconds. */
export function intervalSeconds(rhythm: number): number {
  return unpack(rhythm & 0xffff);
}

/** The mean distance of its intervals from the mean, seconds. */
export function deviationSeconds(rhythm: number): number {
  return unpack(rhythm >>> 16);
}

const MAX_MISSED = 3;

/** Takes in an interval; `beats`: those before it. The newest sixteen weigh most, so that a rhythm that changes is followed. */
export function learnInterval(rhythm: number, beats: number, seconds: number): number {
  if (beats === 0) return pack(seconds);
  const share = 1 / Math.min(16, beats + 1);
  const mean = intervalSeconds(rhythm);
  const deviation = deviationSeconds(rhythm);
  // Missed beats make a multiple of the interval: they say little against a rhythm.
  const beatsMissed = Math.min(MAX_MISSED, Math.max(0, Math.round(seconds / Math.max(1, mean)) - 1));
  const perBeat = seconds / (beatsMissed + 1);
  const distance = Math.abs(perBeat - mean) + (beatsMissed === 0 ? 0 : mean / 8);
  const nextMean = mean + (perBeat - mean) * share;
  const nextDeviation = deviation + (distance - deviation) * share;
  return ((pack(nextDeviation) << 16) | pack(nextMean)) >>> 0;
}
