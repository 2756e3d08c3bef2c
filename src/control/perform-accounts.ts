import type { Actor } from '../accounts/actor.ts';
import type { AccountServices } from '../services/account-services.ts';
import type { AccountRequest } from './account-requests.ts';
import type { Answer } from './answer.ts';

/** As `perform`, for requests about users, their sessions and tokens, and the record of changes. */
export async function* performOnAccounts(accounts: AccountServices, request: AccountRequest, actor: Actor): Answer {
  switch (request.operation) {
    case 'session open':
      return accounts.sessionOpen(request.user, request.password, request.from);
    case 'session open oidc': {
      const { issuer, subject, name, role, from } = request;
      return accounts.sessionOpenOidc({ issuer, subject, name, role }, from);
    }
    case 'session check':
      return accounts.sessionCheck(request.secret, request.peek === true);
    case 'session end':
      return accounts.sessionEnd(request.secret);
    case 'session list':
      return yield* listed(accounts.sessionList(actor));
    case 'session revoke':
      return accounts.sessionRevoke(request.id, actor);
    case 'setup link':
      return accounts.setupLink();
    case 'setup':
      return accounts.setUp(request.secret, request.user, request.password, request.from);
    case 'setup state':
      return accounts.setupState();
    case 'user list':
      return yield* listed(accounts.userList());
    case 'user add':
      return accounts.userAdd(request);
    case 'user change':
      return accounts.userChange(request);
    case 'user remove':
      return accounts.userRemove(request.name);
    case 'password change':
      return accounts.passwordChange(request.old, request.new, actor);
    case 'changes': {
      const { operation: _, since, until, by, of, subject, after, limit } = request;
      return accounts.changes({ sinceMs: since, untilMs: until, by, operation: of, subject, before: after, limit });
    }
    default:
      return yield* performOnOwnThings(accounts, request, actor);
  }
}

type OwnRequest = Extract<AccountRequest, { readonly operation: `token ${string}` | `view ${string}` }>;

async function* performOnOwnThings(accounts: AccountServices, request: OwnRequest, actor: Actor): Answer {
  switch (request.operation) {
    case 'token list':
      return yield* listed(accounts.tokenList(actor));
    case 'token add':
      return accounts.tokenAdd({ name: request.name, role: request.role, expiresAtMs: request.expires }, actor);
    case 'token remove':
      return accounts.tokenRemove(request.id, actor);
    case 'token check':
      return accounts.tokenCheck(request.secret);
    case 'view list':
      return yield* listed(accounts.viewList(actor));
    case 'view save': {
      const { name, page, search } = request;
      return accounts.viewSave({ name, page, search }, actor);
    }
    case 'view remove':
      return accounts.viewRemove(request.name, actor);
  }
}

async function* listed(items: readonly unknown[]): AsyncGenerator<unknown, { readonly count: number }, void> {
  yield* items;
  return { count: items.length };
}
