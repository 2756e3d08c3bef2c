import type { Connection } from 'mariadb';
import { GluewallError } from '../../core/errors.ts';
import { connectMariadb, type MariadbAccess } from '../mariadb-connection.ts';
import { mariadbError } from '../mariadb-errors.ts';
import { formatMariadbPlace } from '../mariadb-place.ts';
import { type StoreAction, storeClosed } from '../store-errors.ts';

/** What makes an operation worth being done again from its beginning. */
const AGAIN_NUMBERS: ReadonlySet<number> = new Set([
  1020, // a record has changed since it was read
  1062, // a row was added by another meanwhile
  1205, // a lock was waited for too long
  1213, // a deadlock
  1495, // a partition for the same day was made by another
  1517, // the same, by its name
  1526, // a partition was taken away by another
]);
const MAX_ATTEMPTS = 8;
/** After the end of a connection, what was asked of it is rejected within this time; or never, and is then given up. */
const END_LIMIT_MS = 1000;

/** A connection and what is asked of it, one operation at a time. Connects when it is asked and has no connection. */
export class MariadbLane {
  readonly #access: MariadbAccess;
  readonly #place: string;
  readonly #session: string;
  readonly #failed: () => void;
  #connection: Connection | undefined;
  /** Rejects when the connection has ended. */
  #ended: Promise<never> = new Promise(() => {});
  #tail: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** `session` is run on each new connection; `failed` is called whenever something has failed. */
  constructor(access: MariadbAccess, session: string, failed: () => void) {
    this.#access = access;
    this.#place = formatMariadbPlace(access.place);
    this.#session = session;
    this.#failed = failed;
  }

  /**
   * Does the operation when those before are done. What it began on the connection is undone when it fails; it is done again, on
   * a new connection, when the one that was there has broken, and when it was in the way of another. Rejects with GluewallErrors
   * `store-…`.
   */
  do<T>(action: StoreAction, operation: (connection: Connection) => Promise<T>): Promise<T> {
    const done = this.#tail.then(() => this.#do(action, operation));
    this.#tail = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Waits for what is being done. Safe twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#tail;
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.end().catch(() => connection.destroy());
  }

  async #do<T>(action: StoreAction, operation: (connection: Connection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#isClosed) throw storeClosed(this.#place, 'it was closed before');
      const wasConnected = this.#connection !== undefined;
      try {
        this.#connection ??= await this.#connect();
        return await Promise.race([operation(this.#connection), this.#ended]);
      } catch (cause) {
        this.#failed();
        const error = mariadbError(cause, this.#place, action);
        const isInTheWay = AGAIN_NUMBERS.has((cause as { readonly errno?: number }).errno ?? 0);
        // What we refuse ourselves says nothing of the connection.
        const isUndone = (isInTheWay || cause instanceof GluewallError) && (await this.#undo());
        if (!isUndone) this.#giveUp();
        const isWorthIt = isInTheWay || (wasConnected && error.code === 'store-away');
        if (!isWorthIt || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  async #connect(): Promise<Connection> {
    const connection = await connectMariadb(this.#access);
    try {
      this.#ended = endOf(connection);
      await Promise.race([connection.query(this.#session), this.#ended]);
      return connection;
    } catch (cause) {
      connection.destroy();
      throw cause;
    }
  }

  async #undo(): Promise<boolean> {
    try {
      await this.#connection?.query('ROLLBACK');
      return true;
    } catch {
      return false;
    }
  }

  #giveUp(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }
}

function endOf(connection: Connection): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error('the connection has ended'), { code: 'ECONNRESET' });
    connection.once('end', () => setTimeout(() => reject(error), END_LIMIT_MS).unref());
  });
  // Nobody may be waiting for it.
  ended.catch(() => {});
  return ended;
}
