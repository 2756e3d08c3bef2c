import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { type ConsolePlace, originAt } from './own-hosts.ts';

const NAME = 'gluewall_session';
/** What a secret looks like (32 octets in base64url, with room for longer ones): anything else is not asked about. */
const SECRET = /^[0-9A-Za-z_-]{20,256}$/;

/** The secret of the session that a browser sent; undefined when it sent none, or something that is none. */
export function readSessionCookie(c: Context): string | undefined {
  const value = getCookie(c, NAME);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** Not to be read by scripts, never sent from elsewhere, and with TLS never without it (RFC 6265bis §5.6). */
export function setSessionCookie(c: Context, secret: string, endsAt: string, place: ConsolePlace): void {
  const expires = new Date(endsAt);
  setCookie(c, NAME, secret, { httpOnly: true, sameSite: 'Strict', secure: isEncrypted(c, place), path: '/', expires });
}

export function clearSessionCookie(c: Context, place: ConsolePlace): void {
  deleteCookie(c, NAME, { httpOnly: true, sameSite: 'Strict', secure: isEncrypted(c, place), path: '/' });
}

/**
 * Whether the browser came by TLS: to us, or to the proxy that `console.public_url` names. Only who is on this machine comes past
 * that proxy, and says so by the origin of the page.
 */
export function isEncrypted(c: Context, place: ConsolePlace): boolean {
  if (place.isTls || place.publicOrigin?.startsWith('https:') !== true) return place.isTls;
  const origin = c.req.header('origin');
  return origin === undefined || origin !== originAt(c.req.header('host') ?? '', place);
}
