/** The tables of the inbox and of accounts in MariaDB, as in inbox-schema.ts. Each statement may be run again. */

const NAME = 'VARCHAR(1024) CHARACTER SET ascii COLLATE ascii_bin';
const ADDRESS = 'VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin';
const WORD = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin';
const ID = 'VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const TEXT = 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ENGINE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC';

export const MARIADB_INBOX: readonly string[] = [
  `ALTER TABLE events
    ADD COLUMN IF NOT EXISTS recursion_desired INT,
    ADD COLUMN IF NOT EXISTS packet BLOB,
    ADD COLUMN IF NOT EXISTS entry_id BIGINT,
    ADD COLUMN IF NOT EXISTS client_key VARBINARY(16),
    ADD COLUMN IF NOT EXISTS destination_key VARBINARY(16)`,
  'ALTER TABLE events ADD KEY IF NOT EXISTS events_by_entry (entry_id, at_ms)',
  `CREATE TABLE IF NOT EXISTS inbox (
    id INT PRIMARY KEY,
    change_number BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    swept_hour BIGINT NOT NULL
  ) ${ENGINE}`,
  'INSERT IGNORE INTO inbox VALUES (1, 0, 0, 0)',
  `CREATE TABLE IF NOT EXISTS entries (
    id BIGINT PRIMARY KEY,
    entry_key VARBINARY(320) NOT NULL,
    change_number BIGINT NOT NULL,
    client ${ADDRESS} NOT NULL,
    client_key VARBINARY(16) NOT NULL,
    destination ${ADDRESS} NOT NULL,
    destination_key VARBINARY(16) NOT NULL,
    query_name ${NAME},
    name_key VARBINARY(255),
    first_at_ms DOUBLE NOT NULL,
    last_at_ms DOUBLE NOT NULL,
    events BIGINT NOT NULL,
    packets BIGINT NOT NULL,
    severity INT NOT NULL,
    since_severity INT,
    state ${WORD} NOT NULL,
    state_by ${TEXT},
    state_at_ms DOUBLE,
    state_change BIGINT NOT NULL,
    until_ms DOUBLE,
    comments INT NOT NULL,
    client_mac BIGINT,
    client_name ${TEXT},
    client_group ${WORD} NOT NULL,
    datapath_id ${ID} NOT NULL,
    in_port BIGINT NOT NULL,
    transport ${WORD} NOT NULL,
    query_type INT,
    recursion_desired INT,
    enforced INT NOT NULL,
    reason ${WORD} NOT NULL,
    rule_id ${TEXT},
    hint_zone ${NAME},
    hint_name_server ${NAME},
    hint_expires_at_ms DOUBLE,
    message ${TEXT} NOT NULL,
    UNIQUE KEY entries_by_key (entry_key),
    KEY entries_by_state (state, last_at_ms, id),
    KEY entries_by_severity (state, severity),
    KEY entries_by_client (client_key),
    KEY entries_by_destination (destination_key),
    KEY entries_by_name (name_key),
    KEY entries_by_change (change_number, id)
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS entry_hours (
    hour BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (hour, entry_id)
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS entry_comments (
    entry_id BIGINT NOT NULL,
    number INT NOT NULL,
    at_ms DOUBLE NOT NULL,
    by_user ${TEXT} NOT NULL,
    words ${TEXT} NOT NULL,
    PRIMARY KEY (entry_id, number)
  ) ${ENGINE}`,
];

export const MARIADB_RECORDS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS records (
    kind ${WORD} NOT NULL,
    id ${ID} NOT NULL,
    record ${TEXT} NOT NULL,
    PRIMARY KEY (kind, id)
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS changes (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    at_ms DOUBLE NOT NULL,
    by_user ${TEXT} NOT NULL,
    token ${TEXT},
    origin ${TEXT} NOT NULL,
    operation ${TEXT} NOT NULL,
    subject ${TEXT} NOT NULL,
    json_before ${TEXT},
    json_after ${TEXT},
    refused ${TEXT} NOT NULL,
    KEY changes_by_time (at_ms, id)
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS minutes (
    at_ms DOUBLE PRIMARY KEY,
    figures ${TEXT} NOT NULL
  ) ${ENGINE}`,
];
