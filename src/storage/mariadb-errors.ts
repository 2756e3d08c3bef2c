import { GluewallError } from '../core/errors.ts';
import type { StoreAction } from './store-errors.ts';

/** What the connector says of an error, as far as it is there. */
interface ConnectorError {
  readonly errno?: number;
  readonly code?: string;
  readonly sqlState?: string;
  readonly sqlMessage?: string | null;
}

/** Numbers of the server's errors (MariaDB error codes). */
const ACCESS_NUMBERS: readonly number[] = [1045, 1698];
/** Known to the server, and not allowed to do that. */
const DENIED_NUMBERS: readonly number[] = [1044, 1142, 1143, 1227];
const GRANTS = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP';
const UNKNOWN_DATABASE = 1049;
const NO_ROOM_NUMBERS: readonly number[] = [3, 20, 28, 1021, 1026, 1114];
const STORAGE_ENGINE_ERROR = 1030;
/** As the server and the connector have it: SQLSTATE 08S01 as if the server were away, but it will never take that. */
const PACKET_TOO_LARGE_NUMBERS: readonly number[] = [1153, 45_046];
const READ_ONLY_NUMBERS: readonly number[] = [1290, 1836];
/** Too many connections, a server that is going down, a connection that was killed. */
const AWAY_NUMBERS: readonly number[] = [1040, 1053, 1152, 1203, 1226, 1927];
/** The connector's own numbers: sockets, time limits, handshakes. */
const FIRST_CLIENT_NUMBER = 45_000;
const NO_SPACE = /no space|\b28\b|disk full/i;

/** The error for an operator, from what the connector threw. What it quotes of SQL and values is left out. */
export function mariadbError(cause: unknown, place: string, action: StoreAction): GluewallError {
  if (cause instanceof GluewallError) return cause;
  const { errno = 0, code = '', sqlState = '', sqlMessage } = cause as ConnectorError;
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = sqlMessage ?? message.split('\n', 1)[0]!;
  const say = (what: string, remedy: string) => `the store, ${place}, ${what}: ${reason}; ${remedy}`;
  if (ACCESS_NUMBERS.includes(errno)) {
    return new GluewallError(
      'store-access',
      say('refuses us', 'see user and password (store.password_file) and what was granted'),
    );
  }
  if (DENIED_NUMBERS.includes(errno)) {
    return new GluewallError('store-access', say('refuses us', `GRANT ${GRANTS} on all of the database`));
  }
  if (errno === UNKNOWN_DATABASE)
    return new GluewallError('store-missing', say('is not there', 'make it with CREATE DATABASE'));
  const isFull = NO_ROOM_NUMBERS.includes(errno) || (errno === STORAGE_ENGINE_ERROR && NO_SPACE.test(reason));
  if (isFull) return new GluewallError('store-write', say('has no room', 'make room on the disk of the server'));
  if (READ_ONLY_NUMBERS.includes(errno))
    return new GluewallError('store-readonly', say('is read-only', 'ask a server that takes writes'));
  if (PACKET_TOO_LARGE_NUMBERS.includes(errno))
    return new GluewallError('store-rows', say('refuses rows', 'they are left out; raise its max_allowed_packet'));
  const isAway =
    AWAY_NUMBERS.includes(errno) || errno >= FIRST_CLIENT_NUMBER || /^E[A-Z]+$/.test(code) || sqlState.startsWith('08');
  if (isAway)
    return new GluewallError(
      'store-away',
      say('cannot be reached', 'see that the server runs and that store.url is right'),
    );
  if (/^2[23]/.test(sqlState)) {
    return new GluewallError('store-rows', say('refuses rows', 'they are left out; please report this'));
  }
  if (action === 'read') return new GluewallError('store-read', say('cannot be read', 'see the log of the server'));
  return new GluewallError('store-write', say('cannot be written', 'see the log of the server'));
}
