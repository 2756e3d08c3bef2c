/**
 * The tables of a MariaDB store, as the steps that make them. Columns are as in migrations.ts. A statement is not undone when
 * a later one fails, so each may be run again.
 */
import type { Connection } from 'mariadb';
import { GluewallError } from '../core/errors.ts';
import { fillMariadbNameKeys } from './fill-mariadb-name-keys.ts';
import { fillMariadbInbox } from './inbox/fill-mariadb-inbox.ts';
import { MARIADB_INBOX, MARIADB_RECORDS } from './inbox/mariadb-inbox-schema.ts';
import { QUERY_LOG_TABLES } from './query-log/mariadb-query-log-tables.ts';
import { storeForeign, storeNewer } from './store-errors.ts';

export interface MariadbMigration {
  readonly version: number;
  readonly statements: readonly string[];
  /** What is to be done with the rows after that; may be run again, too. */
  readonly move?: (connection: Connection) => Promise<void>;
}

const NAME = 'VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin';
const ADDRESS = 'VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin';
const WORD = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ENGINE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC';
const VERSIONS = 'gluewall_schema';
const LOCK = 'gluewall_schema';
const LOCK_SECONDS = 10;

/** In order, from 1 up without a gap. A migration that was released is never changed. */
export const MARIADB_MIGRATIONS: readonly MariadbMigration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE IF NOT EXISTS triples (
        zone VARBINARY(255) NOT NULL,
        name_server VARBINARY(255) NOT NULL,
        address VARBINARY(16) NOT NULL,
        expires_at_ms DOUBLE,
        facts VARBINARY(1024) NOT NULL,
        PRIMARY KEY (zone, name_server, address)
      ) ${ENGINE}`,
      `CREATE TABLE IF NOT EXISTS saves (
        writer ${WORD} PRIMARY KEY,
        sequence BIGINT NOT NULL,
        saved_at_ms DOUBLE NOT NULL
      ) ${ENGINE}`,
      `CREATE TABLE IF NOT EXISTS allow_entries (
        address ${ADDRESS} PRIMARY KEY,
        reason ${TEXT} NOT NULL,
        owner ${TEXT} NOT NULL,
        created_at_ms DOUBLE NOT NULL,
        expires_at_ms DOUBLE
      ) ${ENGINE}`,
      `CREATE TABLE IF NOT EXISTS warmup (
        id INT PRIMARY KEY,
        learned_for_ms DOUBLE,
        last_learned_at_ms DOUBLE NOT NULL
      ) ${ENGINE}`,
      `CREATE TABLE IF NOT EXISTS events (
        id BIGINT AUTO_INCREMENT PRIMARY KEY,
        at_ms DOUBLE NOT NULL,
        datapath_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        in_port BIGINT NOT NULL,
        client ${ADDRESS} NOT NULL,
        client_port INT NOT NULL,
        destination ${ADDRESS} NOT NULL,
        transport ${WORD} NOT NULL,
        query_name ${NAME},
        query_type INT,
        verdict ${WORD} NOT NULL,
        reason ${WORD} NOT NULL,
        scope ${WORD} NOT NULL,
        hint_zone ${NAME},
        hint_name_server ${NAME},
        hint_expires_at_ms DOUBLE,
        packets_at_least BIGINT NOT NULL,
        enforced INT NOT NULL,
        held_ms DOUBLE NOT NULL,
        message ${TEXT} NOT NULL,
        KEY events_by_time (at_ms, id),
        KEY events_by_client (client, at_ms),
        KEY events_by_destination (destination, at_ms)
      ) ${ENGINE}`,
    ],
  },
  {
    version: 2,
    statements: [
      `CREATE TABLE IF NOT EXISTS rules (
        id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
        action ${WORD} NOT NULL,
        match_json ${TEXT} NOT NULL,
        reason ${TEXT} NOT NULL,
        owner ${TEXT} NOT NULL,
        created_at_ms DOUBLE NOT NULL,
        expires_at_ms DOUBLE
      ) ${ENGINE}`,
      // For the time that this is run again after its last statement.
      `CREATE TABLE IF NOT EXISTS allow_entries (
        address ${ADDRESS} PRIMARY KEY,
        reason ${TEXT} NOT NULL,
        owner ${TEXT} NOT NULL,
        created_at_ms DOUBLE NOT NULL,
        expires_at_ms DOUBLE
      ) ${ENGINE}`,
      // Addresses have no "-", so no two entries get the same id.
      `INSERT IGNORE INTO rules
        SELECT CONCAT('allow-', REPLACE(address, ':', '-')), 'allow', JSON_OBJECT('to', address),
          reason, owner, created_at_ms, expires_at_ms
        FROM allow_entries`,
      'DROP TABLE allow_entries',
      `ALTER TABLE events
        MODIFY COLUMN scope VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        ADD COLUMN IF NOT EXISTS client_mac BIGINT,
        ADD COLUMN IF NOT EXISTS client_name ${TEXT},
        ADD COLUMN IF NOT EXISTS client_group ${WORD} NOT NULL DEFAULT 'default',
        ADD COLUMN IF NOT EXISTS rule_id ${TEXT},
        ADD COLUMN IF NOT EXISTS alarm ${WORD},
        ADD COLUMN IF NOT EXISTS name_key VARBINARY(255)`,
      'ALTER TABLE events ADD KEY IF NOT EXISTS events_by_name (name_key, at_ms)',
    ],
    move: fillMariadbNameKeys,
  },
  { version: 3, statements: QUERY_LOG_TABLES },
  {
    version: 4,
    statements: [
      `CREATE TABLE IF NOT EXISTS findings (
        id ${WORD} PRIMARY KEY,
        kind ${WORD} NOT NULL,
        subject VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        state ${WORD} NOT NULL,
        score DOUBLE NOT NULL,
        updated_at_ms DOUBLE NOT NULL,
        record ${TEXT} NOT NULL,
        KEY findings_by_time (updated_at_ms, id),
        KEY findings_by_subject (subject(255), kind)
      ) ${ENGINE}`,
    ],
  },
  { version: 5, statements: MARIADB_INBOX, move: fillMariadbInbox },
  { version: 6, statements: MARIADB_RECORDS },
];

/** The version of the tables, 0 when there are none. Throws `store-foreign` when there are others, `store-newer`, and what the connector throws. */
export async function mariadbVersion(connection: Connection, place: string): Promise<number> {
  const tables: readonly (readonly unknown[])[] = await connection.query(
    'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  if (!tables.some(([name]) => name === VERSIONS)) {
    if (tables.length > 0) throw storeForeign(place, 'a database of another program');
    return 0;
  }
  const rows: readonly (readonly unknown[])[] = await connection.query(
    `SELECT COALESCE(MAX(version), 0) FROM ${VERSIONS}`,
  );
  const version = Number(rows[0]?.[0]);
  const known = MARIADB_MIGRATIONS.length;
  if (version > known) throw storeNewer(place, version, known);
  return version;
}

/** Brings the tables to the newest version. Throws as `mariadbVersion` does. */
export async function migrateMariadb(
  connection: Connection,
  place: string,
  migrations: readonly MariadbMigration[],
): Promise<void> {
  const lastVersion = migrations.at(-1)?.version ?? 0;
  if ((await mariadbVersion(connection, place)) === lastVersion) return;
  const locked: readonly (readonly unknown[])[] = await connection.query(`SELECT GET_LOCK('${LOCK}', ${LOCK_SECONDS})`);
  if (Number(locked[0]?.[0]) !== 1) {
    throw new GluewallError('store-busy', `the tables of the store, ${place}, are being changed by another: try again`);
  }
  try {
    const version = await mariadbVersion(connection, place);
    await connection.query(
      `CREATE TABLE IF NOT EXISTS ${VERSIONS} (version INT PRIMARY KEY, applied_at VARCHAR(32) NOT NULL) ${ENGINE}`,
    );
    for (const migration of migrations) {
      if (migration.version <= version) continue;
      for (const statement of migration.statements) await connection.query(statement);
      await migration.move?.(connection);
      const appliedAt = new Date().toISOString();
      await connection.query(`INSERT INTO ${VERSIONS} (version, applied_at) VALUES (?, ?)`, [
        migration.version,
        appliedAt,
      ]);
    }
  } finally {
    await connection.query(`SELECT RELEASE_LOCK('${LOCK}')`);
  }
}
