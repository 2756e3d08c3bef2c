-- The tables of version 1, as SQLite gives them back. Never changed: files like this are out there.
PRAGMA application_id = 1198282604;
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT;
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
INSERT INTO schema_version VALUES (1, '2026-01-15T00:00:00.000Z');
INSERT INTO triples VALUES (1, 'example.com', 'ns1.ex\.ample', '192.0.2.1', 'high', 1000.5, 2000, 9000000000000,
  3600, 300, 'low', '2001:db8::53', 1999.25, 4711, 'wWw.example.com', 2000);
INSERT INTO triples VALUES (2, '.', 'ns2.example', '2001:db8::1', 'low', 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO allow_entries VALUES ('192.0.2.7', 'update server', 'root', 1000, NULL);
INSERT INTO warmup VALUES (1, 86400000, 2000);
INSERT INTO events VALUES (1, 3000.5, '00000000000000ff', 1, '192.0.2.10', 40000, '198.51.100.53', 'udp', 'example.org', 1,
  'block', 'unknown', 'destination', '.', 'ns2.example', NULL, 1, 1, 50.5, '198.51.100.53 is unknown and block.');
INSERT INTO allow_entries VALUES ('2001:db8::7', 'it''s IPv6', 'root', 1001.5, 9000000000000);
INSERT INTO events VALUES (2, 3001.5, '00000000000000ff', 1, '192.0.2.10', 40001, '192.0.2.7', 'tcp', NULL, NULL, 'allow', 'allowList', 'destination', NULL, NULL, NULL, 1, 1, 0, '192.0.2.7 is on the allow-list and pass.');
