/** Opens the SQLite files of the query log, which several processes may have open at once. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { GluewallError } from '../../core/errors.ts';

/** The tables of a kind of file. */
export interface LogSchema {
  /** Marks the file as ours and of this kind. */
  readonly applicationId: number;
  /** The version of the tables. */
  readonly version: number;
  readonly sql: string;
}

/** How long a lock held by another process is waited for, milliseconds. */
const BUSY_TIMEOUT_MS = 10_000;
const PAGE_OCTETS = 8192;
/** The journal goes into the file when it has so many pages: pages of an index are written many times before. */
const CHECKPOINT_PAGES = 8000;
/** The journal is cut back to this once it has been larger. */
const MAX_RESTING_JOURNAL_OCTETS = 16 << 20;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** SQLite's own files beside the file; the file itself goes first. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

/**
 * Opens a file of the log, made where it is missing. Throws GluewallError `store-foreign`, `store-newer` or `store-open`, and what
 * SQLite and the file system throw.
 */
export function openLogFile(file: string, schema: LogSchema): Database {
  makeFile(file);
  accessSync(file, constants.R_OK | constants.W_OK);
  accessSync(dirname(file), constants.W_OK);
  const connection = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    connection.pragma('trusted_schema = OFF');
    connection.pragma('cell_size_check = ON');
    const isNew = isEmpty(connection, file, schema);
    if (isNew) connection.pragma(`page_size = ${PAGE_OCTETS}`);
    const mode = connection.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      throw new GluewallError('store-open', `SQLite keeps the journal of ${file} in mode ${mode} and not in WAL`);
    }
    connection.pragma('synchronous = NORMAL');
    connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    connection.pragma(`journal_size_limit = ${MAX_RESTING_JOURNAL_OCTETS}`);
    if (isNew) makeTables(connection, file, schema);
    return connection;
  } catch (cause) {
    connection.close();
    throw cause;
  }
}

/** Makes a folder with its parents; each has the owner of the one above. */
export function makeLogFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeLogFolder(dirname(folder));
  mkdirSync(folder, { mode: FOLDER_MODE });
  // Whoever owns the folder above may have put something else there by now.
  giveAway(openSync(folder, constants.O_DIRECTORY | constants.O_NOFOLLOW), folder);
}

/** Removes a file of the log and what SQLite keeps beside it. */
export function removeLogFile(file: string): void {
  for (const suffix of SUFFIXES) rmSync(file + suffix, { force: true });
}

/** Moves a damaged file away, with what SQLite keeps beside it; says where to. */
export function setLogFileAside(file: string): string {
  const names = Array.from({ length: 1000 }, (_, number) => `${file}.corrupt-${number + 1}`);
  const aside = names.find((name) => !existsSync(name));
  if (aside === undefined) {
    throw new GluewallError('store-open', `${file} is damaged, and no name is free to set it aside`);
  }
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}

/** A file that is there is left as it is. */
function makeFile(file: string): void {
  if (existsSync(file)) return;
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', FILE_MODE);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw cause;
  }
  giveAway(descriptor, file);
}

/** What root makes belongs to the owner of its folder, who is to read and write it, too. Closes the descriptor. */
function giveAway(descriptor: number, path: string): void {
  try {
    const { uid, gid } = statSync(dirname(path));
    if (process.geteuid?.() === 0 && uid !== 0) fchownSync(descriptor, uid, gid);
  } finally {
    closeSync(descriptor);
  }
}

function makeTables(connection: Database, file: string, schema: LogSchema): void {
  const make = connection.transaction(() => {
    // Another process may have been quicker.
    if (!isEmpty(connection, file, schema)) return;
    connection.exec(schema.sql);
    connection.pragma(`application_id = ${schema.applicationId}`);
    connection.pragma(`user_version = ${schema.version}`);
  });
  make.immediate();
}

/** Whether the file has no tables yet; refuses one that is not ours. */
function isEmpty(connection: Database, file: string, { applicationId, version }: LogSchema): boolean {
  const found = Number(connection.pragma('user_version', { simple: true }));
  if (connection.pragma('application_id', { simple: true }) === applicationId) {
    if (found <= version) return false;
    const versions = `its tables are of version ${found}, this gluewall knows up to ${version}`;
    throw new GluewallError(
      'store-newer',
      `${file} was written by a newer gluewall (${versions}): run that one, or move the file away`,
    );
  }
  if (connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0) return true;
  throw new GluewallError(
    'store-foreign',
    `${file} is a database, but none of the query log; it is left as it is: move it away, or name another folder`,
  );
}
