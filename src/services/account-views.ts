/** Users, sessions, tokens and changes as people and programs see them; never with what they are kept secret by. */
import type { SavedView, Session, Token, User } from '../accounts/account-record.ts';
import type { Change } from '../accounts/account-store.ts';
import type { Role } from '../accounts/actor.ts';
import type { SessionBook } from '../accounts/session-book.ts';
import { formatInstant } from './instant.ts';

export interface SessionView {
  readonly id: string;
  readonly user: string;
  readonly role: Role;
  readonly origin: 'local' | 'oidc';
  /** The address it was opened from. */
  readonly from: string;
  readonly started: string;
  readonly lastUsed: string;
  /** At the latest. */
  readonly ends: string;
  /** If it is not used. */
  readonly idleEnds: string;
}

/** `secret` is what the browser keeps; it is said once. */
export interface OpenedSession extends SessionView {
  readonly secret: string;
}

export interface UserView {
  readonly name: string;
  readonly role: Role;
  readonly origin: 'local' | 'oidc';
  readonly created: string;
  readonly lastSignIn: string | null;
  /** So many have failed to sign in as him that strangers must wait now. */
  readonly isLocked: boolean;
}

export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly role: Role;
  readonly created: string;
  /** Null when it does not expire. */
  readonly expires: string | null;
  readonly lastUsed: string | null;
}

/** `secret` is said once. */
export interface NewToken extends TokenView {
  readonly secret: string;
}

export interface SavedViewView {
  readonly name: string;
  readonly page: 'inbox' | 'events';
  readonly search: string;
  readonly created: string;
}

export interface SetupLinkView {
  readonly secret: string;
  readonly expires: string;
  /** There is an administrator already: it makes one more. */
  readonly isFurther: boolean;
  /** Where the console is: the link is `URL/set-up#SECRET`; null where none runs. */
  readonly url: string | null;
}

/** One line of the record of changes. */
export interface ChangeView {
  readonly id: number;
  readonly at: string;
  readonly by: string;
  readonly token: string | null;
  readonly from: string;
  readonly operation: string;
  readonly subject: string;
  /** JSON, as text. */
  readonly before: string | null;
  readonly after: string | null;
  /** The code of the refusal; null when it was done. */
  readonly refused: string | null;
}

export interface ChangePage {
  readonly items: readonly ChangeView[];
  /** What to go on after; null at the end. */
  readonly next: string | null;
}

export function viewSession(session: Session, user: User, sessions: SessionBook): SessionView {
  const { endsAtMs, idleEndsAtMs } = sessions.endsOf(session);
  return {
    id: session.id,
    user: user.name,
    role: user.role,
    origin: originOf(user),
    from: session.from,
    started: instant(session.startedAtMs),
    lastUsed: instant(session.lastAtMs),
    ends: instant(endsAtMs),
    idleEnds: instant(idleEndsAtMs),
  };
}

export function viewUser(user: User, isLocked: boolean): UserView {
  return {
    name: user.name,
    role: user.role,
    origin: originOf(user),
    created: instant(user.createdAtMs),
    lastSignIn: formatInstant(user.lastSignInAtMs ?? Number.POSITIVE_INFINITY),
    isLocked,
  };
}

export function viewToken(token: Token): TokenView {
  return {
    id: token.id,
    name: token.name,
    user: token.user,
    role: token.role,
    created: instant(token.createdAtMs),
    expires: formatInstant(token.expiresAtMs ?? Number.POSITIVE_INFINITY),
    lastUsed: formatInstant(token.lastUsedAtMs ?? Number.POSITIVE_INFINITY),
  };
}

export function viewSavedView({ name, page, search, createdAtMs }: SavedView): SavedViewView {
  return { name, page, search, created: instant(createdAtMs) };
}

export function viewChange(change: Change & { readonly id: number }): ChangeView {
  const { id, atMs, by, token, from, operation, subject, before, after, refused } = change;
  return {
    id,
    at: instant(atMs),
    by,
    token: token ?? null,
    from,
    operation,
    subject,
    before: before ?? null,
    after: after ?? null,
    refused: refused === '' ? null : refused,
  };
}

function originOf({ oidc }: User): 'local' | 'oidc' {
  return oidc === undefined ? 'local' : 'oidc';
}

/** Of what has a time for certain. */
function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
