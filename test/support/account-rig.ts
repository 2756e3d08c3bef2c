import { AccountBook } from '../../src/accounts/account-book.ts';
import type { AccountStore } from '../../src/accounts/account-store.ts';
import type { Actor, Role } from '../../src/accounts/actor.ts';
import type { SessionLimits } from '../../src/accounts/session-book.ts';
import type { Log } from '../../src/core/log.ts';
import { silentLog } from '../../src/core/log.ts';
import { type AccountServices, accountServices } from '../../src/services/account-services.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Cheap to make: what it costs to guess is none of what these tests are about. */
export const CHEAP = { ln: 4, r: 8, p: 1 };
export const PASSWORD = 'nine green parrots';
export const HERE = '192.0.2.10';

export interface AccountRig {
  readonly clock: VirtualClock;
  readonly store: AccountStore;
  readonly book: AccountBook;
  readonly services: AccountServices;
}

/** Accounts over a store, in a world whose time stands still. */
export async function accountRig({
  clock = new VirtualClock(),
  store = new MemoryStore({ events: 10 }) as AccountStore,
  log = silentLog as Log,
  limits = undefined as (() => SessionLimits) | undefined,
} = {}): Promise<AccountRig> {
  const book = new AccountBook({ clock, log, store, cost: CHEAP, ...(limits === undefined ? {} : { limits }) });
  await book.load();
  return { clock, store, book, services: accountServices(book) };
}

export function actor(user: string, role: Role, token?: string): Actor {
  return { user, role, from: HERE, token };
}
