/** How people sign in: with a password, by an OpenID provider, or the first time by a set-up link. */
import type { AccountBook } from '../accounts/account-book.ts';
import type { User } from '../accounts/account-record.ts';
import type { Actor } from '../accounts/actor.ts';
import { passwordProblem } from '../accounts/passwords.ts';
import type { OidcClaims } from '../accounts/user-book.ts';
import { GluewallError } from '../core/errors.ts';
import { type OpenedSession, type SessionView, viewSession } from './account-views.ts';

export interface SignInServices {
  /** Rejects with GluewallError `sign-in-refused`, `sign-in-throttled`. */
  sessionOpen(user: string, password: string, from: string): Promise<OpenedSession>;
  /** Who the provider says it is. Throws GluewallError `user-refused` where his name is that of a local user. */
  sessionOpenOidc(claims: OidcClaims, from: string): OpenedSession;
  /** Throws GluewallError `session-ended`. */
  sessionCheck(secret: string, isPeek: boolean): SessionView;
  /** Null when it has ended before. */
  sessionEnd(secret: string): { readonly ended: SessionView | null };
  /** Makes an administrator by a set-up link and signs him in. Rejects with GluewallError `setup-refused`, `user-refused`, `password-refused`. */
  setUp(secret: string, user: string, password: string, from: string): Promise<OpenedSession>;
  /** Ends all his sessions and tokens. Rejects with GluewallError `sign-in-refused`, `sign-in-throttled`, `password-refused`. */
  passwordChange(old: string, wanted: string, actor: Actor): Promise<{ readonly user: string }>;
}

export function signInServices(asked: () => AccountBook): SignInServices {
  return {
    async sessionOpen(name, password, from) {
      const book = asked();
      return opened(book, await provenUser(book, name, password, from), from);
    },
    sessionOpenOidc(claims, from) {
      const book = asked();
      const { user, before } = book.users.fromOidc(claims);
      if (before !== undefined && before.role !== user.role) book.endAllOf(user.name);
      return opened(book, user, from);
    },
    sessionCheck(secret, isPeek) {
      const { sessions, users } = asked();
      const session = sessions.check(secret, isPeek);
      const user = users.find(session.user);
      if (user === undefined) throw new GluewallError('session-ended', 'the user of the session is gone');
      return viewSession(session, user, sessions);
    },
    sessionEnd(secret) {
      const { sessions, users } = asked();
      const session = sessions.end(secret);
      const user = session === undefined ? undefined : users.find(session.user);
      if (session === undefined || user === undefined) return { ended: null };
      return { ended: viewSession(session, user, sessions) };
    },
    async setUp(secret, name, password, from) {
      const book = asked();
      const { setupLinks, throttle, users, passwords } = book;
      mustNotWait(throttle.waitMs('', from, true));
      throttle.began('', from);
      mustHold(setupLinks.find(secret) !== undefined);
      throttle.succeeded('', from);
      users.mustBeFree(name);
      const kept = await passwords.hash(goodPassword(password, name));
      // Somebody else may have used it meanwhile.
      mustHold(setupLinks.find(secret) !== undefined);
      const user = users.add(name, 'admin', kept);
      setupLinks.use();
      return opened(book, user, from);
    },
    async passwordChange(old, wanted, actor) {
      const book = asked();
      const user = await provenUser(book, actor.user, old, actor.from);
      const kept = await book.passwords.hash(goodPassword(wanted, user.name));
      // An administrator may have changed it meanwhile: then the old one is none any more.
      if (book.users.find(user.name)?.password !== user.password) throw wrong();
      book.changeUser(user.name, { password: kept });
      return { user: user.name };
    },
  };
}

/** The user of that name, if it is his password. Rejects with GluewallError `sign-in-refused`, `sign-in-throttled`. */
async function provenUser(book: AccountBook, name: string, password: string, from: string): Promise<User> {
  const { users, throttle, passwords } = book;
  const user = users.find(name);
  const key = name.toLowerCase();
  mustNotWait(throttle.waitMs(key, from, user?.places.includes(from) === true));
  throttle.began(key, from);
  const isRight = await passwords.isRight(password, user?.password).catch((error: unknown) => {
    throttle.dropped(key, from);
    throw error;
  });
  const now = users.find(name);
  if (!isRight || now?.password === undefined || now.password !== user?.password) throw wrong();
  throttle.succeeded(key, from);
  if (!passwords.isOutdated(now.password)) return now;
  const rekept = await passwords.hash(password);
  const held = users.find(name);
  if (held === undefined || held.password !== now.password) throw wrong();
  users.rekept(held, rekept);
  return users.get(name);
}

function opened({ users, sessions }: AccountBook, user: User, from: string): OpenedSession {
  users.signedIn(user.name, from);
  const { session, secret } = sessions.open(user.name, from);
  return { ...viewSession(session, user, sessions), secret };
}

function mustNotWait(waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1000);
  const length = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
  throw new GluewallError('sign-in-throttled', `too many attempts have failed: try again in ${length}`);
}

function mustHold(isGood: boolean): void {
  if (isGood) return;
  const remedy = '`gluewall console setup-link` makes a new one';
  throw new GluewallError('setup-refused', `the set-up link is used, or older than a day: ${remedy}`);
}

/** Not which of the two is wrong: that would tell who there is. */
function wrong(): GluewallError {
  return new GluewallError('sign-in-refused', 'there is no such user, or that is not the password');
}

/** The password, if it may be one. Throws GluewallError `password-refused`. */
export function goodPassword(password: string, user: string): string {
  const problem = passwordProblem(password, user);
  if (problem === undefined) return password;
  throw new GluewallError('password-refused', problem);
}
