import { DAY_MS } from '../../core/clock.ts';
import type { Retention } from '../../querylog/query-log-store.ts';

/** Entries of a source whose day ended before this are not kept. Without a source: what nothing of is kept. */
export function retentionStartMs({ keepMs, keepMsOf }: Retention, source: string | undefined, nowMs: number): number {
  const keepOfSource = source === undefined ? undefined : keepMsOf.get(source);
  return nowMs - Math.min(keepMs, keepOfSource ?? Number.POSITIVE_INFINITY);
}

/** When a day (days since the epoch) ends. */
export function dayEndMs(day: number): number {
  return (day + 1) * DAY_MS;
}
