import { formatHostPort } from '../core/host-port.ts';

/** Where syslog is heard. `isForGroup`: whether the group of a unix socket may write to it, too. */
export type SyslogPlace =
  | { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'unix'; readonly path: string; readonly isForGroup?: boolean };

/** For people, and as it is configured. */
export function formatSyslogPlace(place: SyslogPlace): string {
  if (place.transport === 'unix') return `unix:${place.path}`;
  return `${place.transport}:${formatHostPort(place.host, place.port)}`;
}
