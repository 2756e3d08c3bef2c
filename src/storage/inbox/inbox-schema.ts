/** The tables of the inbox in SQLite; what stands in both databases under one name means the same. */

/**
 * Entries have what their newest event says under the names of its columns. `entry_key` is what makes them one: client,
 * destination and canonical query name. `since_severity` is the worst since an entry was acknowledged, `state_change` the
 * change that last set its state. `inbox` has one row: the numbers that were given last, and the hour of the last sweep.
 */
export const SQLITE_INBOX = `
  ALTER TABLE events ADD COLUMN recursion_desired INTEGER;
  ALTER TABLE events ADD COLUMN packet BLOB;
  ALTER TABLE events ADD COLUMN entry_id INTEGER;
  ALTER TABLE events ADD COLUMN client_key BLOB;
  ALTER TABLE events ADD COLUMN destination_key BLOB;

  CREATE TABLE inbox (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    change_number INTEGER NOT NULL,
    last_entry INTEGER NOT NULL,
    swept_hour INTEGER NOT NULL
  ) STRICT;
  INSERT INTO inbox VALUES (1, 0, 0, 0);

  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    entry_key BLOB NOT NULL UNIQUE,
    change_number INTEGER NOT NULL,
    client TEXT NOT NULL,
    client_key BLOB NOT NULL,
    destination TEXT NOT NULL,
    destination_key BLOB NOT NULL,
    query_name TEXT,
    name_key BLOB,
    first_at_ms REAL NOT NULL,
    last_at_ms REAL NOT NULL,
    events INTEGER NOT NULL,
    packets INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    since_severity INTEGER,
    state TEXT NOT NULL,
    state_by TEXT,
    state_at_ms REAL,
    state_change INTEGER NOT NULL,
    until_ms REAL,
    comments INTEGER NOT NULL,
    client_mac INTEGER,
    client_name TEXT,
    client_group TEXT NOT NULL,
    datapath_id TEXT NOT NULL,
    in_port INTEGER NOT NULL,
    transport TEXT NOT NULL,
    query_type INTEGER,
    recursion_desired INTEGER,
    enforced INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rule_id TEXT,
    hint_zone TEXT,
    hint_name_server TEXT,
    hint_expires_at_ms REAL,
    message TEXT NOT NULL
  ) STRICT;

  CREATE TABLE entry_hours (
    hour INTEGER NOT NULL,
    entry_id INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (hour, entry_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE entry_comments (
    entry_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    by_user TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (entry_id, number)
  ) STRICT, WITHOUT ROWID;
`;

/** Made when the rows are there: it takes less time. */
export const SQLITE_INBOX_INDEXES = `
  CREATE INDEX entries_by_state ON entries (state, last_at_ms);
  CREATE INDEX entries_by_severity ON entries (state, severity);
  CREATE INDEX entries_by_client ON entries (client_key);
  CREATE INDEX entries_by_destination ON entries (destination_key);
  CREATE INDEX entries_by_name ON entries (name_key) WHERE name_key IS NOT NULL;
  CREATE INDEX entries_by_change ON entries (change_number);
  CREATE INDEX events_by_entry ON events (entry_id, at_ms) WHERE entry_id IS NOT NULL;
`;

/** Accounts, the record of changes, and the figures of minutes. */
export const SQLITE_RECORDS = `
  CREATE TABLE records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    at_ms REAL NOT NULL,
    by_user TEXT NOT NULL,
    token TEXT,
    origin TEXT NOT NULL,
    operation TEXT NOT NULL,
    subject TEXT NOT NULL,
    json_before TEXT,
    json_after TEXT,
    refused TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_by_time ON changes (at_ms);

  CREATE TABLE minutes (
    at_ms REAL PRIMARY KEY,
    figures TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
