import type { TimeSource } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import { MAX_PLACES, type User } from './account-record.ts';
import { RESERVED_NAMES, type Role } from './actor.ts';
import type { RecordTable } from './record-table.ts';

const MOST_USERS = 1000;
const LOCAL_NAME = /^[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?$/;

/** What an OpenID provider says of who signs in. */
export interface OidcClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
}

/** Who may sign in. Names have no case; each change replaces the record as a whole. */
export class UserBook {
  readonly #table: RecordTable<'user'>;
  readonly #clock: TimeSource;

  constructor(table: RecordTable<'user'>, clock: TimeSource) {
    this.#table = table;
    this.#clock = clock;
  }

  get hasAdmin(): boolean {
    return this.#table.all().some(({ role }) => role === 'admin');
  }

  /** By their names. */
  list(): readonly User[] {
    return this.#table.all().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): User | undefined {
    return this.#table.get(name.toLowerCase());
  }

  /** Throws GluewallError `user-unknown`. */
  get(name: string): User {
    const user = this.find(name);
    if (user !== undefined) return user;
    throw new GluewallError('user-unknown', `there is no user ${printable(name)} (gluewall user list)`);
  }

  /** Throws GluewallError `user-refused` when there can be no user of that name, or is one. */
  mustBeFree(name: string): void {
    const plain = name.toLowerCase();
    if (!LOCAL_NAME.test(plain))
      throw refused(
        `"${printable(name)}" can be no user: want letters a to z, digits and inside also . _ @ -, at most 64`,
      );
    if (RESERVED_NAMES.includes(plain)) throw refused(`${plain} means something else in the record of changes`);
    if (this.find(plain) !== undefined) throw refused(`there is a user ${plain} already`);
    if (this.#table.size >= MOST_USERS) throw refused(`there are ${MOST_USERS} users already: remove some first`);
  }

  /** `password` is what is kept of it. Throws as `mustBeFree`. */
  add(name: string, role: Role, password: string): User {
    this.mustBeFree(name);
    return this.#put({ name: name.toLowerCase(), role, password, createdAtMs: this.#now(), places: [] });
  }

  /** Throws GluewallError `user-unknown`, or `user-refused` for the last administrator and for who has his role from elsewhere. */
  change(name: string, { role, password }: { readonly role?: Role; readonly password?: string }): User {
    const user = this.get(name);
    if (user.oidc !== undefined)
      throw refused(`${user.name} comes from ${printable(user.oidc.issuer)}, and so do his role and password`);
    if (role !== undefined && role !== 'admin') this.#mustNotBeLast(user);
    return this.#put({
      ...user,
      role: role ?? user.role,
      ...(password === undefined ? {} : { password, places: [] }),
    });
  }

  /** The same password, kept in another form. */
  rekept(user: User, password: string): void {
    this.#put({ ...user, password });
  }

  /** Throws GluewallError `user-unknown`, or `user-refused` for the last administrator. */
  remove(name: string): User {
    const user = this.get(name);
    this.#mustNotBeLast(user);
    this.#table.delete(user.name);
    return user;
  }

  /** Takes up who was signed in elsewhere. Throws GluewallError `user-refused` when his name is that of another. */
  fromOidc({ issuer, subject, name, role }: OidcClaims): { readonly user: User; readonly before: User | undefined } {
    const before = this.#table.all().find(({ oidc }) => oidc?.issuer === issuer && oidc.subject === subject);
    if (before !== undefined) return { user: this.#put({ ...before, role }), before };
    this.mustBeFree(name);
    const oidc = { issuer, subject };
    const user = this.#put({ name: name.toLowerCase(), role, oidc, createdAtMs: this.#now(), places: [] });
    return { user, before };
  }

  /** Remembers when, and where from. */
  signedIn(name: string, from: string): void {
    const user = this.get(name);
    const places = [from, ...user.places.filter((place) => place !== from)].slice(0, MAX_PLACES);
    this.#put({ ...user, lastSignInAtMs: this.#now(), places });
  }

  #mustNotBeLast({ name, role }: User): void {
    const admins = this.#table.all().filter((one) => one.role === 'admin');
    if (role === 'admin' && admins.length === 1)
      throw refused(`${name} is the only administrator: make another one first`);
  }

  #put(user: User): User {
    this.#table.put(user);
    return user;
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs());
  }
}

function refused(why: string): GluewallError {
  return new GluewallError('user-refused', why);
}
