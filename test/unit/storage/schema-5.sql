PRAGMA application_id = 1198282604;
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT;
CREATE TABLE rules (
  id TEXT PRIMARY KEY,
  action TEXT NOT NULL,
  match_json TEXT NOT NULL,
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
ALTER TABLE events ADD COLUMN client_mac INTEGER;
ALTER TABLE events ADD COLUMN client_name TEXT;
ALTER TABLE events ADD COLUMN client_group TEXT NOT NULL DEFAULT 'default';
ALTER TABLE events ADD COLUMN rule_id TEXT;
ALTER TABLE events ADD COLUMN alarm TEXT;
ALTER TABLE events ADD COLUMN name_key BLOB;
CREATE INDEX events_by_name ON events (name_key, at_ms) WHERE name_key IS NOT NULL;
CREATE INDEX events_by_time ON events (at_ms);
CREATE INDEX events_by_client ON events (client, at_ms);
CREATE INDEX events_by_destination ON events (destination, at_ms);
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
CREATE INDEX entries_by_state ON entries (state, last_at_ms);
CREATE INDEX entries_by_severity ON entries (state, severity);
CREATE INDEX entries_by_client ON entries (client_key);
CREATE INDEX entries_by_destination ON entries (destination_key);
CREATE INDEX entries_by_name ON entries (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX entries_by_change ON entries (change_number);
CREATE INDEX events_by_entry ON events (entry_id, at_ms) WHERE entry_id IS NOT NULL;
INSERT INTO schema_version VALUES (1, '2026-01-15T00:00:00.000Z');
INSERT INTO schema_version VALUES (2, '2026-01-16T00:00:00.000Z');
INSERT INTO schema_version VALUES (3, '2026-01-17T00:00:00.000Z');
INSERT INTO schema_version VALUES (4, '2026-01-18T00:00:00.000Z');
INSERT INTO schema_version VALUES (5, '2026-01-19T00:00:00.000Z');
INSERT INTO triples VALUES (x'00', x'036e7332076578616d706c6500', x'20010db8000000000000000000000001', NULL, x'0100000000000000f03f000000000000004001000000');
INSERT INTO triples VALUES (x'076578616d706c6503636f6d00', x'036e73310865782e616d706c6500', x'c0000201', 9000000000000, x'01720000000000448f400000000000409f40010000001020010db8000000000000000000000053100e00002c01000067120000000000409f4000000000003d9f401103775777076578616d706c6503636f6d00');
INSERT INTO rules VALUES ('allow-192.0.2.7', 'allow', '{"to":"192.0.2.7"}', 'update server', 'root', 1000, NULL);
INSERT INTO warmup VALUES (1, 86400000, 2000);
INSERT INTO events VALUES (1, 3000.5, '00000000000000ff', 1, '192.0.2.10', 40000, '198.51.100.53', 'udp', 'example.org', 1, 'block', 'unknown', 'destination', '.', 'ns2.example', NULL, 1, 1, 50.5, '198.51.100.53 is unknown and block.', NULL, NULL, 'default', NULL, NULL, x'036f7267076578616d706c65', NULL, NULL, 1, x'00000000000000000000ffffc000020a', x'00000000000000000000ffffc6336435');
INSERT INTO rules VALUES ('allow-2001-db8--7', 'allow', '{"to":"2001:db8::7"}', 'it''s IPv6', 'root', 1001.5, 9000000000000);
INSERT INTO events VALUES (2, 3001.5, '00000000000000ff', 1, '192.0.2.10', 40001, '192.0.2.7', 'tcp', NULL, NULL, 'allow', 'allowList', 'destination', NULL, NULL, NULL, 1, 1, 0, '192.0.2.7 is on the allow-list and pass.', NULL, NULL, 'default', NULL, NULL, NULL, NULL, NULL, NULL, x'00000000000000000000ffffc000020a', x'00000000000000000000ffffc0000207');
INSERT INTO findings VALUES ('F-7k2m9q', 'infected-host', '192.0.2.66', 'closed', 0.85, 3000, '{"kind": "infected-host", "subject": "192.0.2.66", "score": 0.85, "reasons": [{"kind": "beaconing", "weight": 0.6, "line": "asked 198.51.100.7 every 300 s", "events": 40, "firstAtMs": 1000.5, "lastAtMs": 2000, "samples": [{"atMs": 2000, "text": "asked"}]}], "hosts": ["192.0.2.66"], "firstAtMs": 1000.5, "lastAtMs": 2000, "openedAtMs": 2500, "updatedAtMs": 3000, "state": "closed", "closed": {"atMs": 3000, "by": "root", "as": "mistake", "reason": "it''s a poller"}, "comments": [{"atMs": 2600, "by": "root", "text": "looking"}], "changes": [], "cases": ["0190c2f4-0000-4000-8000-000000000000"], "detail": {"a": [-1]}, "id": "F-7k2m9q"}');
INSERT INTO inbox VALUES (1, 1, 1, 0);
INSERT INTO entries VALUES (1, x'00c000020ac6336435036f7267076578616d706c65', 1, '192.0.2.10', x'00000000000000000000ffffc000020a', '198.51.100.53', x'00000000000000000000ffffc6336435', 'example.org', x'036f7267076578616d706c65', 3000.5, 3000.5, 1, 1, 2, NULL, 'open', NULL, NULL, 0, NULL, 0, NULL, NULL, 'default', '00000000000000ff', 1, 'udp', 1, NULL, 1, 'unknown', NULL, '.', 'ns2.example', NULL, '198.51.100.53 is unknown and block.');
INSERT INTO entry_hours VALUES (0, 1, 1);
