/** What all endpoints share: how one is declared, and the schemas that stand in many. */
import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Role } from '../../accounts/actor.ts';
import type { ControlRequest } from '../../control/protocol.ts';
import { type ApiApp, answerItems, answerOne, type ConsoleEnv } from '../api-app.ts';
import type { ProblemDocument } from '../problem.ts';
import { problemStatus } from '../problem-status.ts';

/** What the endpoints are about, in the order of the documentation. */
export const SUBJECTS = {
  inbox: 'What was blocked, or would have been, grouped by client, destination and query name, to be worked through.',
  events: 'Verdicts one by one, allowed ones too, and what is known about each.',
  rules: 'Rules that allow or deny, what a new one would change, and how a query would be judged now.',
  history: 'Which name servers are known, since when and why, and which clients there are.',
  hosts: 'What is known of one host of the inside.',
  findings: 'What people act on: suspected hosts, groups of bots and their servers.',
  cases: 'Traceback: who asked for the name of a victim right before an attack.',
  switches: 'The switches, the figures of a time, and the state of gluewall.',
  accounts: 'Users, tokens, saved searches, and the record of all changes.',
  live: 'What changes, as it changes.',
  operations: 'Any request of the control socket, for the command line and for programs.',
} as const;
export type Subject = keyof typeof SUBJECTS;

/** As JSON has it: whether it may be written to makes no difference, and what is undefined is not there. */
type Plain<T> = T extends readonly unknown[]
  ? { readonly [K in keyof T]: Plain<T[K]> }
  : T extends object
    ? { readonly [K in keyof T as undefined extends T[K] ? never : K]: Plain<T[K]> } & {
        readonly [K in keyof T as undefined extends T[K] ? K : never]?: Plain<Exclude<T[K], undefined>>;
      }
    : T;
type IsSame<A, B> = [Plain<A>] extends [Plain<B>] ? ([Plain<B>] extends [Plain<A>] ? true : false) : false;

/**
 * The schema of a view of the services: `viewSchema<RuleView>()(z.object({ … }))` does not compile when one has what the other
 * has not.
 */
export function viewSchema<View>(): <S extends z.ZodType>(
  schema: IsSame<z.output<S>, View> extends true ? S : never,
) => S {
  return (schema) => schema;
}

export const count = z.int().min(0);
export const share = z.number().min(0).max(1);
/** ISO 8601 in UTC with milliseconds. */
export const instant = z.iso.datetime().meta({ example: '2026-11-22T08:00:00.000Z' });
export const addressText = z.string().meta({ example: '192.0.2.66' });

const MAX_WORD_CHARACTERS = 255;
/** A time that is asked for: ISO 8601 with a zone. */
export const askedInstant = z.iso
  .datetime({ offset: true, error: 'want a time with its zone, such as 2026-11-22T08:00:00Z' })
  .max(64);
/** What is no longer than any name, address or id; the services say what it must be. */
export const word = z.string().min(1).max(MAX_WORD_CHARACTERS);
/** What people write, cut of white space at its ends. */
export const words = (maxCharacters: number) => z.string().trim().min(1).max(maxCharacters);
/** A number in a path or a query. */
export function numberText(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'want a whole number')
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .openapi({ type: 'integer', minimum, maximum });
}
export const idParams = z.strictObject({ id: numberText(1, Number.MAX_SAFE_INTEGER) });

/** The most rows of a page; 100 when none is asked for. */
export const MAX_PAGE = 500;
export const pageLimit = numberText(1, MAX_PAGE).optional().describe('rows of the page, 100 when left out');
export const pagePlace = z.string().min(1).max(64).optional().describe('`next` of the page before');

/** A list that is asked for by pages, or as a whole (`next` is null then). */
export function listOf<S extends z.ZodType>(item: S) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('for `after` of the next page; null: there is none'),
    isCut: z.literal(true).optional().describe('there was more than these 10,000 items'),
  });
}

/** As `listOf`, of what is searched: how far back it looked where it had not the time to fill the page. */
export function foundOf<S extends z.ZodType>(item: S) {
  return listOf(item).omit({ isCut: true }).extend({ lookedBackTo: instant.nullable() });
}

const problemDocument = viewSchema<ProblemDocument>()(
  z
    .object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string().describe('what is wrong and what to do, for people'),
      code: z.string().describe('stable, one of those of docs/errors.md'),
    })
    .meta({ id: 'Problem', description: 'What went wrong (RFC 9457).' }),
);

