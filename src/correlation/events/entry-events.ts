import { canonicalName } from '../../dns/name.ts';
import type { LogEntry } from '../../querylog/log-entry.ts';
import type { Site } from '../correlation-options.ts';
import type { HostEvent } from '../host-event.ts';
import { isDirect, isHost } from './site-side.ts';

/** What an entry of a query log says of a host: that it asked, and where the response is known that it was answered. */
export function entryEvents(entry: LogEntry, site: Site, take: (event: HostEvent) => void): void {
  const { atMs, client: host, server, type, responseCode, answers: addresses } = entry;
  if (host === undefined || !isHost(site, host)) return;
  const asked = {
    atMs,
    host,
    mac: undefined,
    server,
    isDirect: isDirect(site, server),
    name: canonicalName(entry.name),
    type,
  };
  take({ kind: 'query', ...asked, recursionDesired: recursionDesiredOf(entry) });
  if (responseCode !== undefined) take({ kind: 'answer', ...asked, responseCode, addresses, ttlSeconds: undefined });
}

/** What the role of the server tells of it. */
function recursionDesiredOf({ role }: LogEntry): boolean | undefined {
  return role === undefined ? undefined : role !== 'authoritative';
}
