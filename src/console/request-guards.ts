/** What a request has to get past before anybody looks at what it asks. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { GluewallError } from '../core/errors.ts';
import type { ConsoleEnv } from './api-app.ts';
import { type ConsolePlace, isOwnOrigin, ownAuthority } from './own-hosts.ts';
import { problem } from './problem.ts';

type Guard = MiddlewareHandler<ConsoleEnv>;

const MAX_BODY_BYTES = 64 * 1024;
/** The operations door takes what the control socket takes. */
const MAX_OPERATION_BYTES = 1024 * 1024;
/** A little more than the longest wait for the control socket. */
const MAX_REQUEST_MS = 65_000;
/** They go on for as long as somebody reads. */
const UNLIMITED = new Set(['POST /api/v1/cases', 'POST /api/v1/operations', 'GET /api/v1/live']);
const UNLIMITED_TRACE = /^\/api\/v1\/findings\/[^/]+\/trace$/;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Only requests that were meant for us by name or address; others get 421 (RFC 9110 §15.5.20). */
export function refuseOtherHosts(place: ConsolePlace): Guard {
  return async (c, next) => {
    if (ownAuthority(c.req.header('host'), place) !== undefined) return next();
    const remedy = 'ask by its address, or set console.public_url to the name that it has';
    return problem(c, 421, 'wrong-host', `this console does not go by that name: ${remedy}`);
  };
}

/** Bodies longer than 64 KiB, or 1 MiB at the operations door, are not read. */
export function limitBodies(): Guard {
  const limit = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: (c) =>
        problem(c, 413, 'request-too-long', `a body has at most ${maxSize} octets`, { Connection: 'close' }),
    });
  const [small, large] = [limit(MAX_BODY_BYTES), limit(MAX_OPERATION_BYTES)];
  return (c, next) => (c.req.path === '/api/v1/operations' ? large : small)(c, next);
}

/** Sets the signal of the request: it aborts with the client, and after 65 seconds where the answer has an end. */
export function limitTime(): Guard {
  return async (c, next) => {
    const { signal } = c.req.raw;
    if (UNLIMITED.has(`${c.req.method} ${c.req.path}`) || UNLIMITED_TRACE.test(c.req.path)) {
      c.set('signal', signal);
      return next();
    }
    const end = new AbortController();
    const stop = () => end.abort();
    const late = () => end.abort(new GluewallError('time-limit', `no answer within ${MAX_REQUEST_MS / 1000} seconds`));
    const timer = setTimeout(late, MAX_REQUEST_MS);
    signal.addEventListener('abort', stop, { once: true });
    c.set('signal', end.signal);
    try {
      await next();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  };
}

/**
 * Nothing is changed by a page of somebody else (CSRF): what a browser sends with our cookie, or to get one, carries a field
 * that no form can set, and comes from our origin. A token is no cookie: no browser sends it by itself
 * (what it does send so, for a proxy that asks for it, is Basic).
 */
export function refuseCrossSite(place: ConsolePlace): Guard {
  return async (c, next) => {
    if (SAFE_METHODS.has(c.req.method) || /^Bearer /i.test(c.req.header('authorization') ?? '')) return next();
    const refuse = (what: string) =>
      problem(c, 403, 'cross-site', `${what}: only pages of this console may change things`);
    if (c.req.header('x-gluewall') !== 'page') return refuse('the field `X-Gluewall: page` is not there');
    const origin = c.req.header('origin');
    if (origin === undefined) {
      return c.req.header('sec-fetch-site') === 'same-origin' ? next() : refuse('the request does not say its origin');
    }
    const authority = ownAuthority(c.req.header('host'), place);
    const isOwn = authority !== undefined && isOwnOrigin(origin, authority, place);
    return isOwn ? next() : refuse('the request comes from another origin');
  };
}
