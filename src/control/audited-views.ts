/** What the record of changes says of an operation: who, what it was done to, what was so before, and after. */
import { type Actor, SOCKET_ACTOR } from '../accounts/actor.ts';
import { GluewallError } from '../core/errors.ts';
import { formatHost } from '../services/quarantine-services.ts';
import type { NodeServices, Services } from '../services/services.ts';
import type { ParsedRequest } from './protocol.ts';

/** An attempt to sign in that failed is of nobody that is known. */
const NOBODY = 'sign-in';
/** Fields by which a request says what it is about; the first that it has. */
const SUBJECTS = ['id', 'finding', 'case', 'entry', 'group', 'user', 'name'] as const;

interface Who {
  readonly by: string;
  readonly token: string | undefined;
  readonly from: string;
}

/** Who signs in is known when he is in; `from` is then where he did. */
export function whoActed(actor: Actor, request: ParsedRequest, result: unknown): Who {
  const { user: by, token, from } = actor;
  if (actor !== SOCKET_ACTOR) return { by, token, from };
  switch (request.operation) {
    case 'session open':
    case 'session open oidc':
    case 'setup':
      return { by: textOf(result, 'user') ?? NOBODY, token, from: request.from };
    case 'session end': {
      const ended = fieldOf(result, 'ended');
      return { by: textOf(ended, 'user') ?? by, token, from: textOf(ended, 'from') ?? from };
    }
    default:
      return { by, token, from };
  }
}

/** What it was done to, as text. */
export function whomItIsAbout(request: ParsedRequest, actor: Actor, result: unknown): string {
  switch (request.operation) {
    case 'quarantine':
    case 'quarantine end':
      return request.host === undefined ? 'all' : formatHost(request.host);
    case 'bypass':
    case 'bypass end':
      return request.group ?? 'all';
    case 'rule add':
    case 'allow remove':
      return textOf(fieldOf(result, 'rule'), 'id') ?? '';
    case 'traceback request':
    case 'token add':
      return textOf(result, 'id') ?? '';
    case 'session end':
      return textOf(fieldOf(result, 'ended'), 'id') ?? '';
    case 'inbox acknowledge':
    case 'inbox escalate':
    case 'inbox reopen':
      return request.entries.join(' ');
    case 'inbox undo':
      return request.steps.map(({ id }) => id).join(' ');
    case 'password change':
      return actor.user;
    default: {
      const fields = request as Readonly<Record<string, unknown>>;
      const subject = SUBJECTS.map((field) => fields[field]).find((value) => value !== undefined);
      return typeof subject === 'string' || typeof subject === 'number' ? String(subject) : '';
    }
  }
}

/** What was so before, where it is to be had in this turn; undefined where there was nothing, or nothing can be told. */
export async function whatWas(
  services: Services | NodeServices,
  request: ParsedRequest,
  actor: Actor,
): Promise<unknown> {
  if ('hasGate' in services) return undefined;
  switch (request.operation) {
    case 'rule change':
      return found(() => services.ruleShow(request.id));
    case 'bypass':
      return itemOf(services.bypassList(), ({ group }) => group === (request.group ?? null));
    case 'quarantine': {
      const host = formatHost(request.host);
      return itemOf(services.quarantineList(), (one) => one.host === host);
    }
    case 'user change':
      return found(() => services.accounts.userFind(request.name));
    case 'view save':
      return found(() => services.accounts.viewFind(request.name, actor));
    case 'findings acknowledge':
    case 'findings escalate':
    case 'findings close':
    case 'findings reopen':
      return found(() => stateOf(services.findings.show(request.finding)));
    default:
      return undefined;
  }
}

/** What was so before, as the result says it. */
export function whatWasIn(request: ParsedRequest, result: unknown): unknown {
  switch (request.operation) {
    case 'rule remove':
    case 'allow remove':
      return fieldOf(result, 'outcome') === 'removed' ? fieldOf(result, 'rule') : undefined;
    case 'inbox acknowledge':
    case 'inbox escalate':
    case 'inbox reopen':
      return fieldOf(result, 'undo');
    case 'bypass end':
    case 'quarantine end':
    case 'session end':
      return fieldOf(result, 'ended');
    case 'session revoke':
    case 'token remove':
    case 'user remove':
    case 'view remove':
      return result;
    default:
      return undefined;
  }
}

/** What is so now. */
export function whatIs(request: ParsedRequest, result: unknown): unknown {
  switch (request.operation) {
    case 'rule remove':
    case 'allow remove':
    case 'bypass end':
    case 'quarantine end':
    case 'session end':
    case 'session revoke':
    case 'token remove':
    case 'user remove':
    case 'view remove':
    // What was handed out is for whoever asked alone.
    case 'traceback export':
      return undefined;
    case 'rule add':
    case 'rule change':
      return { outcome: fieldOf(result, 'outcome'), ...(fieldOf(result, 'rule') as object | undefined) };
    case 'user change':
      return { ...(result as object), ...(request.password === undefined ? {} : { password: 'changed' }) };
    case 'password change':
      return { password: 'changed' };
    case 'session open':
    case 'session open oidc':
    case 'setup':
      return { session: fieldOf(result, 'id'), role: fieldOf(result, 'role') };
    case 'traceback request':
    case 'findings trace':
      return { case: fieldOf(result, 'id') };
    case 'traceback close':
      return { reason: request.reason };
    case 'findings comment':
    case 'inbox comment':
      return { text: request.text };
    case 'findings acknowledge':
    case 'findings escalate':
    case 'findings close':
    case 'findings reopen':
      return stateOf(fieldOf(result, 'finding'));
    case 'inbox acknowledge':
    case 'inbox escalate':
    case 'inbox reopen':
    case 'inbox undo':
      return entryStates(fieldOf(result, 'changed'));
    default:
      return result;
  }
}

/** Of a finding, what an operation can change. */
function stateOf(finding: unknown): unknown {
  return { state: fieldOf(finding, 'state'), closed: fieldOf(finding, 'closed') ?? undefined };
}

function entryStates(entries: unknown): unknown {
  if (!Array.isArray(entries)) return undefined;
  return entries.map((entry) => ({
    id: fieldOf(entry, 'id'),
    state: fieldOf(entry, 'state'),
    until: fieldOf(entry, 'until'),
  }));
}

/** What there is, or undefined: what is refused is told by whoever carries it out. */
function found(find: () => unknown): unknown {
  try {
    return find();
  } catch (error) {
    if (error instanceof GluewallError) return undefined;
    throw error;
  }
}

async function itemOf<T>(items: AsyncIterable<T>, isMeant: (item: T) => boolean): Promise<T | undefined> {
  try {
    for await (const item of items) if (isMeant(item)) return item;
  } catch (error) {
    if (!(error instanceof GluewallError)) throw error;
  }
  return undefined;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}

function textOf(value: unknown, field: string): string | undefined {
  const text = fieldOf(value, field);
  return typeof text === 'string' ? text : undefined;
}
