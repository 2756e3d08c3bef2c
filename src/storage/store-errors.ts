import { GluewallError } from '../core/errors.ts';

/** What was being done when the store failed. */
export type StoreAction = 'open' | 'read' | 'write';

/**
 * Whether SQLite (or this code in its name) says that the file is damaged. While a store is being opened, statements
 * that do not fit its tables say so, too.
 */
export function isDamage(cause: unknown, action: StoreAction): boolean {
  const code = codeOf(cause);
  if (/^SQLITE_(?:NOTADB|CORRUPT|IOERR_SHORT_READ)/.test(code)) return true;
  return action === 'open' && code === 'SQLITE_ERROR';
}

/** The error for an operator, from what SQLite or the file system threw. */
export function storeError(cause: unknown, file: string, action: StoreAction): GluewallError {
  if (cause instanceof GluewallError) return cause;
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) return storeBusy(file, cause);
  if (isDamage(cause, action)) return storeCorrupt(file, reason, cause);
  if (/^SQLITE_READONLY|^(?:EROFS|EACCES|EPERM)$/.test(code)) return storeReadonly(file, reason, cause);
  if (action === 'open' && !/^(?:SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) return storeOpen(file, reason, cause);
  if (action === 'read') {
    const what = `the store ${file} cannot be read: ${reason} (${code})`;
    return new GluewallError('store-read', `${what}; look at the disk and the system log`, { cause });
  }
  const what = `the store ${file} cannot be written: ${reason} (${code})`;
  return new GluewallError('store-write', `${what}; make room on its disk, or look at the disk and the system log`, {
    cause,
  });
}

export function storeOpen(file: string, reason: string, cause?: unknown): GluewallError {
  const what = `the store ${file} cannot be opened: ${reason}`;
  return new GluewallError('store-open', `${what}; mend that, or name another file with store.file`, { cause });
}

export function storeForeign(file: string, what: string): GluewallError {
  const message = `${file} is ${what} and no store of gluewall; it is left as it is: name another file with store.file`;
  return new GluewallError('store-foreign', message);
}

export function storeNewer(file: string, version: number, knownVersion: number): GluewallError {
  const versions = `its tables are of version ${version}, this gluewall knows up to ${knownVersion}`;
  const remedy = 'run the newer version again, or name another file with store.file';
  return new GluewallError('store-newer', `the store ${file} was written by a newer gluewall (${versions}): ${remedy}`);
}

export function storeClosed(file: string, reason: string): GluewallError {
  return new GluewallError('store-closed', `the store ${file} is closed (${reason})`);
}

export function storeOverload(file: string, limit: number): GluewallError {
  const message = `the store ${file} has ${limit} requests waiting and takes no more: its disk is too slow; try again`;
  return new GluewallError('store-overload', message);
}

function storeBusy(file: string, cause: unknown): GluewallError {
  const remedy = 'ask that one over its control socket, stop it, or name another file with store.file';
  const message = `the store ${file} is in use by another process, most likely a running gluewall: ${remedy}`;
  return new GluewallError('store-busy', message, { cause });
}

function storeReadonly(file: string, reason: string, cause: unknown): GluewallError {
  const what = `the store ${file} or its folder cannot be written (${reason})`;
  return new GluewallError('store-readonly', `${what}: give this user the right to, or name another file`, { cause });
}

function storeCorrupt(file: string, reason: string, cause: unknown): GluewallError {
  const remedy = `stop gluewall, move ${file} and ${file}-wal away, and start it: the history then starts anew`;
  return new GluewallError('store-corrupt', `the store ${file} is damaged (${reason}): ${remedy}`, { cause });
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : 'no code';
}
