/** What every endpoint of the API is built on: the app, what stands in its context, and how gluewall is asked. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Actor } from '../accounts/actor.ts';
import { type Answer, resultOf } from '../control/answer.ts';
import type { ControlRequest } from '../control/protocol.ts';
import type { Clock } from '../core/clock.ts';
import { problem } from './problem.ts';
import type { WhoAsks } from './who-asks.ts';

/** The most items of a list that is not asked for by pages. */
const MAX_ITEMS = 10_000;
/** The most mistakes of one request that are told. */
const MAX_TOLD = 5;

/** What endpoints may use. */
export interface ConsoleParts {
  /** Asks gluewall, on the control socket; throws GluewallError with the code of a refusal. `as` undefined: as the console itself. */
  ask(request: ControlRequest, as: Actor | undefined, signal?: AbortSignal): Answer;
}

/** What stands in the context of a request. */
export interface ConsoleEnv {
  readonly Variables: {
    /** Who asks; in the few endpoints that are open to all it is undefined in truth. */
    readonly actor: Actor;
    /** Aborts when the client is gone, and when the request takes too long (not for those that stream). */
    readonly signal: AbortSignal;
    readonly ask: ConsoleParts['ask'];
    readonly clock: Clock;
    /** The address of who asks. */
    readonly from: string;
    /** The secret of the session, when a cookie brought one; undefined with a token. */
    readonly secret: string | undefined;
    /** By which session or token; undefined in the endpoints that are open to all. */
    readonly who: WhoAsks;
  };
}

export type ApiApp = OpenAPIHono<ConsoleEnv>;

/** An app for endpoints; paths are relative to /api/v1. What does not fit a route's schema is a problem 400. */
export function createApiApp(): ApiApp {
  return new OpenAPIHono<ConsoleEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const told = result.error.issues.slice(0, MAX_TOLD).map(({ path, message }) => {
        return path.length === 0 ? message : `${path.join('.')}: ${message}`;
      });
      return problem(c, 400, 'bad-request', told.join('; '));
    },
  });
}

/** Asks as who sent the request; the result alone. Throws GluewallError, of which the app makes a problem document. */
export async function answerOne(c: Context<ConsoleEnv>, request: ControlRequest): Promise<unknown> {
  return resultOf(c.get('ask')(request, c.get('actor'), c.get('signal')));
}

/** A list that ends: all of it; `isCut` when there was more than 10,000 items, of which these are the first. */
export interface WholeList {
  readonly items: readonly unknown[];
  readonly next: null;
  readonly isCut?: true;
}

/** As `answerOne`, of a request whose answer is items. */
export async function answerItems(c: Context<ConsoleEnv>, request: ControlRequest): Promise<WholeList> {
  const items: unknown[] = [];
  for await (const item of c.get('ask')(request, c.get('actor'), c.get('signal'))) {
    if (items.length === MAX_ITEMS) return { items, next: null, isCut: true };
    items.push(item);
  }
  return { items, next: null };
}
