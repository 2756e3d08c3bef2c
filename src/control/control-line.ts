/** A line of the control socket: a request, or one with whom it is carried out for. */
import { z } from 'zod';
import { type Actor, ROLES, SOCKET_ACTOR } from '../accounts/actor.ts';
import { type ParsedRequest, parseRequest } from './protocol.ts';

const actor = z.strictObject({
  user: z.string().min(1).max(64),
  role: z.enum(ROLES),
  from: z.string().min(1).max(64),
  token: z.string().min(1).max(64).optional(),
});

export interface ControlLine {
  /** SOCKET_ACTOR itself where the line names nobody. */
  readonly actor: Actor;
  readonly request: ParsedRequest;
}

/** The request and who makes it, or what is wrong with the line. */
export function parseControlLine(text: string): ControlLine | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'a request is one JSON object on one line';
  }
  // A request may have an `as` of its own: it is its `operation` that a line for somebody has not.
  if (!isForSomebody(json)) return withActor(SOCKET_ACTOR, parseRequest(json));
  const { as, request, ...rest } = json;
  const [stray] = Object.keys(rest);
  if (stray !== undefined) return `a line for somebody has \`as\` and \`request\`, and no \`${stray.slice(0, 64)}\``;
  const parsed = actor.safeParse(as);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${['as', ...path].join('.')}: ${message}`).join('; ');
  return withActor({ ...parsed.data, token: parsed.data.token }, parseRequest(request));
}

function isForSomebody(json: unknown): json is Readonly<Record<string, unknown>> {
  return (
    typeof json === 'object' &&
    json !== null &&
    !Object.hasOwn(json, 'operation') &&
    (Object.hasOwn(json, 'as') || Object.hasOwn(json, 'request'))
  );
}

function withActor(who: Actor, request: ParsedRequest | string): ControlLine | string {
  return typeof request === 'string' ? request : { actor: who, request };
}
