import { formatHostPort } from '../core/host-port.ts';

/** Where syslog is heard. */
export type SyslogPlace =
  | { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'unix'; readonly path: string };

/** For people, and as it is configured. */
export function formatSyslogPlace(place: SyslogPlace): string {
  if (place.transport === 'unix') return `unix:${place.path}`;
  return `${place.transport}:${formatHostPort(place.host, place.port)}`;
}
