import { setImmediate } from 'node:timers/promises';

/**
 * Runs `step` for each item, and lets others run after each `together` of them; rejects with the reason of `signal` when nobody waits
 * any more.
 */
export async function inBreaths<T>(
  items: readonly T[],
  together: number,
  signal: AbortSignal,
  step: (item: T) => void,
): Promise<void> {
  signal.throwIfAborted();
  for (const [index, item] of items.entries()) {
    step(item);
    if (index % together !== together - 1) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
}
