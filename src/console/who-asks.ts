/** Whose request it is: by the cookie of a session, or by a token. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { ROLES } from '../accounts/actor.ts';
import { resultOf } from '../control/answer.ts';
import { formatAddress, parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import type { ConsoleEnv, ConsoleParts } from './api-app.ts';
import type { ConsolePlace } from './own-hosts.ts';
import { clearSessionCookie, readSessionCookie } from './session-cookie.ts';

/** Open to everybody: how one comes in, and what the API is. */
const OPEN = new Set([
  'GET /api/v1/session',
  'POST /api/v1/session',
  'POST /api/v1/setup',
  'GET /api/v1/oidc/sign-in',
  'GET /api/v1/oidc/callback',
  'GET /api/v1/openapi.json',
  'GET /api/v1/docs',
  'GET /api/v1/docs.css',
]);

const TOKEN = /^Bearer +(gw_[0-9A-Za-z_-]{20,256})$/i;

const sessionView = z.object({
  id: z.string(),
  user: z.string(),
  role: z.enum(ROLES),
  origin: z.string(),
  started: z.string(),
  ends: z.string(),
  idleEnds: z.string(),
});
/** A session as gluewall tells of it; without its secret. */
export type SessionView = z.output<typeof sessionView>;

const openedSession = sessionView.extend({ secret: z.string() });
const tokenView = z.object({ user: z.string(), role: z.enum(ROLES), name: z.string() });

/** Who asks, by which session or token. */
export type WhoAsks =
  | { readonly by: 'session'; readonly secret: string; readonly session: SessionView }
  | { readonly by: 'token'; readonly secret: string; readonly token: z.output<typeof tokenView> };

type AskNow = ConsoleParts['ask'];

/** The session that was opened, and its secret, of an answer. */
export async function readOpened(answer: ReturnType<AskNow>): Promise<z.output<typeof openedSession>> {
  return openedSession.parse(await resultOf(answer));
}

/** What a browser or a program sent to say who it is; undefined when it sent nothing. */
function credentialOf(c: Context): { readonly by: WhoAsks['by']; readonly secret: string } | undefined {
  const field = c.req.header('authorization');
  if (field !== undefined) {
    const secret = TOKEN.exec(field)?.[1];
    if (secret !== undefined) return { by: 'token', secret };
    throw new GluewallError(
      'token-refused',
      'this is no token: want `Authorization: Bearer gw_…` (gluewall token add)',
    );
  }
  const secret = readSessionCookie(c);
  return secret === undefined ? undefined : { by: 'session', secret };
}

/**
 * Who asks; undefined when nobody says. `peek`: it does not count as use of the session. Throws GluewallError `session-ended` or
 * `token-refused`.
 */
export async function findWhoAsks(c: Context<ConsoleEnv>): Promise<WhoAsks | undefined> {
  const credential = credentialOf(c);
  return credential === undefined ? undefined : checkWho(c.get('ask'), credential, c.get('from'), false);
}

/** Asks whether a session or token still is good. */
export async function checkWho(
  ask: AskNow,
  { by, secret }: Pick<WhoAsks, 'by' | 'secret'>,
  from: string,
  peek: boolean,
): Promise<WhoAsks> {
  if (by === 'token') {
    const token = tokenView.parse(await resultOf(ask({ operation: 'token check', secret, from }, undefined)));
    return { by, secret, token };
  }
  const request = { operation: 'session check', secret, from, ...(peek ? { peek } : {}) } as const;
  return { by, secret, session: sessionView.parse(await resultOf(ask(request, undefined))) };
}

const OVER = new Set(['session-ended', 'token-refused']);

/** Whether a session or token is refused because it is good no more. */
export function isOver(error: unknown): error is GluewallError {
  return error instanceof GluewallError && OVER.has(error.code);
}

/** Sets what endpoints know of who asks. Whoever is nobody gets no further than what is open to all. */
export function identify(place: ConsolePlace): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    const isOpen = OPEN.has(`${c.req.method === 'HEAD' ? 'GET' : c.req.method} ${c.req.path}`);
    if (isOpen) return next();
    const who = await findWhoAsks(c).catch((error: unknown) => {
      if (error instanceof GluewallError && error.code === 'session-ended') clearSessionCookie(c, place);
      throw error;
    });
    if (who === undefined) {
      throw new GluewallError('sign-in-needed', 'sign in, or send a token: `Authorization: Bearer gw_…`');
    }
    const from = c.get('from');
    if (who.by === 'session') {
      const { user, role } = who.session;
      c.set('actor', { user, role, from, token: undefined });
      c.set('secret', who.secret);
    } else {
      const { user, role, name } = who.token;
      c.set('actor', { user, role, from, token: name });
    }
    c.set('who', who);
    return next();
  };
}

/** The address at the other end of the connection, as text. */
export function remoteAddress(c: Context): string {
  const text = getConnInfo(c).remote.address ?? '';
  const address = parseAddress(text.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, ''));
  return address === undefined ? 'unknown' : formatAddress(address);
}
