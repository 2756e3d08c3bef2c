import Sqlite from 'better-sqlite3';

/** How long a lock of a process that is just ending is waited for, milliseconds. */
const BUSY_MS = 300;

/**
 * Locks the file `path`, which is made and stays empty, for this process: the system frees it when the process ends, however it
 * does. Returns what frees it; undefined when somebody else has it. Throws when the file cannot be had.
 */
export function lockFile(path: string): (() => void) | undefined {
  // Node has no call for the locks of files, and SQLite has; nothing is ever written to this database.
  const connection = new Sqlite(path, { timeout: BUSY_MS });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    return () => connection.close();
  } catch (error) {
    connection.close();
    if ((error as { readonly code?: unknown }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
