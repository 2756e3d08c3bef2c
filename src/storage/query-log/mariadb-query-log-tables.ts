/**
 * The tables of the query log in MariaDB. Times are milliseconds since the epoch, days are days since the epoch (UTC). What an
 * entry does not say is an empty string of octets, or 0; of a response code -1. No column of entries may be NULL: the bulk
 * protocol would begin a new packet wherever NULLs come and go.
 */

const ENGINE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC';
const WORDS = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin';
/** A partition is made for each day that entries come of; a table must have one to begin with. */
const BY_DAY = 'PARTITION BY LIST (day) (PARTITION none VALUES IN (-1))';

/** The statements that make them. Released, and never changed. */
export const QUERY_LOG_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS log_sources (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) ${WORDS} NOT NULL UNIQUE
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS log_positions (
    source INT UNSIGNED PRIMARY KEY,
    fingerprint VARCHAR(1024) ${WORDS} NOT NULL,
    read_octets BIGINT NOT NULL,
    state LONGTEXT ${WORDS} NOT NULL
  ) ${ENGINE}`,
  // The batch of each source that was kept last, by the store object that brought it; see mariadb-query-log-append.ts.
  `CREATE TABLE IF NOT EXISTS log_marks (
    writer VARBINARY(16) NOT NULL,
    source INT UNSIGNED NOT NULL,
    sequence BIGINT NOT NULL,
    saved_at_ms DOUBLE NOT NULL,
    PRIMARY KEY (writer, source)
  ) ${ENGINE}`,
  // The row of a day is locked by whoever gives out numbers for it.
  `CREATE TABLE IF NOT EXISTS log_days (
    day INT PRIMARY KEY,
    next_number BIGINT NOT NULL
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS log_segments (
    day INT NOT NULL,
    segment INT UNSIGNED NOT NULL,
    first_at_ms DOUBLE NOT NULL,
    last_at_ms DOUBLE NOT NULL,
    entries INT UNSIGNED NOT NULL,
    PRIMARY KEY (day, segment)
  ) ${ENGINE}`,
  // name: labels from the root down, each behind its length, in lower case. spelled: in wire form, where it was asked otherwise.
  // answers: each address behind its length. The number stands in the indexes, so that entries need not be sorted by it.
  `CREATE TABLE IF NOT EXISTS log_entries (
    day INT NOT NULL,
    segment INT UNSIGNED NOT NULL,
    number INT UNSIGNED NOT NULL,
    at_ms DOUBLE NOT NULL,
    name VARBINARY(255) NOT NULL,
    spelled VARBINARY(255) NOT NULL,
    type SMALLINT UNSIGNED NOT NULL,
    class SMALLINT UNSIGNED NOT NULL,
    client VARBINARY(16) NOT NULL,
    client_port SMALLINT UNSIGNED NOT NULL,
    server VARBINARY(16) NOT NULL,
    role TINYINT UNSIGNED NOT NULL,
    response_code SMALLINT NOT NULL,
    mark TINYINT UNSIGNED NOT NULL,
    source INT UNSIGNED NOT NULL,
    answers VARBINARY(1100) NOT NULL,
    PRIMARY KEY (number, day),
    KEY log_entries_by_name (segment, name, at_ms, number),
    KEY log_entries_by_client (segment, client, at_ms, number)
  ) ${ENGINE} ${BY_DAY}`,
  `CREATE TABLE IF NOT EXISTS log_answers (
    day INT NOT NULL,
    segment INT UNSIGNED NOT NULL,
    address VARBINARY(16) NOT NULL,
    at_ms DOUBLE NOT NULL,
    number INT UNSIGNED NOT NULL,
    PRIMARY KEY (segment, address, at_ms, number, day)
  ) ${ENGINE} ${BY_DAY}`,
  // By slots of five minutes since the epoch.
  `CREATE TABLE IF NOT EXISTS log_coverage (
    source INT UNSIGNED NOT NULL,
    slot INT NOT NULL,
    entries INT UNSIGNED NOT NULL,
    first_at_ms DOUBLE NOT NULL,
    last_at_ms DOUBLE NOT NULL,
    PRIMARY KEY (source, slot),
    KEY log_coverage_by_slot (slot)
  ) ${ENGINE}`,
  `CREATE TABLE IF NOT EXISTS log_quarantined (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    source INT UNSIGNED NOT NULL,
    at_ms DOUBLE NOT NULL,
    reason TEXT ${WORDS} NOT NULL,
    sample VARBINARY(512) NOT NULL,
    KEY log_quarantined_by_source (source, id)
  ) ${ENGINE}`,
];
