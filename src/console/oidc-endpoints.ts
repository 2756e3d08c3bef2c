import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { GluewallError } from '../core/errors.ts';
import type { ApiApp, ConsoleEnv } from './api-app.ts';
import type { OidcDoor } from './oidc.ts';
import { type ConsolePlace, originAt } from './own-hosts.ts';
import { isEncrypted, setSessionCookie } from './session-cookie.ts';
import { readOpened } from './who-asks.ts';

const BINDING = 'gluewall_oidc';
const PATH = '/api/v1/oidc';
const SECONDS = 600;

/**
 * `GET /oidc/sign-in` sends the browser to the issuer, `GET /oidc/callback` takes it back. What goes wrong is for the page to tell:
 * /sign-in?problem=CODE.
 */
export function addOidcEndpoints(api: ApiApp, door: OidcDoor, place: ConsolePlace): void {
  const failed = (c: Context, error: unknown): Response => {
    if (!(error instanceof GluewallError)) throw error;
    return c.redirect(`/sign-in?problem=${encodeURIComponent(error.code)}`, 303);
  };
  api.get('/oidc/sign-in', async (c) => {
    try {
      const origin = place.publicOrigin ?? originAt(c.req.header('host') ?? '', place);
      const { url, binding } = await door.begin(`${origin}${PATH}/callback`);
      // Lax: the way back begins at another site.
      setCookie(c, BINDING, binding, { ...cookieOf(c, place), maxAge: SECONDS });
      return c.redirect(url, 303);
    } catch (error) {
      return failed(c, error);
    }
  });
  api.get('/oidc/callback', async (c) => {
    const binding = getCookie(c, BINDING);
    deleteCookie(c, BINDING, cookieOf(c, place));
    try {
      const user = await door.finish(new URL(c.req.url).search, binding);
      await openSession(c, user, place);
      return c.redirect('/', 303);
    } catch (error) {
      return failed(c, error);
    }
  });
}

async function openSession(
  c: Context<ConsoleEnv>,
  user: Awaited<ReturnType<OidcDoor['finish']>>,
  place: ConsolePlace,
): Promise<void> {
  const answer = c.get('ask')({ operation: 'session open oidc', ...user, from: c.get('from') }, undefined);
  const { secret, ends } = await readOpened(answer);
  setSessionCookie(c, secret, ends, place);
}

function cookieOf(c: Context, place: ConsolePlace) {
  return { httpOnly: true, sameSite: 'Lax', secure: isEncrypted(c, place), path: PATH } as const;
}
