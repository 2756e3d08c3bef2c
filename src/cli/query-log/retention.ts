import { DAY_MS } from '../../core/clock.ts';
import type { QueryLogStore, Retention } from '../../querylog/query-log-store.ts';
import type { LogSettings } from './log-order.ts';

/** How long and how much is kept; a source of syslog is one for each host, of which the store alone knows. */
export async function retentionOf(
  { keepMs, keepMsOf, sizeBytes }: LogSettings,
  store: Pick<QueryLogStore, 'coverage'>,
): Promise<Retention> {
  if (keepMsOf.size === 0) return { keepMs, keepMsOf, sizeBytes };
  const held = new Map(keepMsOf);
  for (const { source } of await store.coverage(DAY_MS)) {
    const shorterMs = keepMsOf.get(source.split('/', 1)[0]!);
    if (shorterMs !== undefined) held.set(source, shorterMs);
  }
  return { keepMs, keepMsOf: held, sizeBytes };
}
