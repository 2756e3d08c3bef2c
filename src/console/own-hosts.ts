import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Where the console is reached. */
export interface ConsolePlace {
  /** Names it goes by, in lower case; addresses need not be named. */
  readonly names: readonly string[];
  readonly isTls: boolean;
  /** Its origin as browsers name it, where that is not where it listens: behind a proxy, or by a name. */
  readonly publicOrigin: string | undefined;
}

/**
 * The host of a `Host` field (RFC 9110 §7.2) when it may be ours; undefined for any other name. A page of a stranger whose name
 * has been led to our address would come with that name (DNS rebinding), and never with an address.
 */
export function ownAuthority(field: string | undefined, place: ConsolePlace): string | undefined {
  if (field === undefined || !/^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]{1,253})(?::\d{1,5})?$/.test(field))
    return undefined;
  const name = field
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  return isIP(name) !== 0 || place.names.includes(name) ? field.toLowerCase() : undefined;
}

/** Whether a request with this `Origin` comes from a page of ours (RFC 6454 §7). */
export function isOwnOrigin(origin: string, authority: string, place: ConsolePlace): boolean {
  return origin === originAt(authority, place) || origin === place.publicOrigin;
}

/** The origin of the console as this request has reached it. */
export function originAt(authority: string, { isTls }: ConsolePlace): string {
  const url = `${isTls ? 'https' : 'http'}://${authority}`;
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Of a console that listens on `host`: that, this machine's own names, and that of its public URL. */
export function placeOf(host: string, isTls: boolean, publicOrigin: string | undefined): ConsolePlace {
  const publicNames = publicOrigin === undefined ? [] : [new URL(publicOrigin).hostname];
  const names = [host, 'localhost', hostname(), ...publicNames].map((name) => name.toLowerCase());
  return { names, isTls, publicOrigin };
}
