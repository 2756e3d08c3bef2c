import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { readRecord, type User } from './account-record.ts';
import type { AccountStore, KeptRecord } from './account-store.ts';
import type { Role } from './actor.ts';
import { ChangeLog } from './change-log.ts';
import { Passwords, type ScryptCost } from './passwords.ts';
import { RecordSaver } from './record-saver.ts';
import { RecordTable } from './record-table.ts';
import type { RandomOctets } from './secrets.ts';
import { SessionBook, type SessionLimits } from './session-book.ts';
import { SetupLinks } from './setup-link.ts';
import { Throttle } from './throttle.ts';
import { TokenBook } from './token-book.ts';
import { UserBook } from './user-book.ts';
import { ViewBook } from './view-book.ts';

export interface AccountBookParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: AccountStore;
  /** By default that of the system. */
  readonly random?: RandomOctets;
  /** By default half an hour and half a day. */
  readonly limits?: () => SessionLimits;
  /** By default 128 MiB and some tenths of a second. */
  readonly cost?: ScryptCost;
}

/** Users and all that is theirs, in memory and behind it in a store, and the record of changes. */
export class AccountBook {
  readonly users: UserBook;
  readonly sessions: SessionBook;
  readonly tokens: TokenBook;
  readonly views: ViewBook;
  readonly setupLinks: SetupLinks;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly changes: ChangeLog;
  readonly #store: AccountStore;
  readonly #log: Log;
  readonly #saver: RecordSaver;
  readonly #userTable: RecordTable<'user'>;
  readonly #viewTable: RecordTable<'view'>;
  readonly #setupTable: RecordTable<'setup'>;
  #isLoaded = false;

  constructor({ clock, log, store, random = randomBytes, limits, cost }: AccountBookParts) {
    this.#store = store;
    this.#log = log;
    this.#saver = new RecordSaver({ clock, log, store });
    this.#userTable = new RecordTable('user', this.#saver);
    this.#viewTable = new RecordTable('view', this.#saver);
    this.#setupTable = new RecordTable('setup', this.#saver);
    this.users = new UserBook(this.#userTable, clock);
    this.sessions = new SessionBook(new RecordTable('session', this.#saver), clock, random, limits);
    this.tokens = new TokenBook(new RecordTable('token', this.#saver), clock, random);
    this.views = new ViewBook(this.#viewTable, clock, random);
    this.setupLinks = new SetupLinks(this.#setupTable, clock, random);
    this.passwords = new Passwords(random, cost);
    this.throttle = new Throttle(clock);
    this.changes = new ChangeLog({ clock, log, store });
  }

  /** Takes up what the store holds; until then nobody signs in, and nothing is changed. Rejects as the store does. Safe twice. */
  async load(): Promise<void> {
    if (this.#isLoaded) return;
    const records = await this.#store.loadRecords();
    let unreadable = 0;
    for (const record of records) if (!this.#restore(record)) unreadable++;
    this.#isLoaded = true;
    if (unreadable === 0) return;
    const what = `${unreadable} records of accounts make no sense and are left out`;
    this.#log.warn({ unreadable }, `${what}: see \`gluewall user list\``);
  }

  /** Throws GluewallError `accounts-away` while the store could not be read. */
  mustBeLoaded(): void {
    if (this.#isLoaded) return;
    throw new GluewallError('accounts-away', 'the store could not be read yet, so nobody is known; its log says why');
  }

  /** Changes a user; whoever is signed in as him is no more. Throws as `UserBook.change` does. */
  changeUser(name: string, change: { readonly role?: Role; readonly password?: string }): User {
    const user = this.users.change(name, change);
    this.endAllOf(user.name);
    return user;
  }

  /** Throws as `UserBook.remove` does. */
  removeUser(name: string): User {
    const user = this.users.remove(name);
    this.endAllOf(user.name);
    this.views.removeAllOf(user.name);
    return user;
  }

  /** Ends his sessions and tokens. */
  endAllOf(user: string): void {
    this.sessions.endAllOf(user);
    this.tokens.removeAllOf(user);
  }

  /** Whether all that was changed is written; what is not is tried again. */
  flush(): Promise<boolean> {
    return this.#saver.flush();
  }

  /** Writes what has changed, and nothing more after that. Safe twice. */
  async stop(): Promise<void> {
    await this.#saver.stop();
    await this.changes.stop();
  }

  #restore(record: KeptRecord): boolean {
    switch (record.kind) {
      case 'user':
        return restored(readRecord('user', record), (user) => this.#userTable.hold(user));
      case 'session':
        return restored(readRecord('session', record), (session) => this.sessions.restore(session));
      case 'token':
        return restored(readRecord('token', record), (token) => this.tokens.restore(token));
      case 'view':
        return restored(readRecord('view', record), (view) => this.#viewTable.hold(view));
      case 'setup':
        return restored(readRecord('setup', record), (link) => this.#setupTable.hold(link));
      default:
        return false;
    }
  }
}

function restored<T>(record: T | undefined, restore: (record: T) => void): boolean {
  if (record === undefined) return false;
  restore(record);
  return true;
}
