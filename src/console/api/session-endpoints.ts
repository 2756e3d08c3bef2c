import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ROLES } from '../../accounts/actor.ts';
import { resultOf } from '../../control/answer.ts';
import { GluewallError } from '../../core/errors.ts';
import type { ApiApp, ConsoleEnv } from '../api-app.ts';
import type { ConsolePlace } from '../own-hosts.ts';
import { problem } from '../problem.ts';
import { clearSessionCookie, setSessionCookie } from '../session-cookie.ts';
import { findWhoAsks, isOver, readOpened, type SessionView, type WhoAsks } from '../who-asks.ts';
import { addEndpoint, giveItems, giveNothing, instant, listOf, word } from './common.ts';

/** What the page needs to know before anybody has signed in, and what the sign-in endpoints need of the console. */
export interface SessionParts {
  readonly place: ConsolePlace;
  readonly version: string;
  /** What the button of the sign-in by OIDC says; undefined: there is none. */
  readonly oidcLabel: string | undefined;
  /** Told of a session that has ended here. */
  readonly ended: (secret: string) => void;
}

const MAX_SECRET_CHARACTERS = 1024;
const password = z.string().min(1).max(MAX_SECRET_CHARACTERS);
const user = z.string().min(1).max(64);

const sessionAnswer = z
  .object({
    user,
    role: z.enum(ROLES),
    token: z.string().nullable().describe('the name of the token that asked; null for a session'),
    id: z.string().nullable(),
    origin: z.string().nullable().describe('`local` or `oidc`; null for a token'),
    started: instant.nullable(),
    ends: instant.nullable().describe('it ends then, however much it is used'),
    idleEnds: instant.nullable().describe('it ends then, if it is not used before'),
    setupNeeded: z.boolean(),
    oidc: z.object({ label: z.string() }).nullable(),
    version: z.string(),
  })
  .meta({ id: 'Session' });

const listedSession = z.looseObject({ id: z.string(), user, role: z.enum(ROLES), started: instant, ends: instant });

/** Signing in and out, the set-up by the link of the first start, and one's own sessions and password. */
export function addSessionEndpoints(api: ApiApp, parts: SessionParts): void {
  addComingIn(api, parts);
  addOwnSessions(api, parts);
}

function addComingIn(api: ApiApp, parts: SessionParts): void {
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/session',
      subject: 'accounts',
      summary: 'Who asks, and by which session',
      description: 'Without one the problem says whether gluewall waits for its set-up, and whether OIDC is there.',
      role: undefined,
      answer: sessionAnswer,
      problems: { 'session-ended': 'the session is over' },
    },
    async (c) => {
      const state = await consoleState(c, parts);
      try {
        const who = await findWhoAsks(c);
        if (who !== undefined) return c.json({ ...viewOf(who), ...state });
        return problem(c, 401, 'sign-in-needed', 'sign in', {}, state);
      } catch (error) {
        if (!isOver(error)) throw error;
        if (error.code === 'session-ended') clearSessionCookie(c, parts.place);
        return problem(c, 401, error.code, error.message, {}, state);
      }
    },
  );
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/session',
      subject: 'accounts',
      summary: 'Sign in; the session is in the cookie',
      role: undefined,
      body: z.strictObject({ user, password }),
      bodyExample: { user: 'ann', password: 'correct horse battery staple' },
      answer: sessionAnswer,
      status: 201,
      problems: {
        'sign-in-refused': 'user and password do not go together',
        'sign-in-throttled': 'too many failures: the message says how long to wait',
      },
    },
    async (c, { body }) => {
      const from = c.get('from');
      const opened = await readOpened(c.get('ask')({ operation: 'session open', ...body, from }, undefined));
      return giveOpened(c, opened, parts);
    },
  );
  addEndpoint(
    api,
    {
      method: 'post',
      path: '/setup',
      subject: 'accounts',
      summary: 'Make the administrator that a set-up link is for, and sign in as him',
      role: undefined,
      body: z.strictObject({ secret: password, user, password }),
      bodyExample: {
        secret: 'what stands behind # in the link',
        user: 'ann',
        password: 'correct horse battery staple',
      },
      answer: sessionAnswer,
      status: 201,
      problems: { 'setup-refused': 'the link was used, or has expired' },
    },
    async (c, { body }) => {
      const opened = await readOpened(c.get('ask')({ operation: 'setup', ...body, from: c.get('from') }, undefined));
      return giveOpened(c, opened, parts);
    },
  );
}

function addOwnSessions(api: ApiApp, { place, ended }: SessionParts): void {
  addEndpoint(
    api,
    {
      method: 'delete',
      path: '/session',
      subject: 'accounts',
      summary: 'Sign out',
      role: 'viewer',
      answer: undefined,
      status: 204,
    },
    async (c) => {
      const secret = c.get('secret');
      if (secret === undefined)
        throw new GluewallError('bad-request', 'a token has no session to end: remove the token');
      const response = await giveNothing(c, { operation: 'session end', secret });
      ended(secret);
      clearSessionCookie(c, place);
      return c.body(null, response.status as 204);
    },
  );
  addEndpoint(
    api,
    {
      method: 'put',
      path: '/session/password',
      subject: 'accounts',
      summary: 'Change one’s own password; all one’s sessions end',
      role: 'viewer',
      body: z.strictObject({ old: password, new: password }),
      answer: undefined,
      status: 204,
      problems: { 'sign-in-refused': 'the old password is another' },
    },
    async (c, { body }) => giveNothing(c, { operation: 'password change', ...body }),
  );
  addEndpoint(
    api,
    {
      method: 'get',
      path: '/sessions',
      subject: 'accounts',
      summary: 'One’s own sessions; all of them for an administrator',
      role: 'viewer',
      answer: listOf(listedSession),
    },
    async (c) => giveItems(c, { operation: 'session list' }),
  );
  addEndpoint(
    api,
    {
      method: 'delete',
      path: '/sessions/{id}',
      subject: 'accounts',
      summary: 'End a session',
      role: 'viewer',
      params: z.strictObject({ id: word }),
      answer: undefined,
      status: 204,
    },
    async (c, { params }) => giveNothing(c, { operation: 'session revoke', id: params.id }),
  );
}

interface ConsoleState {
  readonly setupNeeded: boolean;
  readonly oidc: { readonly label: string } | null;
  readonly version: string;
}

async function consoleState(c: Context<ConsoleEnv>, { oidcLabel, version }: SessionParts): Promise<ConsoleState> {
  const state = await resultOf(c.get('ask')({ operation: 'setup state' }, undefined));
  const { needed } = z.object({ needed: z.boolean() }).parse(state);
  return { setupNeeded: needed, oidc: oidcLabel === undefined ? null : { label: oidcLabel }, version };
}

/** The secret goes into the cookie, and nowhere else. */
async function giveOpened(
  c: Context<ConsoleEnv>,
  { secret, ...session }: SessionView & { readonly secret: string },
  parts: SessionParts,
): Promise<Response> {
  setSessionCookie(c, secret, session.ends, parts.place);
  return c.json({ ...viewOf({ by: 'session', secret, session }), ...(await consoleState(c, parts)) }, 201);
}

function viewOf(who: WhoAsks) {
  if (who.by === 'session') {
    const { user, role, id, origin, started, ends, idleEnds } = who.session;
    return { user, role, token: null, id, origin, started, ends, idleEnds };
  }
  const { user, role, name } = who.token;
  return { user, role, token: name, id: null, origin: null, started: null, ends: null, idleEnds: null };
}
