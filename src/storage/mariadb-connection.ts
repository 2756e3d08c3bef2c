import { readFileSync } from 'node:fs';
import { type Connection, createConnection } from 'mariadb';
import { mariadbError } from './mariadb-errors.ts';
import { MARIADB_MIGRATIONS, mariadbVersion, migrateMariadb } from './mariadb-migrations.ts';
import { formatMariadbPlace, type MariadbPlace } from './mariadb-place.ts';

/** How to reach a MariaDB store. */
export interface MariadbAccess {
  readonly place: MariadbPlace;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** A file with the certificates of the authorities that the server's is checked by; undefined for the system's. */
  readonly caFile: string | undefined;
}

const CONNECT_LIMIT_MS = 5000;
/** A server that says nothing for so long in the middle of a request is as good as none. */
const SILENCE_LIMIT_MS = 20_000;
const LOCK_WAIT_SECONDS = 10;
const SESSION = {
  sql_mode: 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  innodb_lock_wait_timeout: LOCK_WAIT_SECONDS,
  tx_isolation: 'READ-COMMITTED',
};

/** Connects, and brings the tables to the newest version. Throws what the connector and `migrateMariadb` throw. */
export function connectMariadb(access: MariadbAccess): Promise<Connection> {
  const place = formatMariadbPlace(access.place);
  return connected(access, (connection) => migrateMariadb(connection, place, MARIADB_MIGRATIONS));
}

/** The version of the tables, 0 when there are none yet; nothing is changed. Throws GluewallErrors `store-…`. */
export async function probeMariadb(access: MariadbAccess): Promise<number> {
  const place = formatMariadbPlace(access.place);
  let version = 0;
  try {
    const connection = await connected(access, async (opened) => {
      version = await mariadbVersion(opened, place);
    });
    await connection.end();
    return version;
  } catch (cause) {
    throw mariadbError(cause, place, 'open');
  }
}

async function connected(
  { place, password, tls, caFile }: MariadbAccess,
  begin: (connection: Connection) => Promise<void>,
): Promise<Connection> {
  const { host, port, socketPath, user, database } = place;
  const connection = await createConnection({
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    ...(password === undefined ? {} : { password }),
    database,
    ...(tls ? { ssl: caFile === undefined ? { rejectUnauthorized: true } : { ca: readFileSync(caFile) } } : {}),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_LIMIT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    sessionVariables: SESSION,
    rowsAsArray: true,
    bigIntAsNumber: true,
    foundRows: false,
    permitLocalInfile: false,
    logParam: false,
  });
  // What breaks a connection also fails the request that waits for it.
  connection.on('error', () => {});
  try {
    await begin(connection);
    return connection;
  } catch (cause) {
    connection.destroy();
    throw cause;
  }
}
