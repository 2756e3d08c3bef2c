import { isIPv4, isIPv6 } from 'node:net';
import { GluewallError } from '../core/errors.ts';
import { formatHostPort } from '../core/host-port.ts';

/** Where a MariaDB database is, and as whom to ask for it. */
export interface MariadbPlace {
  readonly host: string;
  readonly port: number;
  /** A unix socket, instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly database: string;
}

const DEFAULT_PORT = 3306;
const MAX_NAME_CHARACTERS = 64;

/** Whether a text is meant as the URL of a MariaDB database. */
export function isMariadbUrl(text: string): boolean {
  return /^(?:mysql|mariadb):/i.test(text);
}

/**
 * Reads `mysql://user@host:port/database` (also `mariadb://`, and `?socket=/path` for a unix socket). Throws GluewallError
 * `store-url`, also for a URL that carries a password.
 */
export function parseMariadbUrl(text: string): MariadbPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isMariadbUrl(text)) throw badUrl('it is no mysql:// or mariadb:// URL');
  if (url.password !== '') throw badUrl('it carries a password, which belongs in store.password_file');
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1));
  const socketPath = url.searchParams.get('socket') ?? undefined;
  if (user === '') throw badUrl('it names no user');
  if (database === '' || database.includes('/') || database.length > MAX_NAME_CHARACTERS) {
    throw badUrl('it names no database');
  }
  if (host === '') throw badUrl('it names no host');
  const others = [...url.searchParams.keys()].filter((key) => key !== 'socket');
  if (others.length > 0) throw badUrl(`it has the unknown parameter ${others[0]}`);
  return { host, port: url.port === '' ? DEFAULT_PORT : Number(url.port), socketPath, user, database };
}

/** How the place is named in messages. */
export function formatMariadbPlace({ host, port, socketPath, user, database }: MariadbPlace): string {
  const where = socketPath === undefined ? formatHostPort(host, port) : socketPath;
  return `MariaDB database ${database} at ${where} (user ${user})`;
}

/** Whether what is sent stays on this machine. */
export function isLocalPlace({ host, socketPath }: MariadbPlace): boolean {
  if (socketPath !== undefined || host === 'localhost') return true;
  return (isIPv4(host) && host.startsWith('127.')) || (isIPv6(host) && host === '::1');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUrl('it has a % that stands for nothing');
  }
}

/** The URL is not repeated: a password may stand in it. */
function badUrl(problem: string): GluewallError {
  return new GluewallError(
    'store-url',
    `the URL of the store is not right: ${problem}; want mysql://USER@HOST:PORT/DATABASE`,
  );
}
