import { AccountBook } from '../accounts/account-book.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';

/** The accounts of a configuration, as it is at each time: a session ends by the limits that hold then. */
export function buildAccounts(config: () => Config, store: AccountStore, clock: Clock, log: Log): AccountBook {
  const limits = () => {
    const { idle: idleMs, absolute: absoluteMs } = config().console.session;
    return { idleMs, absoluteMs };
  };
  return new AccountBook({ clock, log, store, limits });
}
