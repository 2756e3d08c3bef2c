/** What can be seen of the store from outside, without changing it or being in the way of the gluewall that has it. */
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';

/** What reading every page of a copy of the file found. */
export type StoreCheck =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damaged'; readonly problem: string }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface StoreFacts {
  readonly file: string;
  /** Undefined where there is none yet. */
  readonly sizeBytes: number | undefined;
  /** Set when the file, or the folder it is to be in, cannot be read and written by this user. */
  readonly accessProblem: string | undefined;
  /** Room on the disk for this user; undefined where the system does not say. */
  readonly freeBytes: number | undefined;
  /** The process that has locked the file: 0 where the system hides which. */
  readonly holder: number | undefined;
  readonly check: StoreCheck;
}

/** A larger file is not copied. */
const MAX_CHECKED_BYTES = 1 << 30;

/** `applicationId` marks a SQLite file as a store. Never throws: what is wrong is in the facts. */
export function readStoreFacts(path: string, applicationId: number): StoreFacts {
  const file = resolve(path);
  const found = lookAt(file);
  const shared = { file, freeBytes: freeBytesOf(nearestFolder(file)) };
  if (found === undefined || 'problem' in found) {
    const accessProblem = found?.problem ?? accessProblemOf(file, false);
    return { ...shared, sizeBytes: undefined, accessProblem, holder: undefined, check: NOT_THERE };
  }
  const holder = holderOf(found, readText('/proc/locks') ?? '');
  return {
    ...shared,
    sizeBytes: found.size,
    accessProblem: accessProblemOf(file, true),
    holder,
    check: holder === undefined ? checkCopy(file, found.size, applicationId) : IN_USE,
  };
}

function lookAt(file: string): Stats | { readonly problem: string } | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    return { problem: `${file} (${(error as NodeJS.ErrnoException).code})` };
  }
}

const NOT_THERE: StoreCheck = { kind: 'unknown', reason: 'there is no store yet' };
const IN_USE: StoreCheck = { kind: 'unknown', reason: 'it is in use; it was checked when it was opened' };

function accessProblemOf(file: string, exists: boolean): string | undefined {
  try {
    if (exists) accessSync(file, constants.R_OK | constants.W_OK);
    accessSync(exists ? dirname(realpathSync(file)) : nearestFolder(file), constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return `${path ?? file} (${code})`;
  }
}

/** The folder of the file, or where that is not there yet, the one in which it would be made. */
function nearestFolder(file: string): string {
  let folder = dirname(file);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Who holds a lock on the file, by the text of /proc/locks (proc(5)): SQLite locks a file that is in use. */
export function holderOf(
  { dev, ino }: { readonly dev: number; readonly ino: number },
  locks: string,
): number | undefined {
  for (const line of locks.split('\n')) {
    const [, processId, major, minor, inode] = /\s(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/.exec(line) ?? [];
    if (Number(inode) !== ino) continue;
    if (Number.parseInt(major!, 16) === majorOf(dev) && Number.parseInt(minor!, 16) === minorOf(dev)) {
      return Math.max(0, Number(processId));
    }
  }
  return undefined;
}

/** The device number as glibc's makedev(3) puts it together. */
function majorOf(dev: number): number {
  return Math.floor(dev / 256) % 4096;
}

function minorOf(dev: number): number {
  return (dev % 256) + Math.floor(dev / 2 ** 20) * 256;
}

/** SQLite leaves files of its own beside one it opens: a copy is opened, and the store's folder stays as it is. */
function checkCopy(file: string, sizeBytes: number, applicationId: number): StoreCheck {
  if (sizeBytes > MAX_CHECKED_BYTES) return { kind: 'unknown', reason: 'it is too large to be checked by the way' };
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'gluewall-doctor-'));
    const copy = join(folder, 'store');
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    return checkDatabase(copy, applicationId);
  } catch (error) {
    return { kind: 'unknown', reason: (error as Error).message };
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function checkDatabase(file: string, applicationId: number): StoreCheck {
  let connection: Sqlite.Database | undefined;
  try {
    connection = new Sqlite(file);
    const verdict = String(connection.pragma('quick_check(1)', { simple: true }));
    if (verdict !== 'ok') return { kind: 'damaged', problem: verdict };
    const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
    const isOurs = connection.pragma('application_id', { simple: true }) === applicationId;
    return isOurs || tables === 0 ? { kind: 'sound' } : { kind: 'foreign' };
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) return { kind: 'damaged', problem: error.message };
    throw error;
  } finally {
    connection?.close();
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
