/** What people ask about users, sessions and tokens, and how they sign in. */
import type { AccountBook } from '../accounts/account-book.ts';
import type { User } from '../accounts/account-record.ts';
import type { Change, ChangeQuery } from '../accounts/account-store.ts';
import { type Actor, mayAct, type Role, SOCKET_ACTOR } from '../accounts/actor.ts';
import type { WantedToken } from '../accounts/token-book.ts';
import { GluewallError } from '../core/errors.ts';
import {
  type ChangePage,
  type NewToken,
  type SavedViewView,
  type SessionView,
  type SetupLinkView,
  type TokenView,
  type UserView,
  viewChange,
  viewSavedView,
  viewSession,
  viewToken,
  viewUser,
} from './account-views.ts';
import { goodPassword, type SignInServices, signInServices } from './sign-in-services.ts';

export interface NewUser {
  readonly name: string;
  readonly role: Role;
  readonly password: string;
}

export interface UserChange {
  readonly name: string;
  readonly role?: Role | undefined;
  readonly password?: string | undefined;
}

/** What a token may do, for whom. */
export interface TokenHolder {
  readonly user: string;
  readonly role: Role;
  readonly name: string;
}

/** All throw GluewallError `accounts-away` while the store could not be read, and `no-accounts` where there are none to ask. */
export interface AccountServices extends SignInServices {
  /** His own; of all users for an administrator. */
  sessionList(actor: Actor): readonly SessionView[];
  /** Throws GluewallError `session-unknown`, also for that of another, but for an administrator. */
  sessionRevoke(id: string, actor: Actor): SessionView;
  setupLink(): SetupLinkView;
  setupState(): { readonly needed: boolean };
  userList(): readonly UserView[];
  /** Undefined when there is none. */
  userFind(name: string): UserView | undefined;
  /** Rejects with GluewallError `user-refused`, `password-refused`. */
  userAdd(wanted: NewUser): Promise<UserView>;
  /** Ends all his sessions and tokens. Rejects with GluewallError `user-unknown`, `user-refused`, `password-refused`. */
  userChange(change: UserChange): Promise<UserView>;
  /** Throws GluewallError `user-unknown`, `user-refused`. */
  userRemove(name: string): UserView;
  /** His own; of all users for an administrator. */
  tokenList(actor: Actor): readonly TokenView[];
  /** Throws GluewallError `token-exists`, or `role-refused` for more than he may himself. */
  tokenAdd(wanted: WantedToken, actor: Actor): NewToken;
  /** Throws GluewallError `token-unknown`, also for that of another, but for an administrator. */
  tokenRemove(id: string, actor: Actor): TokenView;
  /** Throws GluewallError `token-refused`. */
  tokenCheck(secret: string): TokenHolder;
  viewList(actor: Actor): readonly SavedViewView[];
  viewFind(name: string, actor: Actor): SavedViewView | undefined;
  /** Throws GluewallError `view-full`. */
  viewSave(view: Omit<SavedViewView, 'created'>, actor: Actor): SavedViewView;
  /** Throws GluewallError `view-unknown`. */
  viewRemove(name: string, actor: Actor): SavedViewView;
  changes(query: ChangeQuery): Promise<ChangePage>;
  /** Writes a line of the record of changes, by and by. */
  record(change: Omit<Change, 'atMs'>): void;
}

/** `given` is undefined where there are none; `consoleUrl` gives undefined where no console runs. */
export function accountServices(
  given: AccountBook | undefined,
  consoleUrl: () => string | undefined = () => undefined,
): AccountServices {
  const asked = () => {
    if (given === undefined)
      throw new GluewallError('no-accounts', 'accounts are asked of the gluewall that runs, or of its store');
    given.mustBeLoaded();
    return given;
  };
  return {
    ...signInServices(asked),
    ...userServices(asked),
    ...tokenServices(asked),
    ...viewServices(asked),
    sessionList(actor) {
      const { sessions, users } = asked();
      const wanted = sessions.list().filter(({ user }) => user === actor.user || mayAct(actor.role, 'admin'));
      return wanted.flatMap((session) => {
        const user = users.find(session.user);
        return user === undefined ? [] : [viewSession(session, user, sessions)];
      });
    },
    sessionRevoke(id, actor) {
      const { sessions, users } = asked();
      const session = sessions.get(id);
      const user = session === undefined ? undefined : users.find(session.user);
      if (session === undefined || user === undefined || !isOwnOrAdmin(session.user, actor))
        throw new GluewallError('session-unknown', 'there is no such session: it may have ended');
      sessions.revoke(session);
      return viewSession(session, user, sessions);
    },
    setupLink() {
      const { setupLinks, users } = asked();
      const { secret, expiresAtMs } = setupLinks.make();
      const expires = new Date(expiresAtMs).toISOString();
      return { secret, expires, isFurther: users.hasAdmin, url: consoleUrl() ?? null };
    },
    setupState: () => ({ needed: !asked().users.hasAdmin }),
    async changes(query) {
      const { rows, next } = await asked().changes.find(query);
      return { items: rows.map(viewChange), next: next === undefined ? null : `${next.atMs}.${next.id}` };
    },
    record: (change) => given?.changes.add(change),
  };
}

