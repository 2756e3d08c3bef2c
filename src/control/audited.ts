import { type Actor, mayAct, SOCKET_ACTOR } from '../accounts/actor.ts';
import { changeText } from '../accounts/change-log.ts';
import { GluewallError } from '../core/errors.ts';
import type { NodeServices, Services } from '../services/services.ts';
import type { Answer } from './answer.ts';
import { whatIs, whatWas, whatWasIn, whoActed, whomItIsAbout } from './audited-views.ts';
import type { ControlLine } from './control-line.ts';
import { OPERATION_RULES } from './operation-roles.ts';
import { perform } from './perform.ts';
import type { ParsedRequest } from './protocol.ts';

/** What an answer was that nobody waited for. */
const GONE = 'gone';

/**
 * Carries out a line as `perform` does, if its actor may, and records it if it changes something: also what was refused, and
 * what nobody waited for. The record is written by itself: what is done is not held up by it. Throws GluewallError
 * `role-refused`, and what `perform` throws.
 */
export async function* performAudited(
  services: Services | NodeServices,
  { actor, request: given }: ControlLine,
  signal: AbortSignal,
  gone?: AbortSignal,
): Answer {
  const request = ownedBy(actor, given);
  if (!isChange(request)) {
    mustBeAllowed(actor, request);
    return yield* perform(services, request, signal, gone, actor);
  }
  let before: unknown;
  let result: unknown;
  let refused = GONE;
  try {
    mustBeAllowed(actor, request);
    before = await whatWas(services, request, actor);
    result = yield* perform(services, request, signal, gone, actor);
    refused = '';
    return result;
  } catch (error) {
    refused = error instanceof GluewallError ? error.code : 'internal';
    throw error;
  } finally {
    const isDone = refused === '';
    if (!('hasGate' in services))
      services.accounts.record({
        ...whoActed(actor, request, result),
        operation: request.operation,
        subject: whomItIsAbout(request, actor, result),
        before: isDone ? changeText(before ?? whatWasIn(request, result)) : undefined,
        after: isDone ? changeText(whatIs(request, result)) : undefined,
        refused,
      });
  }
}

/** A trial of a reload changes nothing. */
function isChange(request: ParsedRequest): boolean {
  return OPERATION_RULES[request.operation].changes && !(request.operation === 'reload' && request.isTrial);
}

/** On the control socket a program says who types there; for an actor it is he, whatever is said. */
function ownedBy(actor: Actor, request: ParsedRequest): ParsedRequest {
  return actor === SOCKET_ACTOR || !('owner' in request) ? request : { ...request, owner: actor.user };
}

/** Throws GluewallError `role-refused`. */
function mustBeAllowed(actor: Actor, { operation }: ParsedRequest): void {
  const { role, byToken } = OPERATION_RULES[operation];
  if (role === 'socket') {
    if (actor === SOCKET_ACTOR) return;
    throw refusal(`"${operation}" is for the control socket alone`);
  }
  const who = actor.token === undefined ? actor.user : `the token ${actor.token}`;
  if (!mayAct(actor.role, role)) throw refusal(`"${operation}" needs the role ${role}; ${who} is ${actor.role}`);
  if (actor.token !== undefined && !byToken)
    throw refusal(`"${operation}" is not for tokens: a person does it, signed in to the console`);
}

function refusal(why: string): GluewallError {
  return new GluewallError('role-refused', why);
}
