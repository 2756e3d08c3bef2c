import { describe, it } from 'vitest';
import { type Condition, missing, skippedName } from '../conditions.ts';

/**
 * Like vitest's `describe`, for tests that need something of the machine. Where it is missing, one skipped test stands
 * in for them all, and its name carries the reason.
 */
export function describeIf(needs: readonly Condition[], name: string, body: () => void): void {
  const reason = missing(...needs);
  if (reason === undefined) describe(name, body);
  else describe(name, () => it.skip(skippedName(reason), () => undefined));
}
