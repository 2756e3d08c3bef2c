import type { Clock } from '../../core/clock.ts';
import { type Found, HOST_FINDING_KINDS } from '../../findings/finding.ts';

/** Of one round; what is beyond them is taken when it is among the heaviest. */
export const MAX_FOUND = 4000;
/** What who takes it reads in one go, and how long he has to do something else between two. */
const PORTION_FOUND = 200;
const PAUSE_MS = 10;

/** What is not about one host first, then the surest; MAX_FOUND at most. */
export function heaviestFound(found: readonly Found[]): readonly Found[] {
  if (found.length <= MAX_FOUND) return found;
  const rank = ({ kind, score }: Found) => (HOST_FINDING_KINDS.some((one) => one === kind) ? score : 1 + score);
  return found.toSorted((one, other) => rank(other) - rank(one)).slice(0, MAX_FOUND);
}

/** Sends what was found in portions, apart in time: a port gives all that waits in it in one go. */
export async function sendInPortions(
  found: readonly Found[],
  clock: Clock,
  send: (portion: readonly Found[]) => void,
): Promise<void> {
  for (let start = 0; start < found.length; start += PORTION_FOUND) {
    if (start > 0) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
    send(found.slice(start, start + PORTION_FOUND));
  }
}
