import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AnyLeases } from './any-leases.ts';
import type { LeaseReading } from './lease.ts';

/** A packet that comes meanwhile waits for the reading of one: well below a millisecond. */
const CHUNK_OCTETS = 8 * 1024;
export const MAX_LEASE_FILE_BYTES = 64 * 1024 * 1024;

/** What tells that a file has changed. */
export interface FileState {
  readonly inode: number;
  readonly bytes: number;
  readonly changedAtMs: number;
}

export type LeaseFileResult =
  | { readonly ok: true; readonly reading: LeaseReading; readonly state: FileState }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a lease file, a piece in each turn of the event loop. Never rejects: `problem` says why it could not be read and
 * what to do. `maxLeases`: those beyond are refused.
 */
export async function readLeaseFile(path: string, maxLeases: number): Promise<LeaseFileResult> {
  let file: FileHandle | undefined;
  try {
    // A named pipe would wait for one who writes.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await readOpened(file, maxLeases);
  } catch (cause) {
    return { ok: false, problem: `cannot be read (${(cause as NodeJS.ErrnoException).code}): ${REMEDY}` };
  } finally {
    await file?.close().catch(() => undefined);
  }
}

const REMEDY = 'see to it that the DHCP server writes there and gluewall may read it, or take it out of clients.leases';

async function readOpened(file: FileHandle, maxLeases: number): Promise<LeaseFileResult> {
  const { ino: inode, size: bytes, mtimeMs: changedAtMs, ...stat } = await file.stat();
  if ((stat.mode & constants.S_IFMT) !== constants.S_IFREG) return { ok: false, problem: `is no file: ${REMEDY}` };
  if (bytes > MAX_LEASE_FILE_BYTES) {
    return {
      ok: false,
      problem: `has ${bytes} octets, more than ${MAX_LEASE_FILE_BYTES}: let the DHCP server tidy it up`,
    };
  }
  const parser = new AnyLeases(maxLeases);
  const chunk = Buffer.allocUnsafe(CHUNK_OCTETS);
  for (let position = 0; position < MAX_LEASE_FILE_BYTES; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_OCTETS, position);
    if (bytesRead === 0) break;
    parser.push(chunk.toString('latin1', 0, bytesRead));
    position += bytesRead;
    await nextTurn();
  }
  return { ok: true, reading: parser.finish(), state: { inode, bytes, changedAtMs } };
}

/** The state of a file now; undefined when there is none. */
export function isSameFile(a: FileState | undefined, b: FileState | undefined): boolean {
  return a?.inode === b?.inode && a?.bytes === b?.bytes && a?.changedAtMs === b?.changedAtMs;
}
