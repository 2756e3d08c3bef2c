/**
 * The tables of a SQLite store, as the steps that make them. The names and addresses of triples stand as their octets, the
 * rest of a triple as in triple-batch.ts; in other tables names stand in presentation form and addresses as text, and the
 * column name_key is the key of query_name as in name-key.ts. Instants are milliseconds since the epoch with their fraction
 * (sightings have one), and NULL is an instant that never comes.
 */
import type { Database } from 'better-sqlite3';
import { fillNameKeys } from './fill-name-keys.ts';
import { fillInbox } from './inbox/fill-inbox.ts';
import { SQLITE_INBOX, SQLITE_INBOX_INDEXES, SQLITE_RECORDS } from './inbox/inbox-schema.ts';
import { moveFirstTriples } from './move-first-triples.ts';

export interface Migration {
  readonly version: number;
  readonly sql: string;
  /** What is to be done with the rows between `sql` and `after`; `moving` is called after each portion of them. */
  readonly move?: (connection: Database, moving: () => void) => void;
  readonly after?: string;
}

/** Marks a SQLite file as ours: `GlWl`. */
export const APPLICATION_ID = 0x476c576c;

/** In order, from 1 up without a gap. A migration that was released is never changed. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE triples (
        id INTEGER PRIMARY KEY,
        zone TEXT NOT NULL,
        name_server TEXT NOT NULL,
        address TEXT NOT NULL,
        trust TEXT NOT NULL,
        first_seen_at_ms REAL NOT NULL,
        last_seen_at_ms REAL NOT NULL,
        expires_at_ms REAL,
        ns_ttl_seconds INTEGER,
        glue_ttl_seconds INTEGER,
        lesson_trust TEXT,
        teacher TEXT,
        query_at_ms REAL,
        query_id INTEGER,
        query_name TEXT,
        response_at_ms REAL,
        UNIQUE (address, zone, name_server)
      ) STRICT;
      CREATE INDEX triples_by_expiry ON triples (expires_at_ms);

      CREATE TABLE allow_entries (
        address TEXT PRIMARY KEY,
        reason TEXT NOT NULL,
        owner TEXT NOT NULL,
        created_at_ms REAL NOT NULL,
        expires_at_ms REAL
      ) STRICT;

      CREATE TABLE warmup (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        learned_for_ms REAL,
        last_learned_at_ms REAL NOT NULL
      ) STRICT;

      CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        at_ms REAL NOT NULL,
        datapath_id TEXT NOT NULL,
        in_port INTEGER NOT NULL,
        client TEXT NOT NULL,
        client_port INTEGER NOT NULL,
        destination TEXT NOT NULL,
        transport TEXT NOT NULL,
        query_name TEXT,
        query_type INTEGER,
        verdict TEXT NOT NULL,
        reason TEXT NOT NULL,
        scope TEXT NOT NULL,
        hint_zone TEXT,
        hint_name_server TEXT,
        hint_expires_at_ms REAL,
        packets_at_least INTEGER NOT NULL,
        enforced INTEGER NOT NULL,
        held_ms REAL NOT NULL,
        message TEXT NOT NULL
      ) STRICT;
      CREATE INDEX events_by_time ON events (at_ms);
      CREATE INDEX events_by_client ON events (client, at_ms);
      CREATE INDEX events_by_destination ON events (destination, at_ms);
    `,
  },
  {
    version: 2,
    sql: `
      ALTER TABLE triples RENAME TO first_triples;
      CREATE TABLE triples (
        zone BLOB NOT NULL,
        name_server BLOB NOT NULL,
        address BLOB NOT NULL,
        expires_at_ms REAL,
        facts BLOB NOT NULL,
        PRIMARY KEY (zone, name_server, address)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE saves (
        writer TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,
        saved_at_ms REAL NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
    move: moveFirstTriples,
    after: 'DROP TABLE first_triples;',
  },
  {
    version: 3,
    // Addresses have no "-", so no two entries get the same id.
    sql: `
      CREATE TABLE rules (
        id TEXT PRIMARY KEY,
        action TEXT NOT NULL,
        match_json TEXT NOT NULL,
        reason TEXT NOT NULL,
        owner TEXT NOT NULL,
        created_at_ms REAL NOT NULL,
        expires_at_ms REAL
      ) STRICT;
      INSERT INTO rules
        SELECT 'allow-' || replace(address, ':', '-'), 'allow', json_object('to', address),
          reason, owner, created_at_ms, expires_at_ms
        FROM allow_entries;
      DROP TABLE allow_entries;

      ALTER TABLE events ADD COLUMN client_mac INTEGER;
      ALTER TABLE events ADD COLUMN client_name TEXT;
      ALTER TABLE events ADD COLUMN client_group TEXT NOT NULL DEFAULT 'default';
      ALTER TABLE events ADD COLUMN rule_id TEXT;
      ALTER TABLE events ADD COLUMN alarm TEXT;
      ALTER TABLE events ADD COLUMN name_key BLOB;
    `,
    move: fillNameKeys,
    after: 'CREATE INDEX events_by_name ON events (name_key, at_ms) WHERE name_key IS NOT NULL;',
  },
  {
    version: 4,
    sql: `
      CREATE TABLE findings (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        state TEXT NOT NULL,
        score REAL NOT NULL,
        updated_at_ms REAL NOT NULL,
        record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX findings_by_time ON findings (updated_at_ms, id);
      CREATE INDEX findings_by_subject ON findings (subject, kind);
    `,
  },
  { version: 5, sql: SQLITE_INBOX, move: fillInbox, after: SQLITE_INBOX_INDEXES },
  { version: 6, sql: SQLITE_RECORDS },
];

/** The version of a store's tables: 0 when it has none yet. */
export function schemaVersion(connection: Database): number {
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").get();
  if (table === undefined) return 0;
  return Number(connection.prepare('SELECT coalesce(max(version), 0) FROM schema_version').pluck().get());
}

/**
 * Brings the tables to the newest version, each step whole or not at all; `moving` is called again and again while rows are moved, which
 * may take minutes. Throws what SQLite throws.
 */
export function migrate(
  connection: Database,
  migrations: readonly Migration[],
  nowMs: number,
  moving: () => void = () => {},
): void {
  const apply = connection.transaction(({ version, sql, move, after }: Migration) => {
    if (version === 1) {
      connection.pragma(`application_id = ${APPLICATION_ID}`);
      connection.exec('CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT');
    }
    connection.exec(sql);
    move?.(connection, moving);
    if (after !== undefined) connection.exec(after);
    const appliedAt = new Date(nowMs).toISOString();
    connection.prepare('INSERT INTO schema_version (version, applied_at) VALUES (?, ?)').run(version, appliedAt);
  });
  const version = schemaVersion(connection);
  for (const migration of migrations) if (migration.version > version) apply.immediate(migration);
}