/** Codes that any endpoint may answer with, and when. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  'bad-request': 'a parameter or the body is not as it must be',
  'sign-in-needed': 'neither a session nor a token',
  'role-refused': 'the role of who asks does not do',
  'too-many-requests': 'as many are under way as may be: try again',
  'not-running': 'the gluewall behind the console does not answer: try again',
};

const nothing = z.strictObject({});
type Nothing = typeof nothing;

export interface Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
}

interface EndpointWords<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Relative to /api/v1. */
  readonly path: string;
  readonly subject: Subject;
  readonly summary: string;
  readonly description?: string;
  /** The least role that may; undefined: everybody, signed in or not. */
  readonly role: Role | undefined;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly headers?: z.ZodObject;
  /** A body that would be accepted. */
  readonly bodyExample?: z.input<B>;
  /** Of the answer; undefined when it has no body. */
  readonly answer: z.ZodType | undefined;
  readonly example?: unknown;
  /** 200 when left out. */
  readonly status?: 200 | 201 | 204;
  readonly mediaType?: string;
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** Codes of refusals besides those that any endpoint may have, and when they come. */
  readonly problems?: Readonly<Record<string, string>>;
}

/** Adds an endpoint, with its documentation; the handler is given what was read by the schemas. */
export function addEndpoint<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = Nothing,
>(
  api: ApiApp,
  endpoint: EndpointWords<P, Q, B>,
  handle: (c: Context<ConsoleEnv>, input: Input<P, Q, B>) => Promise<Response>,
): void {
  const { params = nothing, query = nothing, body } = endpoint;
  const request = {
    params,
    query,
    ...(endpoint.headers === undefined ? {} : { headers: endpoint.headers }),
    ...(body === undefined ? {} : { body: bodyOf(body, endpoint.bodyExample) }),
  };
  const route = createRoute({ ...describe(endpoint), request });
  api.openapi(route, (c) => {
    const valid = (part: 'param' | 'query' | 'json') => c.req.valid(part as never) as unknown;
    const input = { params: valid('param'), query: valid('query'), body: body === undefined ? {} : valid('json') };
    return handle(c, input as Input<P, Q, B>);
  });
}

/** Documents an endpoint that others have added, without validators of its own. */
export function documentEndpoint(api: ApiApp, endpoint: EndpointWords<z.ZodObject, z.ZodObject, z.ZodType>): void {
  const { headers } = endpoint;
  api.openAPIRegistry.registerPath({ ...describe(endpoint), request: headers === undefined ? {} : { headers } });
}

function bodyOf(schema: z.ZodType, example: unknown) {
  return { required: true, content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } } };
}

function describe(endpoint: EndpointWords<z.ZodObject, z.ZodObject, z.ZodType>): RouteConfig {
  const { method, path, subject, summary, description, role, status = 200, answer, example } = endpoint;
  const { mediaType = 'application/json', answerHeaders = {} } = endpoint;
  const needs = role === undefined ? 'Open to everybody.' : `Needs the role ${role}.`;
  const content = { [mediaType]: { schema: answer ?? z.unknown(), ...(example === undefined ? {} : { example }) } };
  const headers = Object.entries(answerHeaders).map(([name, about]) => [
    name,
    { description: about, schema: { type: 'string' as const } },
  ]);
  return {
    method,
    path,
    tags: [subject],
    summary,
    description: [...(description === undefined ? [] : [description]), needs].join('\n\n'),
    ...(role === undefined ? { security: [] } : { 'x-role': role, security: [{ session: [] }, { token: [] }] }),
    responses: {
      [status]: {
        description: status === 204 ? 'done' : summary,
        ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
        ...(answer === undefined ? {} : { content }),
      },
      ...problemsOf({ ...EVERYWHERE, ...endpoint.problems }),
    },
  };
}

/** One response for each status: codes that share one are told in it. */
function problemsOf(problems: Readonly<Record<string, string>>): RouteConfig['responses'] {
  const byStatus = new Map<number, string[]>();
  for (const [code, when] of Object.entries(problems)) {
    const status = problemStatus(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${when}`]);
  }
  const content = { 'application/problem+json': { schema: problemDocument } };
  return Object.fromEntries([...byStatus].map(([status, told]) => [status, { description: told.join('; '), content }]));
}

/** The result of one request, as JSON. */
export async function giveOne(c: Context<ConsoleEnv>, request: ControlRequest, status: 200 | 201 = 200) {
  return c.body(JSON.stringify(await answerOne(c, request)), status, { 'Content-Type': 'application/json' });
}

/** The items of one request as a list, as JSON. */
export async function giveItems(c: Context<ConsoleEnv>, request: ControlRequest) {
  return c.body(JSON.stringify(await answerItems(c, request)), 200, { 'Content-Type': 'application/json' });
}

/** Carries out a request whose result tells nothing. */
export async function giveNothing(c: Context<ConsoleEnv>, request: ControlRequest) {
  await answerOne(c, request);
  return c.body(null, 204);
}
