import { formatHostPort } from '../core/host-port.ts';

/** Where the one that learns listens for captures: a unix socket, or an address where TLS is spoken. */
export type CapturePlace = { readonly path: string } | { readonly host: string; readonly port: number };

/** For people, and as it is configured. */
export function formatCapturePlace(place: CapturePlace): string {
  return 'path' in place ? place.path : formatHostPort(place.host, place.port);
}
