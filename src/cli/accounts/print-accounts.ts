/** Users, tokens and changes for a person, as lines. */
import type { ChangeView, NewToken, TokenView, UserView } from '../../services/account-views.ts';

export function printUser({ name, role, origin, created, lastSignIn, isLocked }: UserView): string[] {
  const from = origin === 'oidc' ? '  by OpenID' : '';
  const last = lastSignIn === null ? 'never signed in' : `last signed in ${lastSignIn}`;
  const slowed = isLocked ? '  many attempts fail: strangers must wait' : '';
  return [`${name}  ${role}${from}  since ${created}  ${last}${slowed}`];
}

export function printToken({ id, name, user, role, created, expires, lastUsed }: TokenView): string[] {
  const end = expires === null ? 'does not expire' : `until ${expires}`;
  const last = lastUsed === null ? 'never used' : `last used ${lastUsed}`;
  return [`${id}  ${name}  ${role}  of ${user}  since ${created}  ${end}  ${last}`];
}

/** The secret on a line of its own, so that it can be cut out. */
export function printNewToken(token: NewToken): string[] {
  return [token.secret, 'it is shown this once: a program sends it as `Authorization: Bearer …`', ...printToken(token)];
}

export function printChange({ at, by, token, from, operation, subject, before, after, refused }: ChangeView): string[] {
  const who = token === null ? by : `${by} by the token ${token}`;
  const where = from === by ? '' : ` from ${from}`;
  const what = subject === '' ? operation : `${operation} ${subject}`;
  const rows = [`${at}  ${who}${where}  ${what}${refused === null ? '' : `  refused: ${refused}`}`];
  if (before !== null) rows.push(`  before ${before}`);
  if (after !== null) rows.push(`  after  ${after}`);
  return rows;
}
