/** The app behind the console: what a request passes, in this order, and what answers it. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { addEndpoints } from './api/add-endpoints.ts';
import { addSessionEndpoints } from './api/session-endpoints.ts';
import { type ConsoleEnv, type ConsoleParts, createApiApp } from './api-app.ts';
import { addLiveEndpoint } from './live-endpoint.ts';
import type { LiveFeed } from './live-feed.ts';
import type { OidcDoor } from './oidc.ts';
import { addOidcEndpoints } from './oidc-endpoints.ts';
import type { ConsolePlace } from './own-hosts.ts';
import { answerPage, type PageFiles } from './page-files.ts';
import { problem } from './problem.ts';
import { problemStatus } from './problem-status.ts';
import { limitBodies, limitTime, refuseCrossSite, refuseOtherHosts } from './request-guards.ts';
import { securityHeaders } from './security-headers.ts';
import { identify, remoteAddress } from './who-asks.ts';

/** What the app is made of. */
export interface AppParts extends ConsoleParts {
  readonly place: ConsolePlace;
  readonly version: string;
  readonly files: PageFiles;
  readonly feed: LiveFeed;
  readonly oidc: OidcDoor | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of each request. */
  readonly counted: () => void;
}

const API = '/api/v1';

/** All that the console answers. Whatever fails in a request is a problem document; nothing is thrown. */
export function createApp(parts: AppParts): OpenAPIHono<ConsoleEnv> {
  const { place, files, log } = parts;
  const app = new OpenAPIHono<ConsoleEnv>();
  const api = createApi(parts);
  const steps: readonly MiddlewareHandler<ConsoleEnv>[] = [
    count(parts),
    endBodiesOfHeads(),
    securityHeaders(place.isTls),
    refuseOtherHosts(place),
  ];
  const apiSteps: readonly MiddlewareHandler<ConsoleEnv>[] = [
    limitTime(),
    refuseCrossSite(place),
    introduce(parts),
    identify(place),
    // After it is known who asks: what a stranger sends is not kept while it comes.
    limitBodies(),
    methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }),
  ];
  app.use(...steps);
  app.use(`${API}/*`, ...apiSteps);
  app.route(API, api);
  app.notFound((c) => answerOther(c, files));
  app.onError((error, c) => answerError(error, c, log));
  return app;
}

function createApi({ place, version, feed, oidc }: AppParts) {
  const api = createApiApp();
  const ended = (secret: string) => feed.end(secret);
  addSessionEndpoints(api, { place, version, oidcLabel: oidc?.label, ended });
  if (oidc !== undefined) addOidcEndpoints(api, oidc, place);
  addLiveEndpoint(api, feed);
  addEndpoints(api);
  return api;
}

function count({ counted }: AppParts): MiddlewareHandler<ConsoleEnv> {
  return (_c, next) => {
    counted();
    return next();
  };
}

/** Nobody reads the body of an answer to HEAD: one that is a stream would stay open for good. */
function endBodiesOfHeads(): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    await next();
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
  };
}

/** What endpoints work with. */
function introduce({ ask, clock }: AppParts): MiddlewareHandler<ConsoleEnv> {
  return (c, next) => {
    c.set('ask', ask);
    c.set('clock', clock);
    c.set('from', remoteAddress(c));
    return next();
  };
}

function answerOther(c: Context, files: PageFiles): Response {
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  const page = isRead ? answerPage(c, files) : undefined;
  return page ?? problem(c, 404, 'not-found', 'there is nothing here; what there is: /api/v1/docs');
}

function refuseMethod(c: Context, methods: readonly string[]): Response {
  const allowed = methods.join(', ');
  return problem(c, 405, 'bad-request', `${c.req.method} is not for this: want ${allowed}`, { Allow: allowed });
}

function answerError(error: unknown, c: Context<ConsoleEnv>, log: Log): Response {
  // Why the request was ended says more than what broke because of it.
  const reason = c.get('signal')?.reason;
  const cause = reason instanceof GluewallError ? reason : error;
  if (cause instanceof GluewallError) {
    const status = problemStatus(cause.code);
    if (status === 500) log.warn({ code: cause.code, error: cause.message, path: c.req.path }, 'a request failed');
    return problem(c, status, cause.code, cause.message, headersOf(status));
  }
  if (cause instanceof HTTPException) return problem(c, cause.status as 400, 'bad-request', cause.message);
  log.error({ error, path: c.req.path }, 'a request of the console failed');
  return problem(c, 500, 'internal', 'the request failed inside the console; the log of gluewall says why');
}

function headersOf(status: number): Readonly<Record<string, string>> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer realm="gluewall"' };
  return status === 503 ? { 'Retry-After': '1' } : {};
}
