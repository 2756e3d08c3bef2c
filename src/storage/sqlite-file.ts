/** Opens the file of a store: makes it, refuses what is not ours, sets aside what is damaged. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { GluewallError } from '../core/errors.ts';
import { APPLICATION_ID, MIGRATIONS, migrate, schemaVersion } from './migrations.ts';
import { isDamage, storeError, storeForeign, storeNewer, storeOpen } from './store-errors.ts';

/** How long a lock held by another is waited for: long enough for one that is going, milliseconds. */
const BUSY_TIMEOUT_MS = 300;
/** Reading every page of a larger file would keep a start waiting; its damage is found when it is read. */
const MAX_CHECKED_OCTETS = 1 << 30;
/** The journal is cut back to this once it has been larger. */
const MAX_RESTING_JOURNAL_OCTETS = 16 << 20;
const PAGE_OCTETS = 8192;
/** Pages kept in memory while they are written again and again, KiB. */
const CACHE_KIBIBYTES = 64 * 1024;
/** The journal goes into the file when it has so many pages. */
const CHECKPOINT_PAGES = 8000;
/** What every SQLite file begins with. */
const SQLITE_MAGIC = 'SQLite format 3\0';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** SQLite's own files beside the store. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

export interface OpenedFile<T> {
  readonly opened: T;
  /** Where a damaged file was moved to. */
  readonly setAside: string | undefined;
}

/**
 * Opens the store in `path` for this process alone and hands its connection to `build`; `moving` is called again and again while
 * rows of an older version are moved. Throws GluewallError
 * `store-corrupt` (where that is strict), `store-busy`, `store-foreign`, `store-newer`, `store-readonly`, `store-write` (no room to make it) or `store-open`.
 */
export function openSqliteFile<T>(
  path: string,
  build: (connection: Database) => T,
  isStrict: boolean = false,
  moving: () => void = () => {},
): OpenedFile<T> {
  let file = resolve(path);
  try {
    file = prepareFile(file);
    return openOrSetAside(file, (path) => open(path, build, moving), isStrict);
  } catch (cause) {
    throw storeError(cause, file, 'open');
  }
}

function openOrSetAside<T>(file: string, openFile: (file: string) => T, isStrict: boolean): OpenedFile<T> {
  try {
    return { opened: openFile(file), setAside: undefined };
  } catch (cause) {
    if (!isDamage(cause, 'open') || isStrict) throw cause;
    if (!mayBeStore(file)) throw storeForeign(file, 'not of SQLite');
    const setAside = moveAside(file);
    makeFile(file);
    return { opened: openFile(file), setAside };
  }
}

/** A damaged store is put aside; a file that somebody named by mistake is not to be moved. */
function mayBeStore(file: string): boolean {
  return file.endsWith('.db') || readHead(file) === SQLITE_MAGIC;
}

function readHead(file: string): string {
  const head = Buffer.alloc(SQLITE_MAGIC.length);
  const descriptor = openSync(file, 'r');
  try {
    return head.toString('latin1', 0, readSync(descriptor, head));
  } finally {
    closeSync(descriptor);
  }
}

/** Where the file really is, made when it is missing, with all that need not be asked of SQLite. */
function prepareFile(file: string): string {
  makeFolder(dirname(file));
  const entry = lstatSync(file, { throwIfNoEntry: false });
  if (entry === undefined) {
    makeFile(file);
    return file;
  }
  if (statSync(file, { throwIfNoEntry: false }) === undefined) throw storeOpen(file, 'it is a link that leads nowhere');
  // SQLite keeps its journal beside the file itself, not beside a link to it.
  const real = realpathSync(file);
  if (!statSync(real).isFile()) throw storeForeign(file, 'no regular file');
  accessSync(real, constants.W_OK);
  accessSync(dirname(real), constants.W_OK);
  return real;
}

/** With its parents. Node's own recursion never ends where a parent takes no folders, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: FOLDER_MODE });
}

function makeFile(file: string): void {
  closeSync(openSync(file, 'wx', FILE_MODE));
}

function open<T>(file: string, build: (connection: Database) => T, moving: () => void): T {
  refuseOthers(file);
  const connection = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    claim(connection, file);
    // With the lock held, nobody else can be using these.
    rmSync(`${file}-shm`, { force: true });
    for (const suffix of SUFFIXES) restrict(file + suffix);
    if (statSync(file).size <= MAX_CHECKED_OCTETS) check(connection);
    migrate(connection, MIGRATIONS, Date.now(), moving);
    tryToWrite(connection);
    return build(connection);
  } catch (cause) {
    connection.close();
    throw cause;
  }
}

/** Looks before anything is changed: a database of another program, or of a newer gluewall, is left as it is. */
function refuseOthers(file: string): void {
  const connection = new Sqlite(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    refuseForeign(connection, file);
  } catch (cause) {
    // A journal to be rolled back first, or no room for the journal's index: the connection that may write looks again.
    const isLeftToTheNext =
      cause instanceof Sqlite.SqliteError && /^SQLITE_(?:READONLY|IOERR_SHM|CANTOPEN)/.test(cause.code);
    if (!isLeftToTheNext) throw cause;
  } finally {
    connection.close();
  }
}

function refuseForeign(connection: Database, file: string): void {
  const isOurs = connection.pragma('application_id', { simple: true }) === APPLICATION_ID;
  const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (!isOurs && tables !== 0) throw storeForeign(file, 'a database of another program');
  const known = MIGRATIONS.length;
  const version = isOurs ? schemaVersion(connection) : 0;
  if (version > known) throw storeNewer(file, version, known);
}

/** Takes the file for this process alone, until the connection is closed or the process ends. */
function claim(connection: Database, file: string): void {
  connection.pragma('trusted_schema = OFF');
  connection.pragma('cell_size_check = ON');
  // Set before the journal is touched, so that its index is kept in memory and no third file is needed.
  connection.pragma('locking_mode = EXCLUSIVE');
  refuseForeign(connection, file);
  // Of a new file: larger pages suit rows in the order of their names.
  connection.pragma(`page_size = ${PAGE_OCTETS}`);
  const mode = connection.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') throw new GluewallError('store-open', `SQLite keeps its journal in mode ${mode} and not in WAL`);
  connection.exec('BEGIN EXCLUSIVE; COMMIT');
  connection.pragma('synchronous = NORMAL');
  connection.pragma(`cache_size = -${CACHE_KIBIBYTES}`);
  connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  connection.pragma(`journal_size_limit = ${MAX_RESTING_JOURNAL_OCTETS}`);
}

function check(connection: Database): void {
  const verdict = connection.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw new Sqlite.SqliteError(String(verdict), 'SQLITE_CORRUPT');
}

/** Nothing before this fails where only reading is allowed. A full disk is no reason to go without the history. */
function tryToWrite(connection: Database): void {
  try {
    connection.pragma(`application_id = ${APPLICATION_ID}`);
  } catch (cause) {
    if (!(cause instanceof Sqlite.SqliteError && cause.code === 'SQLITE_FULL')) throw cause;
  }
}

function restrict(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && (stats.mode & 0o777) !== FILE_MODE) chmodSync(file, FILE_MODE);
}

function moveAside(file: string): string {
  const stamp = new Date().toISOString().replaceAll(':', '');
  const names = Array.from({ length: 100 }, (_, index) => `${file}.corrupt-${stamp}${index === 0 ? '' : `-${index}`}`);
  const aside = names.find((name) => !existsSync(name));
  if (aside === undefined) throw storeOpen(file, 'it is damaged, and no name is free to set it aside');
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}
