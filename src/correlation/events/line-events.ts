import type { Site } from '../correlation-options.ts';
import type { HostEvent } from '../host-event.ts';
import type { DnsLine, EventLine, SynLine } from './event-line.ts';
import { isDirect, isHost } from './site-side.ts';

/** What a line of an event file says of a host; nothing where it is about none of the site. */
export function lineEvents(line: EventLine, site: Site, take: (event: HostEvent) => void): void {
  switch (line.event) {
    case 'dns':
      dnsEvents(line, site, take);
      break;
    case 'syn':
      synEvents(line, site, take);
      break;
    case 'verdict': {
      const { event: kind, client: host, ...rest } = line;
      if (isHost(site, host)) take({ kind, host, ...rest });
    }
  }
}

function dnsEvents(line: DnsLine, site: Site, take: (event: HostEvent) => void): void {
  const { atMs, mac, client: host, server, name, type, responseCode, answers: addresses } = line;
  if (!isHost(site, host)) return;
  const asked = { atMs, host, mac, server, isDirect: isDirect(site, server), name, type };
  take({ kind: 'query', ...asked, recursionDesired: line.recursionDesired });
  if (responseCode === undefined) return;
  const ttlSeconds = addresses.length === 0 ? undefined : line.ttlSeconds;
  take({ kind: 'answer', ...asked, responseCode, addresses, ttlSeconds });
}

function synEvents(line: SynLine, site: Site, take: (event: HostEvent) => void): void {
  const { atMs, mac, source: host, sourcePort: hostPort, destination, port } = line;
  if (!isHost(site, host)) return;
  const connection = { atMs, host, mac, hostPort, destination, port };
  take({ kind: 'syn', ...connection });
  if (line.isAnswered) take({ kind: 'syn-ack', ...connection });
}
