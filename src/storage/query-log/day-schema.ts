import type { LogSchema } from './log-file.ts';

/**
 * `GlQd`: the entries of one day, by number from 0 on. Names are keys (name-key.ts), `spelled` is a name in wire form where its
 * case is another; addresses are 4 or 16 octets; `answers` is each address behind its length; role and mark are places in ROLES
 * and MARKS from 1 on; a slot is COVERAGE_SLOT_MS. `numbers` of a segment is how many have been given, also where entries are
 * gone. `delivered` are parcels of the ledger that may come again.
 */
export const DAY_SCHEMA: LogSchema = {
  applicationId: 0x476c5164,
  version: 1,
  sql: `
    CREATE TABLE entry (
      number INTEGER PRIMARY KEY,
      segment INTEGER NOT NULL,
      at_ms REAL NOT NULL,
      name BLOB NOT NULL,
      spelled BLOB,
      type INTEGER NOT NULL,
      class INTEGER NOT NULL,
      client BLOB,
      client_port INTEGER,
      server BLOB,
      role INTEGER,
      response_code INTEGER,
      source INTEGER NOT NULL,
      mark INTEGER,
      answers BLOB
    ) STRICT;
    CREATE INDEX entry_by_name ON entry (segment, name, at_ms);
    CREATE INDEX entry_by_client ON entry (segment, client, at_ms) WHERE client IS NOT NULL;
    CREATE TABLE answer (
      segment INTEGER NOT NULL,
      address BLOB NOT NULL,
      at_ms REAL NOT NULL,
      number INTEGER NOT NULL,
      PRIMARY KEY (segment, address, at_ms, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE segment (
      number INTEGER PRIMARY KEY,
      numbers INTEGER NOT NULL,
      first_at_ms REAL NOT NULL,
      last_at_ms REAL NOT NULL
    ) STRICT;
    CREATE TABLE block (
      number INTEGER NOT NULL,
      source INTEGER NOT NULL,
      entries INTEGER NOT NULL,
      first_at_ms REAL NOT NULL,
      last_at_ms REAL NOT NULL,
      PRIMARY KEY (number, source)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE source (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE coverage (
      source INTEGER NOT NULL,
      slot INTEGER NOT NULL,
      entries INTEGER NOT NULL,
      first_at_ms REAL NOT NULL,
      last_at_ms REAL NOT NULL,
      PRIMARY KEY (source, slot)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE delivered (parcel INTEGER PRIMARY KEY) STRICT;
  `,
};