type UserServices = Pick<AccountServices, 'userList' | 'userFind' | 'userAdd' | 'userChange' | 'userRemove'>;

function userServices(asked: () => AccountBook): UserServices {
  const view = (user: User) => viewUser(user, asked().throttle.isSlowed(user.name));
  return {
    userList: () => asked().users.list().map(view),
    userFind(name) {
      const user = asked().users.find(name);
      return user === undefined ? undefined : view(user);
    },
    async userAdd({ name, role, password }) {
      const { users, passwords } = asked();
      // First what costs nothing.
      users.mustBeFree(name);
      return view(users.add(name, role, await passwords.hash(goodPassword(password, name))));
    },
    async userChange({ name, role, password }) {
      const book = asked();
      const { name: user } = book.users.get(name);
      const kept = password === undefined ? undefined : await book.passwords.hash(goodPassword(password, user));
      return view(
        book.changeUser(user, {
          ...(role === undefined ? {} : { role }),
          ...(kept === undefined ? {} : { password: kept }),
        }),
      );
    },
    userRemove: (name) => view(asked().removeUser(name)),
  };
}

type TokenServices = Pick<AccountServices, 'tokenList' | 'tokenAdd' | 'tokenRemove' | 'tokenCheck'>;

function tokenServices(asked: () => AccountBook): TokenServices {
  return {
    tokenList: (actor) =>
      asked()
        .tokens.list()
        .filter(({ user }) => isOwnOrAdmin(user, actor))
        .map(viewToken),
    tokenAdd(wanted, actor) {
      const { tokens, users } = asked();
      const { user } = actor;
      const role = roleOf(users, user);
      if (role === undefined || !mayAct(role, wanted.role))
        throw new GluewallError(
          'role-refused',
          `a token may do no more than who makes it: ${user} is ${role ?? 'no user'}, and no ${wanted.role}`,
        );
      const { token, secret } = tokens.add(user, wanted);
      return { ...viewToken(token), secret };
    },
    tokenRemove(id, actor) {
      const { tokens } = asked();
      const token = tokens.get(id);
      if (token === undefined || !isOwnOrAdmin(token.user, actor))
        throw new GluewallError('token-unknown', 'there is no such token (gluewall token list)');
      tokens.remove(token);
      return viewToken(token);
    },
    tokenCheck(secret) {
      const { tokens, users } = asked();
      const { user, role, name } = tokens.check(secret);
      const most = roleOf(users, user);
      if (most === undefined) throw new GluewallError('token-refused', 'the user of the token is gone');
      return { user, role: mayAct(most, role) ? role : most, name };
    },
  };
}

type ViewServices = Pick<AccountServices, 'viewList' | 'viewFind' | 'viewSave' | 'viewRemove'>;

function viewServices(asked: () => AccountBook): ViewServices {
  return {
    viewList: ({ user }) => asked().views.list(user).map(viewSavedView),
    viewFind(name, { user }) {
      const view = asked().views.find(user, name);
      return view === undefined ? undefined : viewSavedView(view);
    },
    viewSave: (view, { user }) => viewSavedView(asked().views.save(user, view)),
    viewRemove: (name, { user }) => viewSavedView(asked().views.remove(user, name)),
  };
}

/** What a user may; whoever had the control socket may everything, and so may a token that was made there. */
function roleOf(users: AccountBook['users'], name: string): Role | undefined {
  return name === SOCKET_ACTOR.user ? SOCKET_ACTOR.role : users.find(name)?.role;
}

function isOwnOrAdmin(user: string, actor: Actor): boolean {
  return user === actor.user || mayAct(actor.role, 'admin');
}
